"""What makes a peak of QRS energy a heart beat: its size, and that it looks like the beats around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

_HALF_S = 0.05
_GROUP = 15  # beats that share one usual shape
_FEW = 3  # beats that tell how the others look
_AROUND = 61  # beats over which contrast and likeness are judged: a noisy minute of a heart is no noise


@dataclass(frozen=True)
class BeatLimits:
    """What a beat must have; set on white noise (60 draws of 1, 2 and 12 leads) and on MIT-BIH, PTB-XL, CinC, LUDB."""

    least_mv: float = 0.06  # from peak to peak at 3-30 Hz in some lead: 5 uV of white noise reach 0.02, an ECG 0.18
    least_share: float = 0.15  # of the size of the taller beats of the recording; a P wave has less
    small_share: float = 0.35  # with less a peak may be a P wave, and must look like the taller beats around it:
    small_likeness: float = 0.92  # beats as small on MIT-BIH have 0.96 and more, P waves (drawn) 0.88
    least_contrast: float = 3.2  # of the QRS energy at beats over that between, mean of the leads; noise reaches 2.5
    least_likeness: float = 0.88  # where the contrast is less: of the beats to their usual shape; noise reaches 0.85
    soon_likeness: float = 0.85  # of a beat that comes before the refractory time of usual hearts is over
    soon_share: float = 0.75  # of its neighbours' height


LIMITS = BeatLimits()


@dataclass(frozen=True, eq=False)
class BeatShapes:
    """The beats of a recording cut out of its signal at 3-30 Hz, [beat, lead, sample]; 0 where nothing is."""

    cut: np.ndarray

    @classmethod
    def around(cls, shaped: np.ndarray, at: np.ndarray, fs_hz: float) -> BeatShapes:
        """Of the filtered signal [lead, sample] around the samples `at`."""
        half = max(1, round(_HALF_S * fs_hz))
        padded = np.pad(shaped, ((0, 0), (half, half)))
        return cls(np.moveaxis(padded[:, at[:, None] + np.arange(2 * half + 1)], 0, 1))

    @property
    def size(self) -> np.ndarray:
        """From peak to peak, [beat, lead]."""
        return np.ptp(self.cut, axis=2)

    def usual(self) -> np.ndarray:
        """The median shape of every group of neighbouring beats, [group, lead, sample]."""
        starts = np.arange(0, max(1, len(self.cut) - _GROUP // 2), _GROUP)
        return np.stack([np.median(self.cut[a : a + 2 * _GROUP if a == starts[-1] else a + _GROUP], 0) for a in starts])

    def likeness(self, usual: np.ndarray, group: np.ndarray) -> np.ndarray:
        """Correlation of each beat with the usual shape of its group, [beat, lead]; 0 in a lead that is not there."""
        own = usual[group]
        product = (self.cut * own).sum(2)
        return product / np.maximum(np.sqrt((self.cut**2).sum(2) * (own**2).sum(2)), 1e-300)


def groups(count: int, shapes: int) -> np.ndarray:
    """The group of every beat when `count` beats have `shapes` usual shapes."""
    return np.minimum(np.arange(count) // _GROUP, shapes - 1)


def are_beats(shapes: BeatShapes, contrast: np.ndarray, in_mv: bool) -> np.ndarray:
    """Which beats are a heart's and not noise, a pause or a flat line, bool [beat].

    `contrast` [beat] is how far the beats around stand above the rest. Without a unit only the sizes are compared.
    """
    size = shapes.size
    if not len(size):
        return np.zeros(0, bool)
    tall = np.percentile(size, 80, axis=0)
    there = size > 0
    share = (size * there).sum(1) / np.maximum((tall * there).sum(1), 1e-300)
    usual = shapes.usual()
    alike = shapes.likeness(usual, groups(len(size), len(usual))).max(1)
    alike, contrast = _around(alike), _around(contrast)
    is_beat = (share >= LIMITS.least_share) & ((contrast >= LIMITS.least_contrast) | (alike >= LIMITS.least_likeness))
    is_beat &= ~_are_other_waves(shapes, share)
    return is_beat & (size.max(1) >= LIMITS.least_mv) if in_mv else is_beat


def _are_other_waves(shapes: BeatShapes, share: np.ndarray) -> np.ndarray:
    """Which small peaks look otherwise than the taller beats around them (P waves in a pause), bool [beat]."""
    is_small, other = share < LIMITS.small_share, np.zeros(len(share), bool)
    for index in np.flatnonzero(is_small):
        around = slice(max(0, index - _AROUND // 2), index + _AROUND // 2 + 1)
        tall = shapes.cut[around][~is_small[around]]
        if len(tall) >= _FEW:
            likeness = BeatShapes(shapes.cut[[index]]).likeness(np.median(tall, 0)[None], np.zeros(1, int))
            other[index] = likeness.max() < LIMITS.small_likeness
    return other


def _around(values: np.ndarray) -> np.ndarray:
    """The median over the beats around each; over all of a short recording."""
    if len(values) <= _AROUND:
        return np.full(len(values), np.median(values))
    return ndimage.median_filter(values, _AROUND, mode="reflect")


def with_soon_beats(
    beats: np.ndarray,
    candidates: np.ndarray,
    energy: np.ndarray,
    shapes: Callable[[np.ndarray], BeatShapes],
    apart: int,
) -> np.ndarray:
    """The beats, and the candidates between them, `apart` samples from any other, that are as tall and look the same.

    They are the beats of a very fast heart; a T wave is rounder, the second half of a wide QRS of another shape.
    """
    candidates = np.setdiff1d(candidates, beats)
    if beats.size < 3 or not candidates.size:
        return beats
    after = np.searchsorted(beats, candidates)
    usual = shapes(beats).usual()
    nearest = np.minimum(after, beats.size - 1)
    alike = shapes(candidates).likeness(usual, groups(beats.size, len(usual))[nearest])
    heights = np.minimum(energy[beats[np.maximum(after - 1, 0)]], energy[beats[nearest]])
    fits = (alike.max(1) >= LIMITS.soon_likeness) & (energy[candidates] >= LIMITS.soon_share * heights)
    found = np.zeros(0, int)
    both = np.concatenate([beats, candidates[fits]])
    for one in both[np.argsort(-energy[both], kind="stable")]:  # the taller of two that are too near
        if not found.size or np.abs(found - one).min() >= apart:
            found = np.append(found, one)
    return np.sort(found)
