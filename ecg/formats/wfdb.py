"""WFDB: a text header (.hea) and a signal file (.dat or .mat); read by the wfdb package, written as format 16 in uV."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecg.files import atomic_path, write_text
from ecg.formats.wfdb_recording import WfdbRecording, open_recording
from ecg.record import Record

__all__ = ["WfdbRecording", "open_recording", "read", "write"]

_GAIN = 1000  # counts per mV
_MISSING = -32768  # what format 16 keeps for "no value here"


def read(path: str | Path, fs_hz: float | None = None, placed: bool = True) -> Record:
    """Read a record whole, by any of its files; `open_recording` says what of it, and what is refused."""
    return open_recording(path, fs_hz, placed).whole()


def write(record: Record, path: str | Path) -> None:
    """Write `path` (.hea) and the signal file beside it, in steps of 1 uV.

    Raises ValueError when a value lies outside +-32.767 mV.
    """
    header = Path(path).with_suffix(".hea")
    name = _legal(header.stem)
    counts = _counts(record, header)
    with atomic_path(header.with_name(f"{name}.dat")) as temporary:
        temporary.write_bytes(np.ascontiguousarray(counts.T).astype("<i2").tobytes())
    write_text(header, _header(record, name, counts))


def _legal(stem: str) -> str:
    """A record name may hold letters, digits, - and _ only; another stem gets its checksum, so that no two meet."""
    legal = re.sub(r"[^A-Za-z0-9_-]", "_", stem)
    return stem if legal == stem else f"{legal}-{zlib.crc32(os.fsencode(stem)):08x}"


def _counts(record: Record, header: Path) -> np.ndarray:
    counts = np.round(record.signal_mv.astype(np.float64) * _GAIN)
    highest = np.nanmax(np.abs(counts), axis=1, initial=0)
    if highest.max(initial=0) > -_MISSING - 1:
        lead = record.leads[int(highest.argmax())]
        raise ValueError(f"{header}: {lead} reaches {highest.max() / _GAIN:.1f} mV; this format holds up to 32.767 mV")
    return np.where(np.isnan(counts), _MISSING, counts).astype(np.int64)


def _header(record: Record, name: str, counts: np.ndarray) -> str:
    lines = [f"{name} {len(record.leads)} {record.fs_hz:.10g} {record.samples}"]
    for lead, row in zip(record.leads, counts, strict=True):
        first = row[0] if row.size else 0
        lines.append(f"{name}.dat 16 {_GAIN}(0)/mV 16 0 {first} {int(row.sum()) & 0xFFFF} 0 {lead}")
    start = {"start_s": record.start_s} if record.start_s else {}
    return "\n".join([*lines, *_comments({**start, **record.meta})]) + "\n"


def _comments(meta: Mapping[str, Any]) -> list[str]:
    plain = {key: value for key, value in meta.items() if isinstance(value, str | int | float) and key != "source"}
    return [f"#{key}: {' '.join(str(value).split())}" for key, value in plain.items()]
