"""Every example of a task as one row of arrays, on the network's time grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from classify import features
from classify.datasets.example import PARTS, Example, Part
from classify.labels import targets
from classify.signal.demographics import demographics
from classify.signal.preprocessing import on_grid
from classify.tasks import Task
from ecg.files import InputError
from ecg.leads import STANDARD
from ecg.record import Record
from ecg.signal.beats import r_peaks

_SHORTEST_RR_S = 0.25  # there is room for a beat in each such stretch
_NAMES = ("feature_names", "leads")  # tuples of names, the rest are arrays
_FACTS = ("part", "source", "patient", "id", "in_mv")


@dataclass(frozen=True, eq=False)
class Arrays:
    """Examples on one grid, all arrays [example, ...].

    `signal` is float16 [example, lead, sample] in mV (standard deviations for z-scored sources), NaN where nothing was
    recorded, its rows named by `leads`; `features` are unscaled with NaN, in the order of `feature_names`; `targets`
    [example, label] are 1, 0 or NaN (not assessed). `part`, `source`, `patient` and `id` say where each example
    belongs, `in_mv` its unit; `demographics` are age in years and 1 for a man, 0 for a woman, NaN where unknown;
    `beats_s` [example, k] are the times of the R peaks from the first sample on, NaN behind the last.
    """

    signal: np.ndarray
    features: np.ndarray
    targets: np.ndarray
    part: np.ndarray
    source: np.ndarray
    patient: np.ndarray
    id: np.ndarray
    in_mv: np.ndarray
    demographics: np.ndarray
    beats_s: np.ndarray
    feature_names: tuple[str, ...]
    leads: tuple[str, ...]
    fs_hz: float

    def where(self, chosen: np.ndarray) -> Arrays:
        """The examples of a boolean mask [example], or of indices in their order."""
        rows = {field.name: getattr(self, field.name) for field in fields(self)}
        return Arrays(**{k: v[chosen] if isinstance(v, np.ndarray) else v for k, v in rows.items()})

    def of(self, part: str) -> Arrays:
        return self.where(self.part == part)

    def __len__(self) -> int:
        return len(self.signal)

    def counts(self) -> dict[Part, int]:
        """How many examples each part of the split has."""
        return {part: int((self.part == part).sum()) for part in PARTS}

    def to_dict(self) -> dict[str, np.ndarray]:
        """Arrays only, as a cache keeps them; `from_dict` gives them back."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_dict(cls, stored: dict[str, np.ndarray]) -> Arrays:
        names = {key: tuple(stored[key].tolist()) for key in _NAMES}
        return cls(**{**stored, **names, "fs_hz": float(stored["fs_hz"])})  # type: ignore[arg-type]


def from_records(pairs: Iterable[tuple[Record, Example]], task: Task, fs_hz: float) -> Arrays:
    """Arrays of recordings in memory, each with its example. Raises ValueError without any."""
    leads = task.leads or STANDARD
    signals, measured, beats_s, people, kept = [], [], [], [], []
    for record, example in pairs:
        signals.append(on_grid(record, fs_hz, leads, task.seconds).astype(np.float16))
        measured.append(_measure(record, example, task))
        beats_s.append(_padded(_beats_s(record, task), task.seconds))
        people.append(_person(record, example))
        kept.append(example)
    if not kept:
        raise InputError("none of the recordings could be read")
    return Arrays(
        signal=np.stack(signals),
        features=np.stack(measured),
        targets=np.stack([targets(example.found, task.groups) for example in kept]),
        demographics=np.stack(people),
        beats_s=np.stack(beats_s),
        feature_names=task.features,
        leads=leads,
        fs_hz=fs_hz,
        **{name: np.array([getattr(example, name) for example in kept]) for name in _FACTS},
    )


def _measure(record: Record, example: Example, task: Task) -> np.ndarray:
    if example.measured is not None:
        return np.array(example.measured, np.float32)
    row = features.measure(record, task.features)
    if not example.in_mv:
        row[[name.endswith("_mv") for name in task.features]] = np.nan  # standard deviations are no mV
    return row


def _person(record: Record, example: Example) -> np.ndarray:
    """What the collection's table says of the person, and what the recording says where that is silent."""
    stated = np.array([example.age_years, example.male], np.float32)
    return np.where(np.isnan(stated), demographics(record.meta), stated)


def _beats_s(record: Record, task: Task) -> Sequence[float]:
    """Times of the beats from the record's start on; a single beat stands in the middle of its stretch."""
    return [task.seconds / 2] if task.of_beats else (r_peaks(record) / record.fs_hz).tolist()


def _padded(times_s: Sequence[float], seconds: float) -> np.ndarray:
    """The times that lie within `seconds`, then NaN; float32 [k], as many for every example of a task."""
    out = np.full(int(seconds / _SHORTEST_RR_S) + 1, np.nan, np.float32)
    kept = [time for time in times_s if time < seconds][: len(out)]
    out[: len(kept)] = kept
    return out
