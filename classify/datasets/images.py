"""Pages with labels: `pages.csv` names each picture, its patient, its part of the split and its labels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import cast, get_args

import digitize
from classify.datasets.csv_table import columns_of, names, rows
from classify.datasets.example import Example, Part
from classify.labels import GROUPS
from digitize import Digitizer, open_pages
from ecg.files import InputError
from ecg.record import Record

_COLUMNS = ("image", "patient", "part")
DIGITIZER_WEIGHTS = Path(digitize.__file__).parent / "weights"  # other weights read other signals


def images(root: Path) -> list[Example]:
    """One example per page; every further column is a label group with its names joined by ";"."""
    table = root / "pages.csv"
    found = list(rows(table, _COLUMNS))
    groups = [column for column in columns_of(table) if column not in _COLUMNS]
    unknown = [group for group in groups if group not in GROUPS]
    if unknown or not groups:
        what = f"column {unknown[0]!r} is no label group" if unknown else "no column of labels"
        raise InputError(f"{table}: {what}; expected some of {', '.join(GROUPS)}")
    return [_example(table, row, groups) for row in found]


def _example(table: Path, row: Mapping[str, str], groups: list[str]) -> Example:
    if row["part"] not in get_args(Part):
        raise InputError(f"{table}: {row['image']}: part {row['part']!r}; expected one of {', '.join(get_args(Part))}")
    found: dict[str, frozenset[str] | None] = {}
    for group in groups:
        labels = names(row[group])
        unknown = sorted(labels - set(GROUPS[group].classes))
        if unknown:
            raise InputError(f"{table}: {row['image']}: unknown label {unknown[0]!r} of {group}")
        found[group] = labels or None
    return Example(table.parent / row["image"], "images", row["patient"], cast(Part, row["part"]), found)


def read_page(path: Path) -> Record:
    """The signal that is read from the first page of a picture."""
    return _digitizer()(open_pages(path)[0]).record


@lru_cache(maxsize=1)
def _digitizer() -> Digitizer:
    return Digitizer.load()
