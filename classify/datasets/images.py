"""Pages with labels: `pages.csv` names each picture, its patient, its part of the split and its labels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from classify.datasets.csv_table import columns_of, names, rows
from classify.datasets.example import Example, Part
from classify.labels import GROUPS

if TYPE_CHECKING:
    from digitize import Digitizer
    from ecg.record import Record

_COLUMNS = ("image", "patient", "part")


def images(root: Path) -> list[Example]:
    """One example per page; every further column is a label group with its names joined by ";"."""
    table = root / "pages.csv"
    found = list(rows(table, _COLUMNS))
    groups = [column for column in columns_of(table) if column not in _COLUMNS]
    unknown = [group for group in groups if group not in GROUPS]
    if unknown or not groups:
        what = f"column {unknown[0]!r} is no label group" if unknown else "no column of labels"
        raise ValueError(f"{table}: {what}; expected some of {', '.join(GROUPS)}")
    return [_example(table, row, groups) for row in found]


def _example(table: Path, row: Mapping[str, str], groups: list[str]) -> Example:
    if row["part"] not in get_args(Part):
        raise ValueError(f"{table}: {row['image']}: part {row['part']!r}; expected one of {', '.join(get_args(Part))}")
    found: dict[str, frozenset[str] | None] = {}
    for group in groups:
        said = names(row[group])
        unknown = sorted(said - set(GROUPS[group].classes))
        if unknown:
            raise ValueError(f"{table}: {row['image']}: unknown label {unknown[0]!r} of {group}")
        found[group] = said or None
    return Example(table.parent / row["image"], "images", row["patient"], cast(Part, row["part"]), found)


def read_page(path: Path) -> Record:
    """The signal that is read from the first page of a picture."""
    from digitize import open_pages

    return _digitizer()(open_pages(path)[0]).record


@lru_cache(maxsize=1)
def _digitizer() -> Digitizer:
    from digitize import Digitizer

    return Digitizer.load()
