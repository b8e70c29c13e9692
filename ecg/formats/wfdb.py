"""WFDB: a text header (.hea) and a signal file (.dat or .mat); read by the wfdb package, written as format 16 in uV."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ecg.files import atomic_path, write_text
from ecg.leads import is_known
from ecg.record import Record

_MV_PER_UNIT = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "nv": 1e-6}
_GAIN = 1000  # counts per mV
_MISSING = -32768  # what format 16 keeps for "no value here"


def read(path: str | Path) -> Record:
    """Read a record by any of its files; `meta` gets the header's "key: value" comments as text.

    Channels that are none of the twelve leads are skipped with a warning. Raises ValueError for an unknown unit, a
    channel without a gain, a channel at a rate of its own, or when no known lead is there.
    """
    header = Path(path).with_suffix(".hea")
    found = _load(header)
    rows = [i for i, name in enumerate(found.sig_name or []) if is_known(name)]
    others = [name for i, name in enumerate(found.sig_name or []) if i not in rows]
    if not rows:
        raise ValueError(f"{header}: none of the twelve leads is here (channels: {', '.join(others) or 'none'})")
    if others:
        warnings.warn(f"{header}: skipped {', '.join(others)}: none of the twelve leads", stacklevel=2)
    if any(found.samps_per_frame[i] != 1 for i in rows):
        raise ValueError(f"{header}: a lead has a rate of its own (samples per frame); expected one rate for all leads")
    scale = np.array([_mv_per_unit(header, found.sig_name[i], found.units[i]) for i in rows])
    meta = _meta(found.comments)
    start_s = float(meta.pop("start_s", 0.0))
    signal_mv = (found.p_signal[:, rows] * scale).T
    try:
        leads = tuple(found.sig_name[i] for i in rows)
        return Record(signal_mv, found.fs, leads, start_s, {"source": header.stem} | meta)
    except ValueError as error:
        raise ValueError(f"{header}: {error}") from error


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


def _load(header: Path) -> Any:
    import wfdb

    if not header.is_file():
        raise FileNotFoundError(f"{header}: no such WFDB header")
    text = _text(header)
    _refuse_uncalibrated(header, text)
    try:
        with _lawful(header, text) as lawful:
            return wfdb.rdrecord(str(lawful.with_suffix("")))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{header}: its signal file is missing ({error.filename})") from error
    except Exception as error:  # the package raises many kinds for a file that is not what it says
        raise ValueError(f"{header}: not a readable WFDB record ({error})") from error


def _text(header: Path) -> str:
    raw = header.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@contextmanager
def _lawful(header: Path, text: str) -> Iterator[Path]:
    """The header itself, or a corrected one beside copies of its signal files where the wfdb package misreads it."""
    corrected = _corrected(text)
    if corrected == text:
        yield header
        return
    names = {line.split()[0] for line in _statements(text)[1:]}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            if Path(name).name == name:  # the package refuses any other
                shutil.copyfile(header.with_name(name), Path(folder, name))
        lawful = Path(folder, "lawful.hea")
        lawful.write_text(corrected, encoding="utf-8")
        yield lawful


def _corrected(text: str) -> str:
    """The header with a legal record name (CinC 2020 has "E00271.mat") and u for the micro sign, which gets lost."""
    first, *channels = _statements(text) or [""]
    name = first.split(maxsplit=1)[0] if first else ""
    if "/" in name:  # a record in segments
        return text
    lines = [first.replace(name, _legal(name), 1), *(re.sub("[µμ]", "u", line) for line in channels)]
    comments = [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]
    return text if lines == [first, *channels] else "\n".join([*lines, *comments])


def _statements(text: str) -> list[str]:
    """The header's lines that are not comments."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _refuse_uncalibrated(header: Path, text: str) -> None:
    """A channel line without a gain, or with gain 0, holds raw counts: mV would be a guess."""
    lines = [line.split() for line in _statements(text)]
    if not lines or "/" in lines[0][0]:  # a record in segments: its channel lines stand in other headers
        return
    for fields in lines[1:]:
        gain = re.match(r"[-+.\deE]+", fields[2]) if len(fields) > 2 else None
        if gain is None or float(gain.group()) == 0:
            raise ValueError(f"{header}: channel {fields[-1]!r} states no gain, so its values are not in mV")


def _mv_per_unit(header: Path, lead: str, unit: str) -> float:
    if unit.lower() not in _MV_PER_UNIT:
        raise ValueError(f"{header}: lead {lead} is in {unit!r}; expected one of V, mV, uV, nV")
    return _MV_PER_UNIT[unit.lower()]


def _meta(comments: Sequence[str]) -> dict[str, Any]:
    pairs = (line.partition(":") for line in comments)
    return {key.strip().strip("<>").lower(): value.strip() for key, colon, value in pairs if colon and value.strip()}


def _legal(stem: str) -> str:
    """A record name may hold letters, digits, - and _ only; another stem gets its checksum, so that no two meet."""
    legal = re.sub(r"[^A-Za-z0-9_-]", "_", stem)
    return stem if legal == stem else f"{legal}-{zlib.crc32(stem.encode()):08x}"


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
