"""JSON: one object with fs_hz, start_s, leads, meta and signal_mv ([lead][sample], null where nothing is printed)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ecg.files import write_text
from ecg.record import Record

_DECIMALS = 4  # a twentieth of a microvolt
_KINDS: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("fs_hz", (int, float), "a number"),
    ("start_s", (int, float), "a number"),
    ("leads", (list,), "a list of names"),
    ("meta", (dict,), "an object"),
)


def recognises(head: bytes, path: Path) -> bool:
    return head.lstrip()[:1] == b"{" and (b'"fs_hz"' in head or b'"signal_mv"' in head)


def read(path: str | Path) -> Record:
    """Read a record. Raises ValueError when a key is missing or the text is no such object."""
    data = _load(Path(path))
    try:
        signal = np.array(data["signal_mv"], dtype=np.float32)  # null becomes NaN
        return Record(signal, data["fs_hz"], tuple(data["leads"]), float(data["start_s"]), data.get("meta", {}))
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{path}: {error}") from error


def write(record: Record, path: str | Path) -> None:
    """Write a record; `meta` must hold plain JSON values."""
    values = np.round(record.signal_mv.astype(np.float64), _DECIMALS)
    rows = np.where(np.isnan(values), None, values).tolist()  # type: ignore[call-overload]
    head = {"fs_hz": record.fs_hz, "start_s": record.start_s, "leads": record.leads, "meta": dict(record.meta)}
    write_text(path, json.dumps({**head, "signal_mv": rows}, allow_nan=False))


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not JSON ({error})") from error
    needed = {"fs_hz", "start_s", "leads", "signal_mv"}
    if not isinstance(data, dict) or not needed <= set(data):
        raise ValueError(f"{path}: expected one JSON object with the keys {', '.join(sorted(needed))}")
    for key, kinds, wanted in _KINDS:
        if key in data and (not isinstance(data[key], kinds) or isinstance(data[key], bool)):
            raise ValueError(f"{path}: {key} must be {wanted}")
    if not all(isinstance(lead, str) for lead in data["leads"]):
        raise ValueError(f"{path}: leads must be a list of names")
    return data
