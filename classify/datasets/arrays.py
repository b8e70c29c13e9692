"""Every example of a task as one row of arrays, on the network's time grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from classify import features
from classify.datasets.example import Example
from classify.labels import targets
from classify.signal.preprocessing import on_grid
from classify.tasks import Task
from ecg.files import InputError
from ecg.leads import STANDARD
from ecg.record import Record

_FACTS = ("part", "source", "patient", "id", "in_mv")


@dataclass(frozen=True, eq=False)
class Arrays:
    """Examples on one grid, all arrays [example, ...].

    `signal` is float16 [example, lead, sample] in mV (standard deviations for z-scored sources), NaN where nothing was
    recorded; `features` are unscaled with NaN, in the order of `feature_names`; `targets` [example, label] are 1, 0 or
    NaN (not assessed). `part`, `source`, `patient` and `id` say where each example belongs, `in_mv` its unit;
    `demographics` are age in years and 1 for a man, 0 for a woman, NaN where unknown.
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
    feature_names: tuple[str, ...]
    fs_hz: float

    def where(self, chosen: np.ndarray) -> Arrays:
        """The examples of a boolean mask [example], or of indices in their order."""
        rows = {field.name: getattr(self, field.name) for field in fields(self)}
        return Arrays(**{k: v[chosen] if isinstance(v, np.ndarray) else v for k, v in rows.items()})

    def of(self, part: str) -> Arrays:
        return self.where(self.part == part)

    def __len__(self) -> int:
        return len(self.signal)

    def to_dict(self) -> dict[str, np.ndarray]:
        """Arrays only, as a cache keeps them; `from_dict` gives them back."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_dict(cls, stored: dict[str, np.ndarray]) -> Arrays:
        rows = {key: value for key, value in stored.items() if key not in ("fs_hz", "feature_names")}
        return cls(**rows, fs_hz=float(stored["fs_hz"]), feature_names=tuple(stored["feature_names"].tolist()))


def from_records(pairs: Iterable[tuple[Record, Example]], task: Task, fs_hz: float) -> Arrays:
    """Arrays of recordings in memory, each with its example. Raises ValueError without any."""
    signals, measured, kept = [], [], []
    for record, example in pairs:
        signals.append(on_grid(record, fs_hz, task.leads or STANDARD, task.seconds).astype(np.float16))
        measured.append(_measure(record, example, task))
        kept.append(example)
    if not kept:
        raise InputError("none of the recordings could be read")
    return Arrays(
        signal=np.stack(signals),
        features=np.stack(measured),
        targets=np.stack([targets(example.found, task.groups) for example in kept]),
        demographics=np.array([(example.age_years, example.male) for example in kept], np.float32),
        feature_names=task.features,
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
