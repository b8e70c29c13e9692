"""What a network is shown: examples masked and varied anew in each epoch, or as a page of one layout shows them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from classify import features
from classify.datasets.arrays import Arrays
from classify.recipe import DataSettings
from classify.signal import page_mask as pagelike
from classify.signal.augmentation import PREPARED, RECORDED, augment, misread_gain, random_crop
from classify.signal.preprocessing import prepare
from ecg.leads import STANDARD

_USUAL_SPREAD_MV = 0.15
_TOGETHER = 256  # recordings in one call of the filter


class TrainingSet:
    """Map-style: item (epoch, index) is always the same; masks and small variations are drawn anew each epoch."""

    def __init__(self, arrays: Arrays, seed: int, settings: DataSettings) -> None:
        self.arrays, self.seed, self.settings, self.epoch = arrays, seed, settings, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        from ecg.fit.seeds import rng_for

        rng, fs_hz, how = rng_for(self.seed, self.epoch, index), self.arrays.fs_hz, self.settings
        signal, measured = self.arrays.signal[index].astype(np.float32), self.arrays.features[index]
        if how.vary:
            signal = augment(signal, rng, fs_hz, RECORDED)
        if how.page_masks:
            signal = np.where(pagelike.draw_mask(rng, fs_hz, signal.shape[1]), signal, np.nan)
            measured = _short_of_evidence(measured, np.isfinite(signal))
        if how.crop_s:
            signal = random_crop(signal, rng, round(how.crop_s * fs_hz))
        z, seen, spread = prepare(signal, fs_hz, how.preparation)
        spread_mv = spread if self.arrays.in_mv[index] else None
        if how.vary:
            z = (augment(z, rng, fs_hz, PREPARED) * seen).astype(np.float32)
            spread_mv = misread_gain(spread_mv, rng)
        scaled = features.for_network(measured, self.arrays.feature_names)
        inputs = stack_channels(z, seen, spread_mv, how)
        return {"signal": inputs, "features": scaled, "target": self.arrays.targets[index]}


def _short_of_evidence(measured: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Features as a masked page gives them: nothing of lead II when it is hidden, no RR spread without a long lead."""
    out = measured.copy()
    if not seen[STANDARD.index("II")].any():
        out[:4] = np.nan
    if seen.mean(1).max() < 0.5:
        out[5:] = np.nan
    return out


def stack_channels(z: np.ndarray, seen: np.ndarray, spread_mv: np.ndarray | None, settings: DataSettings) -> np.ndarray:
    """The network's input [channel, sample]: the leads, then per lead what the settings ask for.

    Mask channels are 1 where the lead is printed. Amplitude channels hold log2(spread / 0.15 mV) there, so that voltage
    survives the z-score; they are 0, the usual value, where the unit is not known (`spread_mv` None).
    """
    parts = [z]
    if settings.mask_channels:
        parts.append(seen.astype(np.float32))
    if settings.amplitude_channels:
        known = np.zeros(len(z), np.float32) if spread_mv is None else spread_mv
        level = np.where(known > 0, np.log2(np.maximum(known, 1e-6) / _USUAL_SPREAD_MV), 0.0)
        parts.append((np.clip(level, -3, 3)[:, None] * seen).astype(np.float32))
    return np.concatenate(parts)


def fixed_inputs(arrays: Arrays, layout: str, settings: DataSettings) -> tuple[np.ndarray, np.ndarray]:
    """(signal [example, channel, sample], features [example, k]) as a page of one layout would show the recordings."""
    shown = _shown(arrays, layout)
    inputs: list[np.ndarray] = []
    for first in range(0, len(arrays), _TOGETHER):
        inputs += _prepared_together(arrays, slice(first, first + _TOGETHER), shown, settings)
    stacked = np.stack(inputs)
    if settings.from_usual:
        _take_usual(stacked[:, : arrays.signal.shape[1]], arrays.patient)
    measured = arrays.features if shown.all() else np.stack([_short_of_evidence(row, shown) for row in arrays.features])
    return stacked, features.for_network(measured, arrays.feature_names)


def _take_usual(signal: np.ndarray, patient: np.ndarray) -> None:
    """Take the median example of every patient from its examples [example, lead, sample], in place."""
    for whose in np.unique(patient):
        mine = patient == whose
        signal[mine] -= np.median(signal[mine], axis=0)


@lru_cache(maxsize=3)
def part_inputs(arrays: Arrays, part: str, settings: DataSettings) -> tuple[np.ndarray, np.ndarray]:
    """The fixed inputs of one part of the split, whole; kept for the next network that asks."""
    return fixed_inputs(arrays.of(part), "full", settings)


class Unvaried:
    """The training examples of settings that vary and mask nothing: the same in every epoch, prepared once."""

    def __init__(self, arrays: Arrays, settings: DataSettings) -> None:
        self.signal, self.features = part_inputs(arrays, "train", settings)
        self.targets = arrays.of("train").targets

    def set_epoch(self, epoch: int) -> None:
        pass

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        return {"signal": self.signal[index], "features": self.features[index], "target": self.targets[index]}


def _prepared_together(arrays: Arrays, rows: slice, shown: np.ndarray, settings: DataSettings) -> Iterator[np.ndarray]:
    """The inputs of some recordings; each lead is prepared by itself, so all can go through the filter at once."""
    signal = np.where(shown, arrays.signal[rows].astype(np.float32), np.nan)
    count, leads, samples = signal.shape
    z, seen, spread = prepare(signal.reshape(count * leads, samples), arrays.fs_hz, settings.preparation)
    own = (x.reshape(count, leads, *x.shape[1:]) for x in (z, seen, spread))
    for one, visible, level, in_mv in zip(*own, arrays.in_mv[rows], strict=True):
        yield stack_channels(one, visible, level if in_mv else None, settings)


def _shown(arrays: Arrays, layout: str) -> np.ndarray:
    if layout == "full":
        return np.ones(arrays.signal.shape[1:], bool)
    return pagelike.printed(layout, ("II",) if layout.endswith("+1") else (), arrays.fs_hz, arrays.signal.shape[2])
