"""What a network is shown: examples masked and varied anew in each epoch, or as a page of one layout shows them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from classify import features
from classify.datasets.arrays import Arrays
from classify.signal import page_mask
from classify.signal.augmentation import PREPARED, RECORDED, augment, misread_gain, random_crop
from classify.signal.channels import stack_channels
from classify.signal.preprocessing import prepare
from classify.signal.settings import DataSettings
from ecg.fit.seeds import rng_for
from ecg.leads import STANDARD

_FILTERED_TOGETHER = 256  # recordings in one call of the filter


class TrainingSet:
    """Map-style: item (epoch, index) is always the same; masks and small variations are drawn anew each epoch."""

    def __init__(self, arrays: Arrays, seed: int, settings: DataSettings) -> None:
        self.arrays, self.seed, self.settings, self.epoch = arrays, seed, settings, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        rng, fs_hz, settings = rng_for(self.seed, self.epoch, index), self.arrays.fs_hz, self.settings
        signal, measured = self.arrays.signal[index].astype(np.float32), self.arrays.features[index]
        if settings.vary:
            signal = augment(signal, rng, fs_hz, RECORDED)
        if settings.page_masks:
            signal = np.where(page_mask.draw_mask(rng, fs_hz, signal.shape[1]), signal, np.nan)
            measured = _without_hidden(measured, np.isfinite(signal))
        if settings.crop_s:
            signal = random_crop(signal, rng, round(settings.crop_s * fs_hz))
        z, seen, spread = prepare(signal, fs_hz, settings.preparation)
        spread_mv = spread if self.arrays.in_mv[index] else None
        if settings.vary:
            z = (augment(z, rng, fs_hz, PREPARED) * seen).astype(np.float32)
            spread_mv = misread_gain(spread_mv, rng)
        scaled = features.for_network(measured, self.arrays.feature_names)
        inputs = stack_channels(z, seen, spread_mv, settings)
        return {"signal": inputs, "features": scaled, "target": self.arrays.targets[index]}


class FixedTrainingSet:
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


def fixed_inputs(arrays: Arrays, layout: str, settings: DataSettings) -> tuple[np.ndarray, np.ndarray]:
    """(signal [example, channel, sample], features [example, k]) as a page of one layout would show the recordings.

    "full" shows all of every lead.
    """
    printed = _printed(arrays, layout)
    inputs: list[np.ndarray] = []
    for first in range(0, len(arrays), _FILTERED_TOGETHER):
        inputs += _prepared_together(arrays, slice(first, first + _FILTERED_TOGETHER), printed, settings)
    stacked = np.stack(inputs)
    if settings.from_usual:
        _subtract_median_example(stacked[:, : arrays.signal.shape[1]], arrays.patient)
    measured = arrays.features
    if not printed.all():
        measured = np.stack([_without_hidden(row, printed) for row in arrays.features])
    return stacked, features.for_network(measured, arrays.feature_names)


@lru_cache(maxsize=3)
def part_inputs(arrays: Arrays, part: str, settings: DataSettings) -> tuple[np.ndarray, np.ndarray]:
    """The fixed inputs of one part of the split, whole; kept for the next network that asks."""
    return fixed_inputs(arrays.of(part), "full", settings)


def _without_hidden(measured: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Features as a masked page gives them: nothing of lead II when it is hidden, no RR spread without a long lead."""
    out = measured.copy()
    if not seen[STANDARD.index("II")].any():
        out[:4] = np.nan
    if seen.mean(1).max() < 0.5:
        out[5:] = np.nan
    return out


def _subtract_median_example(signal: np.ndarray, patient: np.ndarray) -> None:
    """Take the median example of every patient from its examples [example, lead, sample], in place."""
    for one in np.unique(patient):
        rows = patient == one
        signal[rows] -= np.median(signal[rows], axis=0)


def _prepared_together(
    arrays: Arrays, rows: slice, printed: np.ndarray, settings: DataSettings
) -> Iterator[np.ndarray]:
    """The inputs of some recordings; each lead is prepared by itself, so all can go through the filter at once."""
    signal = np.where(printed, arrays.signal[rows].astype(np.float32), np.nan)
    count, leads, samples = signal.shape
    z, seen, spread = prepare(signal.reshape(count * leads, samples), arrays.fs_hz, settings.preparation)
    by_example = (x.reshape(count, leads, *x.shape[1:]) for x in (z, seen, spread))
    for one_z, one_seen, one_spread, in_mv in zip(*by_example, arrays.in_mv[rows], strict=True):
        yield stack_channels(one_z, one_seen, one_spread if in_mv else None, settings)


def _printed(arrays: Arrays, layout: str) -> np.ndarray:
    """Where a page of this layout prints, bool [lead, sample]."""
    if layout == "full":
        return np.ones(arrays.signal.shape[1:], bool)
    rhythm = ("II",) if layout.endswith("+1") else ()
    return page_mask.printed(layout, rhythm, arrays.fs_hz, arrays.signal.shape[2])
