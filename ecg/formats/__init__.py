"""Reading and writing recordings: one file per format, and a table that picks by suffix."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from ecg.files import atomic_path, write_text
from ecg.formats import csv, json, wfdb
from ecg.formats.checks import check_rate, refused_by_name
from ecg.formats.find import find_records
from ecg.record import Record

__all__ = ["FORMATS", "atomic_path", "find_records", "read", "write", "write_text"]

# Each module has read(path) -> Record and write(record, path).
FORMATS: dict[str, ModuleType] = {".hea": wfdb, ".dat": wfdb, ".mat": wfdb, ".csv": csv, ".json": json}


def read(path: str | Path, fs_hz: float | None = None, unit: str | None = None, placed: bool = True) -> Record:
    """Read a recording; `fs_hz` is for a CSV or a WFDB header that does not say it, `unit` (mV, uV, V) for a CSV.

    With `placed` False ECG channels at no stated place of the twelve leads (ECG1 ...) are read where there is no lead.
    Raises FileNotFoundError, or InputError with one sentence that names the file and says why it is no recording.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no such file")
    found = _format(path)
    with refused_by_name(path):
        if found is csv:
            record = csv.read(path, fs_hz, unit, placed)
        else:
            record = wfdb.read(path, fs_hz, placed) if found is wfdb else found.read(path)
        check_rate(path, record.fs_hz)
    return record


def write(record: Record, path: str | Path) -> None:
    """Write a recording whole or not at all; parent folders are made."""
    _format(path).write(record, path)


def _format(path: str | Path) -> ModuleType:
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"{path}: expected a recording that ends in one of {', '.join(FORMATS)}")
    return FORMATS[suffix]
