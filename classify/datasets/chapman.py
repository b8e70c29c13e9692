"""Chapman-Shaoxing: four rhythms (Zheng et al., 2020), by SNOMED codes in the headers or by the published table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from classify.datasets.csv_table import header_codes, header_fact, names, rows
from classify.datasets.example import Example
from classify.datasets.folds import by_class_within_sex
from classify.datasets.xlsx_table import xlsx_rows
from classify.signal.demographics import age_years, male
from ecg.files import InputError
from ecg.formats import read
from ecg.record import Record

_MERGED = {
    "AFIB": ("AFIB", "AF", "164889003", "164890007"),
    "GSVT": ("SVT", "AT", "AVNRT", "AVRT", "SAAWR", "ST", "426761007", "713422000", "233896004", "233897008",
             "195101003", "427084000"),
    "SB": ("SB", "426177001"),
    "SR": ("SR", "SA", "SI", "426783006", "427393009"),
}  # fmt: skip
_CLASS_OF = {code: name for name, codes in _MERGED.items() for code in codes}
_FS_HZ = 500.0
_SEED = 10  # of the split of the document that this task comes from


def chapman(root: Path) -> list[Example]:
    """Eight tenths of every class for training, one to validate, one to test; of men and of women each."""
    if (root / "WFDBRecords").is_dir():
        found = list(_headers(root / "WFDBRecords"))
    elif (root / "Diagnostics.csv").is_file() or (root / "Diagnostics.xlsx").is_file():
        found = list(_published(root))
    elif (root / "cinc_mix" / "index.csv").is_file():
        found = list(_passed_on(root / "cinc_mix"))
    else:
        raise FileNotFoundError(
            f"{root}: expected WFDBRecords/, Diagnostics.xlsx (or .csv) with ECGData/, or cinc_mix/index.csv"
        )
    return by_class_within_sex(found, "chapman", {"test": 0.1, "validation": 0.1, "train": 0.8}, _SEED)


def merged(labels: Collection[str]) -> frozenset[str] | None:
    """The one of the four rhythms that these labels name; None when there is none or several."""
    rhythms = {_CLASS_OF[name] for name in labels if name in _CLASS_OF}
    return frozenset(rhythms) if len(rhythms) == 1 else None


def _headers(folder: Path) -> Iterator[Example]:
    for path in sorted(folder.rglob("*.hea")):
        found = {"chapman": merged(header_codes(path))}
        age, sex = (header_fact(path, name) for name in ("Age", "Sex"))
        yield Example(path, "chapman", path.stem, "unused", found, age_years=age_years(age), male=male(sex))


def _published(root: Path) -> Iterator[Example]:
    table, needed = root / "Diagnostics.csv", ("FileName", "Rhythm")
    if not table.is_file():
        table = root / "Diagnostics.xlsx"
    for row in xlsx_rows(table, needed) if table.suffix == ".xlsx" else rows(table, needed):
        if row["Rhythm"].strip() not in _CLASS_OF:
            raise InputError(f"{table}: {row['FileName']}: unknown label {row['Rhythm']!r}")
        path, rhythm = root / "ECGData" / f"{row['FileName']}.csv", merged([row["Rhythm"].strip()])
        yield Example(
            path, "chapman_csv", row["FileName"], "unused", {"chapman": rhythm},
            age_years=age_years(row.get("PatientAge")), male=male(row.get("Gender")),
        )  # fmt: skip


def _passed_on(folder: Path) -> Iterator[Example]:
    for row in rows(folder / "index.csv", ("record", "db", "dx_header")):
        if row["db"].startswith("Chapman"):
            found = {"chapman": merged(names(row["dx_header"], ","))}
            yield Example(
                folder / f"{row['record']}.hea", "cinc_mix", row["record"], "unused", found,
                age_years=age_years(row.get("age")), male=male(row.get("sex")),
            )  # fmt: skip


def read_microvolts(path: Path) -> Record:
    """The published form: a header of lead names, then uV at 500 Hz."""
    return read(path, fs_hz=_FS_HZ, unit="uV")
