"""Reading and writing recordings: one file per format, and a table that picks by content and suffix."""

from __future__ import annotations

from pathlib import Path

from ecg.files import InputError, atomic_path, check_regular, write_text
from ecg.formats import wfdb
from ecg.formats.checks import check_rate
from ecg.formats.find import find_records
from ecg.formats.format import Format, ReadOptions
from ecg.formats.identity import without_identity
from ecg.formats.table import FORMATS, by_name, of_file, of_new_file
from ecg.record import Record, Recording

__all__ = [
    "FORMATS", "Format", "ReadOptions", "atomic_path", "find_records", "open_recording", "read", "read_all", "write",
    "write_text",
]  # fmt: skip
_PLAIN_ERRORS = (FileNotFoundError, PermissionError, IsADirectoryError)


def read(
    path: str | Path,
    fs_hz: float | None = None,
    unit: str | None = None,
    *,
    keep_identity: bool = False,
    placed: bool = True,
) -> Record:
    """Read the one recording of a file in any format of the table.

    `fs_hz` and `unit` ("mV", "uV", "V") are for a file that does not say them; with `placed` False ECG channels at no
    stated place of the twelve leads (ECG1 ...) are read where there is no lead; `keep_identity` puts what the file says
    of the patient (name, number, birth date) into `meta`, which otherwise stays without it.
    Raises InputError for a file that cannot be read, or that holds several recordings (see `read_all`).
    """
    records = read_all(path, ReadOptions(fs_hz, unit, keep_identity, placed))
    if len(records) != 1:
        raise InputError(f"{path}: holds {len(records)} recordings, expected one; `python -m ecg.convert` parts them")
    return records[0]


def open_recording(
    path: str | Path, fs_hz: float | None = None, unit: str | None = None, whole_s: float = 600.0
) -> Recording:
    """A recording of which stretches are read when asked for: a WFDB record longer than `whole_s`; else as `read`."""
    if Path(path).exists() and of_file(Path(path)).name == "wfdb":
        opened = wfdb.open_recording(path, fs_hz)
        if opened.duration_s > whole_s:
            return without_identity(opened)
    return read(path, fs_hz, unit)


def read_all(path: str | Path, options: ReadOptions = ReadOptions()) -> list[Record]:  # noqa: B008 (frozen)
    """Read all recordings of a file. Raises InputError, and FileNotFoundError where there is none."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    check_regular(path)
    found = of_file(path)
    found.require(path)
    try:
        records = found.read(path, options) if found.read else []
        for record in records:
            check_rate(path, record.fs_hz)
    except (InputError, *_PLAIN_ERRORS):
        raise
    except MemoryError as error:
        raise InputError(f"{path}: needs more memory than there is") from error
    except Exception as error:  # libraries raise many kinds for a file that is not what it says
        text = str(error)
        words = (
            text if str(path) in text else f"{path}: not a readable {found.title} file ({text or type(error).__name__})"
        )
        raise InputError(words) from error
    return records if options.keep_identity else [without_identity(record) for record in records]


def write(record: Record, path: str | Path, format: str | None = None) -> None:
    """Write a recording whole or not at all, in the format of that name or else of the suffix; folders are made.

    Raises InputError for a recording that the format cannot hold, ValueError for a format that is not written.
    """
    path = Path(path)
    found = by_name(format) if format else of_new_file(path)
    if found.write is None:
        raise ValueError(
            f"{found.title} is read, not written: {', '.join(row.name for row in FORMATS if row.write)} are"
        )
    found.require(path)
    found.write(record, path)
