"""PTB-XL: the folder as PhysioNet ships it, or the smaller form with an exact and a z-scored part."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from classify.datasets.csv_table import names, rows
from classify.datasets.example import Example, Part
from classify.datasets.split import by_fold, by_patient
from classify.labels.scp import assessed, plain
from ecg.files import InputError

_COLUMNS = ("ecg_id", "patient_id", "scp_codes", "filename_hr", "filename_lr")
_SMALL = ("ecg_id", "patient_id", "super_class", "sub_class", "form", "rhythm")


def ptbxl(root: Path) -> list[Example]:
    """Every record with its statements; folds 1-8 train, 9 validates, 10 tests, by patient where no folds are."""
    if (root / "ptbxl_database.csv").is_file():
        return _physionet(root)
    if (root / "ptbxl" / "index.csv").is_file():
        return [*_exact(root / "ptbxl"), *_zscored(root / "ptbxl_zscore")]
    raise FileNotFoundError(f"{root}: expected ptbxl_database.csv (as PhysioNet ships it) or ptbxl/index.csv")


def _physionet(root: Path) -> list[Example]:
    table = root / "ptbxl_database.csv"
    found, folds = [], True
    for row in rows(table, _COLUMNS):
        fold = row.get("strat_fold") or ""
        folds = folds and fold != ""
        part = by_fold(int(float(fold))) if fold else "unused"
        patient = str(int(float(row["patient_id"])))
        labels = _statements(table, row)
        found.append(
            Example(_path(root, row), "ptbxl", patient, part, labels, age_years=_age_years(row), male=_male(row))
        )
    return found if folds else by_patient(found)


def _path(root: Path, row: Mapping[str, str]) -> Path:
    """The 500 Hz file; the one of 100 Hz where only that was unpacked."""
    quick, slow = (root / f"{row[column]}.hea" for column in ("filename_hr", "filename_lr"))
    return slow if slow.is_file() and not quick.is_file() else quick


def _age_years(row: Mapping[str, str]) -> float:
    """PTB-XL writes 300 for those older than 89."""
    return min(float(row.get("age") or "nan"), 90.0)


def _male(row: Mapping[str, str]) -> float:
    """PTB-XL writes 0 for men, 1 for women."""
    return 1.0 - float(row.get("sex") or "nan")


def _statements(table: Path, row: Mapping[str, str]) -> dict[str, frozenset[str] | None]:
    try:
        return assessed(list(ast.literal_eval(row["scp_codes"])))
    except (ValueError, SyntaxError) as error:
        raise InputError(f"{table}: record {row['ecg_id']}: {error}") from error


def _exact(folder: Path) -> Iterator[Example]:
    """In mV: cv5 0-2 for training (half of the patients of fold 2 for validation), 3 for testing."""
    for row in rows(folder / "index.csv", (*_SMALL, "cv5")):
        number, fold, patient = int(row["ecg_id"]), int(row["cv5"]), int(float(row["patient_id"]))
        path = folder / f"records500/{number // 1000 * 1000:05d}/{number:05d}_hr.hea"
        part: Part = "test" if fold == 3 else "validation" if fold == 2 and patient % 2 == 0 else "train"
        found = _columns(folder / "index.csv", row)
        yield Example(path, "ptbxl", str(patient), part, found, age_years=_age_years(row), male=_male(row))


def _zscored(folder: Path) -> Iterator[Example]:
    """Without amplitudes: training only, and its patients are in no fold of the exact part."""
    if not (folder / "index.csv").is_file():
        return
    for row in rows(folder / "index.csv", _SMALL):
        found = _columns(folder / "index.csv", row)
        patient = str(int(float(row["patient_id"])))
        yield Example(folder / f"{row['ecg_id']}.npy", "ptbxl_zscore", patient, "train", found, in_mv=False)


def _columns(table: Path, row: Mapping[str, str]) -> dict[str, frozenset[str] | None]:
    """The statements that the columns hold; an empty column means that nobody stated anything."""
    if row.get("scp_codes"):
        return _statements(table, row)
    cells = {"superclass": "super_class", "subclass": "sub_class", "form": "form", "rhythm12": "rhythm"}
    found = {group: frozenset(map(plain, names(row[cell]))) or None for group, cell in cells.items()}
    return {**found, "rhythm": found["rhythm12"]}
