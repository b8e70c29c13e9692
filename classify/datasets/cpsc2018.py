"""The China Physiological Signal Challenge 2018: nine classes, as published or as the CinC challenges passed it on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from classify.datasets.csv_table import header_codes, names, rows
from classify.datasets.example import Example
from classify.datasets.folds import by_ten_folds
from classify.labels import GROUPS
from ecg.files import InputError

_LABELS = ("First_label", "Second_label", "Third_label")
_NUMBERED = dict(enumerate(("NORM", "AF", "I-AVB", "LBBB", "RBBB", "PAC", "PVC", "STD", "STE"), start=1))
_SPELT = {"Normal": "NORM"}
_SNOMED = {
    "426783006": "NORM", "164889003": "AF", "270492004": "I-AVB", "164909002": "LBBB", "59118001": "RBBB",
    "284470004": "PAC", "164884008": "PVC", "429622005": "STD", "164931005": "STE",
}  # fmt: skip


def cpsc2018(root: Path) -> list[Example]:
    """Ten folds of every class, those of `folds.csv` where it lies there: 9 validates, 10 tests."""
    if (root / "REFERENCE.csv").is_file():
        found = list(_published(root))
    elif (root / "cinc_mix" / "index.csv").is_file():
        found = list(_passed_on(root / "cinc_mix"))
    elif headers := sorted(root.rglob("[AQ][0-9]*.hea")):
        found = [_by_header(path) for path in headers]
    else:
        raise FileNotFoundError(
            f"{root}: expected REFERENCE.csv (as published), A0001.hea ... (as the CinC challenges passed them on) or "
            "cinc_mix/index.csv"
        )
    return by_ten_folds(found, "cpsc2018", root)


def _published(root: Path) -> Iterator[Example]:
    """Numbers 1 to 9 in three columns; the records are A0001.mat here, or in a folder below."""
    places = {path.stem: path for path in sorted(root.rglob("*.mat"))}
    for row in rows(root / "REFERENCE.csv", ("Recording", *_LABELS[:1])):
        numbers = [row[column] for column in _LABELS if row.get(column)]
        unknown = [text for text in numbers if not text.isdigit() or int(text) not in _NUMBERED]
        if unknown:
            raise InputError(
                f"{root / 'REFERENCE.csv'}: {row['Recording']}: unknown label {unknown[0]!r}: expected 1 to 9"
            )
        name, labels = row["Recording"], frozenset(_NUMBERED[int(text)] for text in numbers)
        path = places.get(name, root / f"{name}.mat")
        yield Example(path, "cpsc2018", name, "unused", {"cpsc2018": labels})


def _passed_on(folder: Path) -> Iterator[Example]:
    for row in rows(folder / "index.csv", ("record", "db", "dx_abbrev")):
        if row["db"] == "CPSC2018":
            labels = frozenset(_SPELT.get(name, name) for name in names(row["dx_abbrev"]))
            unknown = sorted(labels - set(GROUPS["cpsc2018"].classes))
            if unknown:
                raise InputError(f"{folder / 'index.csv'}: {row['record']}: unknown label {unknown[0]!r}")
            yield Example(folder / f"{row['record']}.hea", "cinc_mix", row["record"], "unused", {"cpsc2018": labels})


def _by_header(path: Path) -> Example:
    """A record whose header has its diagnoses, `#Dx: 59118001,164889003` (or `RBBB,AF`); others are not of the nine."""
    names_of_all = [_SNOMED.get(code, _SPELT.get(code, code)) for code in sorted(header_codes(path))]
    labels = frozenset(name for name in names_of_all if name in GROUPS["cpsc2018"].classes)
    return Example(path, "cpsc2018", path.stem, "unused", {"cpsc2018": labels or None})
