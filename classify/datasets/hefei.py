"""The Hefei ECG competition's second round: text files of eight leads and a tab-separated table of 34 labels."""

from __future__ import annotations

from pathlib import Path

from classify.datasets.example import Example
from classify.datasets.split import by_class
from classify.labels.hefei import HEFEI_NAMES
from ecg.files import InputError

_TABLES = ("hf_round2_train.txt", "hf_round2_label.txt")
_FOLDERS = ("hf_round2_train", "train", ".")
_SEX = {"MALE": 1.0, "FEMALE": 0.0}


def hefei34(root: Path) -> list[Example]:
    """Seven tenths for training, one for validation, two for testing, each class in the test part where it can be."""
    table = next((root / name for name in _TABLES if (root / name).is_file()), None)
    if table is None:
        raise FileNotFoundError(f"{root}: expected the table {' or '.join(_TABLES)} here")
    lines = table.read_text(encoding="utf-8-sig").splitlines()
    found = [_example(table, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    return by_class(found, "hefei34", {"test": 0.2, "validation": 0.1, "train": 0.7})


def _example(table: Path, number: int, line: str) -> Example:
    """`file<TAB>age<TAB>sex<TAB>label...`; age and sex may be empty."""
    cells = [cell.strip() for cell in line.split("\t")]
    labels = [cell for cell in cells[3:] if cell]
    unknown = [name for name in labels if _spelt(name) not in HEFEI_SPELT]
    if len(cells) < 4 or unknown:
        what = f"unknown label {unknown[0]!r}" if unknown else "expected file, age, sex and labels, tab-separated"
        raise InputError(f"{table}: line {number}: {what}")
    names = frozenset(HEFEI_SPELT[_spelt(name)] for name in labels)
    age = float(cells[1]) if cells[1] else float("nan")
    path = next((folder / cells[0] for folder in _folders(table) if (folder / cells[0]).is_file()), None)
    return Example(
        path or table.parent / _FOLDERS[0] / cells[0], "hefei", Path(cells[0]).stem, "unused", {"hefei34": names},
        age_years=age, male=_SEX.get(cells[2].upper(), float("nan")),
    )  # fmt: skip


def _spelt(name: str) -> str:
    """A label without what tables differ in: case, spaces, dashes."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


# Every way to write a label: as the competition does, in short, or in words.
HEFEI_SPELT = {
    _spelt(way): short for name, (short, words) in HEFEI_NAMES.items() for way in (name, short, words)
}  # fmt: skip


def _folders(table: Path) -> list[Path]:
    return [table.parent / name for name in _FOLDERS]
