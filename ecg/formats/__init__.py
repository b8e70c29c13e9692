"""Reading and writing recordings: one file per format, and a table that picks by suffix."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from ecg.files import atomic_path, write_text
from ecg.formats import csv, json, wfdb
from ecg.formats.find import find_records
from ecg.record import Record

__all__ = ["FORMATS", "atomic_path", "find_records", "read", "write", "write_text"]

# Each module has read(path) -> Record and write(record, path).
FORMATS: dict[str, ModuleType] = {".hea": wfdb, ".dat": wfdb, ".mat": wfdb, ".csv": csv, ".json": json}


def read(path: str | Path, fs_hz: float | None = None, unit: str | None = None) -> Record:
    """Read a recording; `fs_hz` and `unit` ("mV", "uV") are for a CSV that does not say them, the other formats do."""
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no such file")
    found = _format(path)
    record: Record = csv.read(path, fs_hz, unit) if found is csv else found.read(path)
    return record


def write(record: Record, path: str | Path) -> None:
    """Write a recording whole or not at all; parent folders are made."""
    _format(path).write(record, path)


def _format(path: str | Path) -> ModuleType:
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"{path}: expected a recording that ends in one of {', '.join(FORMATS)}")
    return FORMATS[suffix]
