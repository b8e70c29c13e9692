"""EDF+ and BDF+, read; in files of ours what is not printed becomes NaN again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg.files import InputError
from ecg.formats.channels import Channel, check_size, mv_per_unit, to_record
from ecg.formats.edf_write import LENGTH, MOMENT, PRINTED, START
from ecg.formats.format import ReadOptions, read_bytes
from ecg.formats.identity import patient
from ecg.leads import canonical, is_known
from ecg.record import Record

if TYPE_CHECKING:
    from edfio import Bdf, Edf

_HEADER_BYTES, _SIGNAL_BYTES = 256, 256


def recognises_edf(head: bytes, path: Path) -> bool:
    return head[:8] == b"0       " and head[184:192].strip().isdigit()


def recognises_bdf(head: bytes, path: Path) -> bool:
    return head[:8] == b"\xffBIOSEMI"


def read_edf(path: Path, options: ReadOptions) -> list[Record]:
    """Read EDF or EDF+C. Raises InputError for EDF+D, leads at several rates, and files that are cut off."""
    from edfio import read_edf as load

    return _read(path, options, load)


def read_bdf(path: Path, options: ReadOptions) -> list[Record]:
    """Read BDF or BDF+C, as `read_edf`."""
    from edfio import read_bdf as load

    return _read(path, options, load)


def _read(path: Path, options: ReadOptions, load: Callable[[BytesIO], Edf | Bdf]) -> list[Record]:
    data = read_bytes(path)
    _check_header(path, data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = load(BytesIO(data))
    signals = [s for s in found.signals if is_known(_lead(s.label))]
    rates = {float(s.sampling_frequency) for s in signals}
    if len(rates) > 1:
        raise InputError(f"{path}: leads at several rates: {', '.join(f'{rate:g} Hz' for rate in sorted(rates))}")
    channels = [Channel(_lead(s.label), s.data * mv_per_unit(s.physical_dimension, path)) for s in signals]
    others = [Channel(s.label, np.empty(0)) for s in found.signals if not is_known(_lead(s.label))]
    fs_hz = _round_rate(max(rates, default=1.0), found.data_record_duration)
    texts = [(a.onset, a.duration or 0.0, a.text) for a in found.annotations]
    channels, start_s = _undone(path, channels, texts, fs_hz)
    return [to_record(path, [*channels, *others], fs_hz, _meta(found, options), start_s=start_s)]


def _check_header(path: Path, data: bytes) -> None:
    """Raises InputError where the file is shorter than its header says, or has gaps in time."""
    head = data[:_HEADER_BYTES].decode("latin-1")
    if len(head) < _HEADER_BYTES:
        raise InputError(f"{path}: is cut off within its header")
    if head[192:197].upper() in ("EDF+D", "BDF+D"):
        raise InputError(f"{path}: is {head[192:197]}, with gaps in time, which is not read; expected EDF+C")
    records, count = _integer(path, head[236:244], "data records"), _integer(path, head[252:256], "signals")
    if not 1 <= count <= 512 or records < 1:
        raise InputError(f"{path}: says {records} data records of {count} signals")
    places = data[_HEADER_BYTES + count * 216 : _HEADER_BYTES + count * 224].decode("latin-1")
    samples = [_integer(path, places[8 * i : 8 * i + 8], "samples in a data record") for i in range(count)]
    width = 3 if data[:1] == b"\xff" else 2
    wanted = _HEADER_BYTES + count * _SIGNAL_BYTES + records * sum(samples) * width
    if min(samples) < 0 or len(data) < wanted:
        raise InputError(f"{path}: is cut off; its header says {wanted:,} bytes, it has {len(data):,}")
    check_size(path, 1.0, records * sum(samples))


def _integer(path: Path, text: str, what: str) -> int:
    word = text.strip()
    if not (word.isascii() and word.removeprefix("-").isdigit()):
        raise InputError(f"{path}: expected a number of {what} in its header, got {text!r}")
    return int(word)


def _lead(label: str) -> str:
    return canonical(label) if is_known(label) else label


def _round_rate(fs_hz: float, record_s: float) -> float:
    """The rounder rate that the same eight characters of a record's length would come from."""
    near = round(fs_hz, 2)
    return near if record_s and abs(near / fs_hz - 1) * record_s < 1e-6 else fs_hz


def _undone(
    path: Path, channels: Sequence[Channel], texts: Sequence[tuple[float, float, str]], fs_hz: float
) -> tuple[list[Channel], float]:
    """The channels with NaN where our annotations name nothing as printed, at their true length; their start."""
    length = next((text for *_, text in texts if text.startswith(LENGTH)), None)
    start = next((text for *_, text in texts if text.startswith(START)), None)
    spans = [(at, lasts, text) for at, lasts, text in texts if text.startswith(PRINTED)]
    if length is None:  # a file of another program
        return list(channels), 0.0
    samples = min(_integer(path, length.removeprefix(LENGTH), "samples"), min(len(c.mv) for c in channels))
    rows = {channel.name: channel.mv[:samples].copy() for channel in channels}
    if spans:
        is_printed = {name: np.zeros(samples, bool) for name in rows}
        for at, lasts, text in spans:
            first = round(at * fs_hz)
            for name in text.removeprefix(PRINTED).replace(",", " ").split():
                if name in is_printed:
                    is_printed[name][first : first + round(lasts * fs_hz)] = True
        rows = {name: np.where(is_printed[name], row, np.nan) for name, row in rows.items()}
    return [Channel(name, row) for name, row in rows.items()], float(start.removeprefix(START)) if start else 0.0


def _meta(found: Edf | Bdf, options: ReadOptions) -> dict[str, object]:
    name, number, birth = (_field(lambda: found.patient.name), _field(lambda: found.patient.code), _birth_date(found))
    sex, device = _field(lambda: found.patient.sex), _field(lambda: found.recording.equipment_code)
    return {
        "recorded_at": _recorded(found),
        "device": device,
        "sex": sex,
        **patient(options, name.replace("_", " "), number, birth),
    }


def _birth_date(found: Edf | Bdf) -> str:
    return _field(lambda: found.patient.birthdate.isoformat())


def _recorded(found: Edf | Bdf) -> str:
    said = next((a.text.removeprefix(MOMENT) for a in found.annotations if a.text.startswith(MOMENT)), "")
    return said or _field(lambda: datetime.combine(found.recording.startdate, found.starttime).isoformat())


def _field(get: Callable[[], str]) -> str:
    """A field of the header, "" where it is hidden ("X") or not in the form that EDF+ gives it."""
    try:
        text = get()
    except (ValueError, AttributeError, IndexError, KeyError):  # edfio raises several kinds for these
        return ""
    return "" if text == "X" else text
