"""Tables of labels as their publishers write them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from ecg.files import InputError


def rows(path: Path, needed: Sequence[str], named: Sequence[str] | None = None) -> Iterator[dict[str, str]]:
    """The rows of a CSV as {column: text} with at least the needed columns; `named` are those of a headerless file."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such table; expected a CSV with the columns {', '.join(needed)}")
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, fieldnames=named, restval="")
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            found = ", ".join(reader.fieldnames or ()) or "none"
            raise InputError(f"{path}: no column {', '.join(missing)} (columns: {found})")
        yield from reader


def names(text: str, separator: str = ";") -> frozenset[str]:
    """The names in a cell that lists several."""
    return frozenset(part.strip() for part in text.split(separator) if part.strip())


def columns_of(path: Path) -> list[str]:
    """The first row of a CSV."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file), [])


def header_codes(path: Path) -> frozenset[str]:
    """The codes of a WFDB header's comment `#Dx: ...`, as the CinC challenges and Chapman write them."""
    return names(header_fact(path, "Dx"), ",")


def header_fact(path: Path, name: str) -> str:
    """What stands behind `#NAME:` in a WFDB header; nothing where it has no such comment."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.lstrip("# ").startswith(name)), "")
