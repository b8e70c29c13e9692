"""Which examples train, validate and test: the rules, their check, and the split as a CSV."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

import numpy as np

from classify.datasets.csv_table import rows
from classify.datasets.example import Example, Part
from ecg.files import InputError
from ecg.fit.split_file import COLUMNS


def by_fold(fold: int, validation: int = 9, test: int = 10) -> Part:
    """Ten folds: all but two for training."""
    return "test" if fold == test else "validation" if fold == validation else "train"


def by_patient(found: Iterable[Example], test: float = 0.15, validation: float = 0.15, seed: int = 0) -> list[Example]:
    """Whole patients, shuffled: a share for testing, then a share of the rest for validation."""
    kept = list(found)
    patients = sorted({example.patient for example in kept})
    shuffled = np.random.default_rng(seed).permutation(patients).tolist()
    tests = round(test * len(shuffled))
    validations = tests + round(validation * (len(shuffled) - tests))
    part: dict[str, Part] = dict.fromkeys(shuffled, "train")
    part |= dict.fromkeys(shuffled[tests:validations], "validation") | dict.fromkeys(shuffled[:tests], "test")
    return [replace(example, part=part[example.patient]) for example in kept]


def by_class(
    found: Iterable[Example], group: str, shares: Mapping[Part, float], seed: int = 0, patients: bool = True
) -> list[Example]:
    """Shares of every class of a group, the rarest first; the first part named has at least one of each.

    With `patients` all examples of a patient stay together; without, each example goes its own way.
    """
    kept = sorted(found, key=lambda example: example.id)
    unit = (lambda example: example.patient) if patients else (lambda example: example.id)
    labels: dict[str, set[str]] = defaultdict(set)
    for example in kept:
        labels[unit(example)] |= example.found.get(group) or {""}
    part = _share_out(labels, shares, np.random.default_rng(seed))
    return [replace(example, part=part[unit(example)]) for example in kept]


def _share_out(
    labels: Mapping[str, set[str]], shares: Mapping[Part, float], rng: np.random.Generator
) -> dict[str, Part]:
    count = Counter(name for each in labels.values() for name in each)
    members: dict[str, list[str]] = defaultdict(list)
    for one, its in labels.items():
        members[min(its, key=lambda name: (count[name], name))].append(one)
    part: dict[str, Part] = {}
    for name in sorted(members, key=lambda name: (count[name], name)):
        order = rng.permutation(members[name]).tolist()
        edges = np.round(np.cumsum([0.0, *shares.values()]) / sum(shares.values()) * len(order)).astype(int)
        edges[1:] = np.maximum(edges[1:], 1)
        for chosen, first, last in zip(shares, edges[:-1], edges[1:], strict=True):
            part |= dict.fromkeys(order[first:last], chosen)
    return part


def check(found: Sequence[Example], groups: Sequence[str], patients: bool = True) -> None:
    """Refuse a patient in two parts (unless examples were split freely) and a part whose examples are all alike."""
    parts: dict[str, set[Part]] = defaultdict(set)
    for example in found:
        if example.part != "unused":
            parts[example.patient].add(example.part)
    torn = sorted(patient for patient, its in parts.items() if len(its) > 1)
    if patients and torn:
        where = ", ".join(sorted(parts[torn[0]]))
        raise InputError(f"patient {torn[0]} is in two parts of the split ({where}); {len(torn)} such patients")
    for part in sorted({example.part for example in found} - {"unused"}):
        _refuse_one_class([example for example in found if example.part == part], part, groups)


def _refuse_one_class(found: Sequence[Example], part: Part, groups: Sequence[str]) -> None:
    kinds = {(group, example.found.get(group)) for example in found for group in groups}
    known = {(group, names) for group, names in kinds if names is not None}
    if len({names for _, names in known}) < 2:
        only = ", ".join(sorted(next(iter(known))[1] or ())) if known else "nothing"
        raise InputError(
            f"the {part} part holds one class only ({only}) in {len(found)} examples; expected at least two"
        )


def apply(found: Sequence[Example], path: Path) -> list[Example]:
    """The examples with the parts that such a table gives them; one that it does not name is unused."""
    part: dict[str, Part] = {}
    for row in rows(path, COLUMNS):
        if row["part"] not in get_args(Part):
            raise InputError(f"{path}: {row['id']}: part {row['part']!r}; expected one of {', '.join(get_args(Part))}")
        if part.setdefault(row["id"], cast(Part, row["part"])) != row["part"]:
            raise InputError(f"{path}: {row['id']} is in two parts of the split")
    unknown = sorted(set(part) - {example.id for example in found})
    if unknown:
        raise InputError(f"{path}: {unknown[0]} is no example of this task ({len(unknown)} such ids)")
    return [replace(example, part=part.get(example.id, "unused")) for example in found]
