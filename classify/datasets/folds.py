"""Ten stratified folds, kept as a file, and a split that is stratified within each sex."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from classify.datasets.csv_table import rows
from classify.datasets.example import Example, Part
from classify.datasets.split import by_class, by_fold
from ecg.files import InputError, write_text

FILE = "folds.csv"
_COLUMNS = ("id", "patient", "fold")
FOLDS = 10


def ten_folds(found: Iterable[Example], group: str, seed: int = 0) -> dict[str, int]:
    """A fold from 1 to 10 for every id, whole patients, each class of the group dealt out evenly, the rarest first."""
    labels: dict[str, set[str]] = defaultdict(set)
    ids: dict[str, list[str]] = defaultdict(list)
    for example in sorted(found, key=lambda example: example.id):
        labels[example.patient] |= example.found.get(group) or {""}
        ids[example.patient].append(example.id)
    fold_of = _dealt(labels, np.random.default_rng(seed))
    return {one: fold_of[patient] for patient, own in ids.items() for one in own}


def _dealt(labels: Mapping[str, set[str]], rng: np.random.Generator) -> dict[str, int]:
    """Each patient goes to the fold that has fewest of its rarest class, of those the one with fewest patients."""
    count = Counter(name for its in labels.values() for name in its)
    rarest = {patient: min(its, key=lambda name: (count[name], name)) for patient, its in labels.items()}
    order = rng.permutation(sorted(labels)).tolist()
    order.sort(key=lambda patient: count[rarest[patient]])
    held: dict[str, list[int]] = defaultdict(lambda: [0] * FOLDS)
    sizes, fold_of = [0] * FOLDS, {}
    for patient in order:
        have = held[rarest[patient]]
        chosen = min(range(FOLDS), key=lambda fold: (have[fold], sizes[fold], fold))
        for name in labels[patient]:
            held[name][chosen] += 1
        sizes[chosen] += 1
        fold_of[patient] = chosen + 1
    return fold_of


def by_ten_folds(found: Sequence[Example], group: str, root: Path) -> list[Example]:
    """Folds 1-8 train, 9 validates, 10 tests: those of `folds.csv` in `root`, or those that `ten_folds` deals out.

    Examples of which the group was not assessed are in no fold, and unused.
    """
    path, assessed = root / FILE, [example for example in found if example.found.get(group) is not None]
    fold_of = _read(path) if path.is_file() else ten_folds(assessed, group)
    missing = sorted(example.id for example in assessed if example.id not in fold_of)
    if missing:
        raise InputError(f"{path}: has no fold for {missing[0]} ({len(missing)} such records)")
    placed = [replace(one, fold=fold_of[one.id], part=by_fold(fold_of[one.id])) for one in assessed]
    return [*placed, *(replace(one, part="unused") for one in found if one.found.get(group) is None)]


def write_folds(found: Iterable[Example], path: Path) -> None:
    """The folds as `id,patient,fold`, by id."""
    text = io.StringIO()
    placed = sorted((one.id, one.patient, str(one.fold)) for one in found)
    csv.writer(text, lineterminator="\n").writerows([_COLUMNS, *placed])
    write_text(path, text.getvalue())


def _read(path: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows(path, _COLUMNS):
        if row["fold"] not in {str(fold) for fold in range(1, FOLDS + 1)}:
            raise InputError(f"{path}: {row['id']}: fold {row['fold']!r}; expected 1 to {FOLDS}")
        if found.setdefault(row["id"], int(row["fold"])) != int(row["fold"]):
            raise InputError(f"{path}: {row['id']} is in two folds")
    return found


def by_class_within_sex(found: Iterable[Example], group: str, shares: Mapping[Part, float], seed: int) -> list[Example]:
    """Shares of every class, among men, among women and among those of whom it is not known, each by itself."""
    return list(_within_sex(list(found), group, shares, seed))


def _within_sex(found: list[Example], group: str, shares: Mapping[Part, float], seed: int) -> Iterator[Example]:
    for male in (1.0, 0.0, None):
        own = [one for one in found if (one.male == male if male is not None else one.male not in (0.0, 1.0))]
        yield from by_class(own, group, shares, seed)
