"""Labelled recordings without any data: the simulator's hearts, with their conditions in the task's labels."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from classify.datasets.example import Example, Part
from ecg.record import Record
from simulate.heart import synthetic_record

_SUPERCLASS = {
    "MI": ("IMI", "AMI", "LMI"),
    "CD": ("CRBBB", "IRBBB", "CLBBB", "LAFB", "LPFB", "WPW"),
    "HYP": ("LVH", "RVH", "LAE", "RAE"),
}
_ABNORMAL_RHYTHM = {"1AVB": "CD", "2AVB_I": "CD", "2AVB_II": "CD", "3AVB": "CD", "PACE": "CD", "VT": "CD"}
_PARTS: tuple[Part, ...] = ("train", "train", "train", "validation", "test")


def simulated(count: int, seed: int) -> Iterator[tuple[Record, Example]]:
    """Simulated recordings with their labels, one after the other, three fifths of them for training."""
    for k in tqdm(range(count), desc="simulating records", file=sys.stderr, disable=not sys.stderr.isatty()):
        record = synthetic_record(seed * 1_000_003 + k)
        yield record, _example(record, k)


def _example(record: Record, number: int) -> Example:
    rhythm, conditions = record.meta["rhythm"], record.meta["conditions"]
    found = {"superclass": superclasses(rhythm, conditions), "rhythm": frozenset([rhythm])}
    return Example(Path(f"simulated-{number}"), "simulated", str(number), _PARTS[number % len(_PARTS)], found)


def superclasses(rhythm: str, conditions: Sequence[str]) -> frozenset[str]:
    """The superclasses of a simulated heart; a repolarisation change that is none of the others is STTC."""
    names = {_condition_class(condition) for condition in conditions}
    if rhythm in _ABNORMAL_RHYTHM:
        names.add(_ABNORMAL_RHYTHM[rhythm])
    return frozenset(names or {"NORM"})


def _condition_class(condition: str) -> str:
    return next((name for name, members in _SUPERCLASS.items() if condition in members), "STTC")
