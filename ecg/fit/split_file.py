"""Which examples train, validate and test, as the table `id,patient,part` that every run keeps."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from ecg.files import InputError
from ecg.formats import write_text

SPLIT_FILE = "split.csv"
COLUMNS = ("id", "patient", "part")
Row = tuple[str, str, str]


def write(parts: Iterable[Row], path: Path) -> None:
    """The rows as `id,patient,part`."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *parts])
    write_text(path, text.getvalue())


def read(path: Path) -> dict[str, tuple[str, str]]:
    """(patient, part) by id, of a split that `write` wrote."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["id"]: (row["patient"], row["part"]) for row in csv.DictReader(file)}


def check_same_split(run: Path, rows: Iterable[Row], resume: Path, what: str) -> None:
    """Raise InputError where the run in this folder was trained on others than these; a run without a split passes."""
    kept = run / SPLIT_FILE
    if not kept.is_file():
        return
    then, now = read(kept), {name: (patient, part) for name, patient, part in rows}
    if then == now:
        return
    missing, new = sorted(set(then) - set(now)), sorted(set(now) - set(then))
    moved = sorted(name for name in set(then) & set(now) if then[name] != now[name])
    counts = f"{len(missing)} missing, {len(new)} new, {len(moved)} in another part"
    example = (missing or new or moved)[0]
    raise InputError(
        f"{resume}: this run was trained on other {what} ({counts}, e.g. {example}; {kept}); give the same data, or "
        f"--start {resume} for a new run from its weights"
    )
