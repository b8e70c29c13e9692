"""How long the sides of a rectangle of grid are in mm: the lengths at which its lines, all together, stand out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from digitize.grid.rectify import darkest


@dataclass(frozen=True)
class SideThresholds:
    """When a length is told by its lines; set on simulated pages of all grids."""

    longest_mm: tuple[float, float] = (60.0, 600.0)  # a rectangle on an ECG page is so long
    step: float = 0.001  # from length to length (log)
    bands: int = 5  # that a rectangle is cut into, because paper bends
    ground_share: float = 1 / 60  # of the longer side: what is wider is no line
    foreshortened: float = 0.3  # a millimetre across is seen as long as one down, within this (log)
    apart: float = 0.06  # lengths that differ by less (log) are one
    floor_share: float = 0.03  # of the strongest lines: pages without any noise are no clearer than that
    count: int = 12  # of the lengths of one side that are looked at


_SIDES = SideThresholds()
_PADDED = 16  # times as long as the profile, so that the spectrum can be read between its waves
_WIDE = (2, 3, 4, 5)  # times 5 mm: lines so far apart speak for another scale
_BESIDE = (-0.4, -0.3, 0.3, 0.4)  # of a harmonic, in waves per 5 mm


@dataclass(frozen=True)
class SideLengths:
    """How long both sides may be in mm, and how far a usual grid stands out of the rectangle then."""

    across_mm: float
    down_mm: float
    strength: float

    def is_other_scale(self, other: SideLengths) -> bool:
        """Whether both sides differ: one alone is the same scale seen less well."""
        across, down = np.log(self.across_mm / other.across_mm), np.log(self.down_mm / other.down_mm)
        return bool(abs(across) > _SIDES.apart and abs(down) > _SIDES.apart)


def side_lengths(picture: np.ndarray) -> list[SideLengths]:
    """What the sides of an upright rectangle [row, col, RGB] may measure, the strongest first."""
    longest = max(picture.shape[:2])
    flat = darkest(picture).astype(np.float32)
    dark = np.maximum(cv2.GaussianBlur(flat, (0, 0), longest * _SIDES.ground_share) - flat, 0)
    dark = np.minimum(dark, max(4.0, float(np.percentile(dark, 80))))
    low, high = np.log(_SIDES.longest_mm)
    long_mm = np.exp(np.arange(low, high, _SIDES.step))
    sides = []
    for places in (dark.T, dark):
        scores = _scores(places, long_mm * len(places) / longest)
        sides.append([(int(i), float(scores[i])) for i in _summits(scores)])
    reach = _SIDES.foreshortened / _SIDES.step  # of what a tilted page does to a square
    down, across = (side / longest for side in picture.shape[:2])
    found = [
        SideLengths(across * float(long_mm[i]), down * float(long_mm[j]), min(one, other) * _squareness(i - j))
        for i, one in sides[0]
        for j, other in sides[1]
        if abs(i - j) <= reach
    ]
    return sorted(found, key=lambda lengths: -lengths.strength)


def _squareness(steps: int) -> float:
    """How little it takes to see a square so: 1 for one as wide as high."""
    return float(np.exp(-((steps * _SIDES.step / _SIDES.foreshortened) ** 2)))


def _scores(dark: np.ndarray, lengths_mm: np.ndarray) -> np.ndarray:
    """How far lines 5 mm and 1 mm apart stand out along the places [place, other], for every length in mm.

    Lines 1 mm apart count where they are more than a harmonic of those 5 mm apart: lines of one kind alone may be
    either, and neither is to look stronger.
    """
    bands = [band.mean(1) for band in np.array_split(dark, _SIDES.bands, axis=1)]
    count = len(dark)
    windowed = np.array([(band - band.mean()) * np.hanning(count) for band in bands])
    spectrum = np.abs(np.fft.rfft(windowed, _PADDED * count)).mean(0)

    def amplitude(waves: float) -> np.ndarray:
        return np.interp(waves * lengths_mm / 5.0 * _PADDED, np.arange(len(spectrum)), spectrum, right=0.0)

    beside = np.mean([amplitude(waves + d) for waves in range(1, 6) for d in _BESIDE], axis=0)
    wide = np.max([amplitude(1 / multiple) for multiple in _WIDE], axis=0)
    fine = amplitude(5) - np.maximum(amplitude(4), amplitude(6))
    floor = _SIDES.floor_share * float(np.max(amplitude(1))) + 1e-9
    score: np.ndarray = (amplitude(1) + np.maximum(fine, 0) - wide) / (beside + floor)
    return score


def _summits(scores: np.ndarray) -> np.ndarray:
    """The places of the highest scores, apart from each other."""
    reach = round(_SIDES.apart / _SIDES.step)
    is_summit = (scores == ndimage.maximum_filter1d(scores, 2 * reach + 1)) & (scores > 0)
    places = np.flatnonzero(is_summit)
    return places[np.argsort(-scores[places])][: _SIDES.count]
