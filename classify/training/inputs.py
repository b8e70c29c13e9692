"""What a network is shown: examples masked and varied anew in each epoch, or as a page of one layout shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from classify import features
from classify.datasets.arrays import Arrays
from classify.nets.predict import Inputs
from classify.signal import page_mask
from classify.signal.augmentation import PREPARED, RECORDED, Retiming, augment, misread_gain, random_crop
from classify.signal.channels import stack_channels
from classify.signal.preprocessing import prepare
from classify.signal.settings import DataSettings
from ecg.fit.seeds import rng_for

_FILTERED_TOGETHER = 256  # recordings in one call of the filter


class TrainingSet:
    """Map-style: item (epoch, index) is always the same; masks and small variations are drawn anew each epoch.

    Beside what a network is shown ("signal", "features", "demographics") and its "target", an item says for losses and
    networks that use it: "beats", where in the signal the R peaks lie (in samples, NaN behind the last), "patient", a
    number for each, and "age" and "sex" as the demographics have them.
    """

    def __init__(self, arrays: Arrays, seed: int, settings: DataSettings) -> None:
        self.arrays, self.seed, self.settings, self.epoch = arrays, seed, settings, 0
        self.patients = patient_numbers(arrays)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        rng, fs_hz, settings = rng_for(self.seed, self.epoch, index), self.arrays.fs_hz, self.settings
        signal, measured = self.arrays.signal[index].astype(np.float32), self.arrays.features[index]
        beats, leads = self.arrays.beats_s[index] * np.float32(fs_hz), self.arrays.leads
        if settings.vary:
            moved = Retiming.draw(rng)
            beats = moved.of_places(beats, signal.shape[1])
            signal = augment(moved.of_signal(signal), rng, fs_hz, RECORDED)
        if settings.page_masks:
            signal = np.where(page_mask.draw_mask(rng, fs_hz, signal.shape[1], leads), signal, np.nan)
            measured = _without_hidden(measured, np.isfinite(signal), leads)
        if settings.crop_s:
            signal, first = random_crop(signal, rng, round(settings.crop_s * fs_hz))
            beats = beats - first
        z, seen, spread = prepare(signal, fs_hz, settings.preparation)
        spread_mv = spread if self.arrays.in_mv[index] else None
        if settings.vary:
            z = (augment(z, rng, fs_hz, PREPARED) * seen).astype(np.float32)
            spread_mv = misread_gain(spread_mv, rng)
        return {
            "signal": stack_channels(z, seen, spread_mv, settings),
            "features": features.for_network(measured, self.arrays.feature_names),
            "target": self.arrays.targets[index],
            **_person(self.arrays.demographics[index], self.patients[index]),
            "beats": _within(beats, signal.shape[1]),
        }


class FixedTrainingSet:
    """The training examples of settings that vary and mask nothing: the same in every epoch, prepared once."""

    def __init__(self, arrays: Arrays, settings: DataSettings) -> None:
        self.inputs, shown = part_inputs(arrays, "train", settings), arrays.of("train")
        self.targets, self.patients = shown.targets, patient_numbers(shown)
        self.beats = _within(shown.beats_s * np.float32(arrays.fs_hz), arrays.signal.shape[2])

    def set_epoch(self, epoch: int) -> None:
        pass

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        signal, measured, demographics = (part[index] for part in self.inputs)
        return {
            "signal": signal,
            "features": measured,
            "target": self.targets[index],
            **_person(demographics, self.patients[index]),
            "beats": self.beats[index],
        }


def plain_training_set(arrays: Arrays, seed: int, settings: DataSettings) -> TrainingSet | FixedTrainingSet:
    """Every training example once in an epoch, varied where the settings say so."""
    if settings.varied:
        return TrainingSet(arrays.of("train"), seed, settings)
    return FixedTrainingSet(arrays, settings)


def patient_numbers(arrays: Arrays) -> np.ndarray:
    """A number for every patient, int64 [example]."""
    return np.unique(arrays.patient, return_inverse=True)[1].astype(np.int64)


def _person(demographics: np.ndarray, number: np.ndarray) -> dict[str, np.ndarray]:
    return {"demographics": demographics, "age": demographics[0], "sex": demographics[1], "patient": number}


def _within(beats: np.ndarray, samples: int) -> np.ndarray:
    """The places in order; NaN, and last, those outside of the signal."""
    return np.sort(np.where((beats >= 0) & (beats < samples), beats, np.nan), axis=-1).astype(np.float32)


def fixed_inputs(arrays: Arrays, layout: str, settings: DataSettings) -> Inputs:
    """What a network is shown of recordings as a page of one layout prints them; "full" prints all of every lead."""
    printed = _printed(arrays, layout)
    inputs: list[np.ndarray] = []
    for first in range(0, len(arrays), _FILTERED_TOGETHER):
        inputs += _prepared_together(arrays, slice(first, first + _FILTERED_TOGETHER), printed, settings)
    stacked = np.stack(inputs)
    if settings.from_usual:
        _subtract_median_example(stacked[:, : arrays.signal.shape[1]], arrays.patient)
    measured = arrays.features
    if not printed.all():
        measured = np.stack([_without_hidden(row, printed, arrays.leads) for row in arrays.features])
    return Inputs(stacked, features.for_network(measured, arrays.feature_names), arrays.demographics)


@lru_cache(maxsize=3)
def part_inputs(arrays: Arrays, part: str, settings: DataSettings) -> Inputs:
    """The fixed inputs of one part of the split, whole; kept for the next network that asks."""
    return fixed_inputs(arrays.of(part), "full", settings)


def _without_hidden(measured: np.ndarray, seen: np.ndarray, leads: Sequence[str]) -> np.ndarray:
    """Features as a masked page gives them: nothing of lead II when it is hidden, no RR spread without a long lead."""
    out = measured.copy()
    if "II" not in leads or not seen[leads.index("II")].any():
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
    return page_mask.printed(layout, rhythm, arrays.fs_hz, arrays.signal.shape[2], arrays.leads)
