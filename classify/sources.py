"""Labelled recordings: one reader per collection, and the tasks that are put together from them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Part = Literal["train", "validation", "test", "unused"]


@dataclass(frozen=True)
class Example:
    """Where a recording lies and what is known of it; a group that is None in `found` was not assessed."""

    path: Path
    source: str
    patient: str
    part: Part
    found: Mapping[str, frozenset[str] | None]
    in_mv: bool = True


@dataclass(frozen=True)
class Task:
    """A label set with the collections that feed it, the first of which must be there."""

    name: str
    groups: tuple[str, ...]
    sources: tuple[str, ...]


TASKS: Mapping[str, Task] = {
    task.name: task for task in (Task("ptbxl", ("superclass", "rhythm"), ("ptbxl", "ptbxl_zscore", "cinc_mix")),)
}

CREDITS: Mapping[str, str] = {
    "ptbxl": "PTB-XL 1.0.3 (part of stratified fold 10), CC BY 4.0",
    "ptbxl_zscore": "PTB-XL folds 1-9 (part, z-scored, 125 Hz), CC BY 4.0",
    "cinc_mix": "PhysioNet/CinC Challenge 2020-21: CPSC2018, CPSC-Extra, Chapman/Ningbo, Georgia, CC BY 4.0",
    "simulated": "recordings invented by this program's simulator",
}

# What the CinC abbreviations say about the rhythm; a record with none of these was not assessed for it.
_CINC_RHYTHM = {
    "NSR": "SR", "Normal": "SR", "AF": "AFIB", "STach": "STACH", "SB": "SBRAD", "SA": "SARRH", "PR": "PACE",
    "AFL": "AFLT",
}  # fmt: skip


def examples(task: Task, root: Path) -> list[Example]:
    """Every example of a task below `root`; collections after the first may be absent."""
    found: list[Example] = []
    for number, source in enumerate(task.sources):
        if not (root / source / "index.csv").is_file():
            if number == 0:
                raise FileNotFoundError(f"{root / source}: task {task.name!r} needs this folder with an index.csv")
            continue
        found += READERS[source](root / source)
    return found


def _ptbxl(folder: Path) -> Iterator[Example]:
    """The exact part: cv5 0-2 for training (half of the patients of fold 2 for validation), 3 for testing."""
    for row in _rows(folder):
        number = int(row["ecg_id"])
        path = folder / f"records500/{number // 1000 * 1000:05d}/{number:05d}_hr.hea"
        fold, patient = int(row["cv5"]), int(float(row["patient_id"]))
        part: Part = "test" if fold == 3 else "validation" if fold == 2 and patient % 2 == 0 else "train"
        yield Example(path, "ptbxl", str(patient), part, _statements(row))


def _ptbxl_zscore(folder: Path) -> Iterator[Example]:
    """The z-scored part: training only; its patients are in no fold of the exact part."""
    for row in _rows(folder):
        patient = str(int(float(row["patient_id"])))
        yield Example(folder / f"{row['ecg_id']}.npy", "ptbxl_zscore", patient, "train", _statements(row), in_mv=False)


def _cinc_mix(folder: Path) -> Iterator[Example]:
    """Rhythm only, training only; its PTB-XL share is left out because it overlaps the other two collections."""
    for row in _rows(folder):
        if row["db"] == "PTB-XL":
            continue
        rhythm = frozenset(_CINC_RHYTHM[d] for d in row["dx_abbrev"].split(";") if d in _CINC_RHYTHM)
        if rhythm:
            found = {"rhythm": rhythm, "superclass": None}
            yield Example(folder / f"{row['record']}.hea", "cinc_mix", row["record"], "train", found)


READERS: Mapping[str, Callable[[Path], Iterator[Example]]] = {
    "ptbxl": _ptbxl,
    "ptbxl_zscore": _ptbxl_zscore,
    "cinc_mix": _cinc_mix,
}


def _statements(row: Mapping[str, str]) -> dict[str, frozenset[str] | None]:
    """The scp statements of a PTB-XL row; an empty column means that nobody stated anything."""
    columns = {"superclass": row["super_class"], "rhythm": row["rhythm"]}
    return {group: frozenset(text.split(";")) if text else None for group, text in columns.items()}


def _rows(folder: Path) -> Iterator[dict[str, str]]:
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)
