"""MIMIC-IV-ECG: five classes by a headerless CSV, and the tables of statements and heart rates."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path

from classify.datasets.csv_table import columns_of, rows
from classify.datasets.example import Example, Part
from classify.datasets.split import by_patient
from classify.labels import GROUPS
from ecg.files import InputError

_FIVE = ("subject_id", "waveform_path", "ecg_category")
_MANY = ("subject_id", "study_id", "labels")
_RATE = ("subject_id", "study_id", "rr_interval")
_WHOLE = ("subject_id", "study_id", "ecg_time", "labels", "label_count", "raw_diagnoses", "rr_interval",
          "qrs_axis", "p_axis", "t_axis")  # fmt: skip
_BANDS = ((50, "below_50"), (60, "50_60"), (80, "60_80"), (100, "80_100"), (120, "100_120"), (300, "above_120"))
_RR_MS = (200, 3000)  # the table writes 29999 and the like where nothing was measured


def mimic5(root: Path) -> list[Example]:
    """`subject_id,waveform_path,ecg_category` without a header; the paths start in the folder of the table."""
    table, base = _table(root)
    found = []
    for number, row in enumerate(rows(table, _FIVE, named=_FIVE), start=1):
        if row["subject_id"] == "subject_id":
            continue
        where = f"{table}: row {number}"
        if not row["ecg_category"]:
            raise InputError(f"{where}: expected three columns {', '.join(_FIVE)}")
        name = _known(where, "mimic5", [row["ecg_category"].strip()])
        path = base / f"{row['waveform_path'].strip().removesuffix('.hea')}.hea"
        found.append(_example(path, row, {"mimic5": name}))
    return by_patient(found)


def mimic_multilabel(root: Path) -> list[Example]:
    """The table of statements, a list of labels to each study; with a head, or without."""
    table, base = _table(root, _MANY)
    found = []
    for row in rows(table, _MANY, named=_unheaded(table, _MANY)):
        where = f"{table}: study {row['study_id']}"
        try:
            labels = [str(name) for name in ast.literal_eval(row["labels"] or "[]")]
        except (ValueError, SyntaxError) as error:
            raise InputError(f"{where}: labels must be a list of names, got {row['labels']!r}") from error
        if labels:
            found.append(_example(_study(base, row), row, {"mimic": _known(where, "mimic", labels)}))
    return by_patient(found)


def mimic_hr(root: Path) -> list[Example]:
    """The heart rate as a band, from the machine's RR interval in ms; a study without one was not assessed."""
    table, base = _table(root, _RATE)
    return by_patient(
        _example(_study(base, row), row, {"heart_rate": frozenset([band])})
        for row in rows(table, _RATE, named=_unheaded(table, _RATE))
        if (band := _band(row["rr_interval"], f"{table}: study {row['study_id']}"))
    )


def _band(rr_ms: str, where: str) -> str | None:
    low, high = _RR_MS
    try:
        interval_ms = float(rr_ms.strip() or "nan")
    except ValueError:
        raise InputError(f"{where}: rr_interval must be a number of ms, got {rr_ms!r}") from None
    if not low <= interval_ms <= high:
        return None
    return next(name for limit, name in _BANDS if 60_000 / interval_ms < limit or limit == _BANDS[-1][0])


def _table(root: Path, needed: Sequence[str] = ()) -> tuple[Path, Path]:
    """(table, folder that its paths start in): a CSV, or the only one of a folder that has the needed columns."""
    if root.is_file():
        return root, root.parent
    found = [
        path
        for path in sorted(root.glob("*.csv"))
        if set(needed) <= set(columns_of(path)) or (needed and _unheaded(path, needed))
    ]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        wanted = f" with {', '.join(needed)}" if needed else ""
        raise FileNotFoundError(f"{root}: expected one CSV table here{wanted}, found {names}; name the file itself")
    return found[0], root


def _unheaded(table: Path, needed: Sequence[str]) -> Sequence[str] | None:
    """The names of the columns of a table that begins with its first study: the needed ones, or all that MIMIC has."""
    first = columns_of(table)
    if not first or not first[0].strip().isdigit():
        return None
    return needed if len(first) == len(needed) else _WHOLE


def _study(base: Path, row: Mapping[str, str]) -> Path:
    """Where MIMIC-IV-ECG keeps a study; a table may name the path itself in place of the number."""
    subject, study = row["subject_id"].strip(), row["study_id"].strip()
    if "/" in study:
        return base / f"{study.removesuffix('.hea')}.hea"
    return base / f"files/p{subject[:4]}/p{subject}/s{study}/{study}.hea"


def _known(where: str, group: str, labels: Sequence[str]) -> frozenset[str]:
    unknown = sorted(set(labels) - set(GROUPS[group].classes))
    if unknown:
        raise InputError(f"{where}: unknown label {unknown[0]!r}: expected one of {', '.join(GROUPS[group].classes)}")
    return frozenset(labels)


def _example(path: Path, row: Mapping[str, str], found: Mapping[str, frozenset[str]]) -> Example:
    part: Part = "unused"
    return Example(path, "mimic", row["subject_id"].strip(), part, found)
