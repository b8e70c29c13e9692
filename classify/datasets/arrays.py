"""Every example of a task as one row of arrays, on the network's time grid."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classify import features
from classify.labels import targets
from classify.signal.preprocessing import on_grid
from ecg.formats import atomic_path
from ecg.leads import STANDARD
from ecg.record import Record

if TYPE_CHECKING:
    from classify.tasks import Example, Task

_CACHE_VERSION = 5
_FACTS = ("part", "source", "patient", "id", "in_mv")


@dataclass(frozen=True, eq=False)
class Arrays:
    """Examples on one grid, all arrays [example, ...].

    `signal` is float16 [example, lead, sample] in mV (standard deviations for z-scored sources), NaN where nothing was
    recorded; `features` are unscaled with NaN, in the order of `feature_names`; `targets` [example, label] are 1, 0 or
    NaN (not assessed). `part`, `source`, `patient` and `id` tell where each example belongs, `in_mv` its unit;
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


def collect(task: Task, found: Sequence[Example], fs_hz: float, cache: Path) -> Arrays:
    """Read every example (or the cache of an earlier run); one that cannot be read is listed and left out."""
    path = cache / f"arrays_{_key(task, found, fs_hz)}.npz"
    if path.is_file():
        kept = dict(np.load(path).items())
        return Arrays(**{**kept, "fs_hz": float(kept["fs_hz"]), "feature_names": tuple(kept["feature_names"].tolist())})
    arrays = from_records(_readable(found), task, fs_hz)
    with atomic_path(path) as temporary:
        np.savez(temporary, **vars(arrays))
    return arrays


def _key(task: Task, found: Iterable[Example], fs_hz: float) -> str:
    said = [(str(e.path), e.id, e.part, [sorted(e.found.get(group) or ()) for group in task.groups]) for e in found]
    whole = (_CACHE_VERSION, task.name, task.groups, task.leads, task.seconds, task.features, fs_hz, said)
    return hashlib.sha256(repr(whole).encode()).hexdigest()[:16]


def from_records(pairs: Iterable[tuple[Record, Example]], task: Task, fs_hz: float) -> Arrays:
    """Arrays of recordings in memory, each with what is known of it."""
    signals, measured, kept = [], [], []
    for record, example in pairs:
        signals.append(on_grid(record, fs_hz, task.leads or STANDARD, task.seconds).astype(np.float16))
        measured.append(_measure(record, example, task))
        kept.append(example)
    if not kept:
        raise ValueError("none of the recordings could be read")
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
    row: np.ndarray = features.measure(record, task.features)
    if not example.in_mv:
        row[[name.endswith("_mv") for name in task.features]] = np.nan  # standard deviations are no mV
    return row


def _readable(found: Sequence[Example]) -> Iterator[tuple[Record, Example]]:
    from tqdm import tqdm

    from classify.datasets.load import load_example

    for example in tqdm(found, desc="reading records", file=sys.stderr, disable=not sys.stderr.isatty()):
        try:
            yield load_example(example), example
        except (OSError, ValueError) as error:
            print(f"{example.path}: left out: {error}", file=sys.stderr)
