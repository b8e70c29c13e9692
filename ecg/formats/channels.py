"""From a device's channels to a record: names, units, derived leads, and what is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg.files import InputError
from ecg.formats.checks import some
from ecg.formats.format import MAX_SAMPLES
from ecg.leads import LIMB_WEIGHTS, STANDARD, canonical, is_known
from ecg.notes import Note
from ecg.record import Record

_MV_PER_UNIT = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "nv": 1e-6}
_LONG_UNITS = {"volt": "v", "millivolt": "mv", "microvolt": "uv", "nanovolt": "nv"}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, eq=False)
class Channel:
    """One channel of a file: its name as the file spells it, and its samples in mV [sample]."""

    name: str
    mv: np.ndarray


def mv_per_unit(unit: str, path: Path) -> float:
    """The mV in one of a unit such as "uV", "MICROVOLTS" or "µV". Raises InputError for what is no voltage."""
    key = re.sub("[µμ\N{GREEK CAPITAL LETTER MU}]", "u", unit.strip()).lower()
    key = _LONG_UNITS.get(key.removesuffix("s"), key)
    if key not in _MV_PER_UNIT:
        raise InputError(f"{path}: the unit of the signal is {unit!r}; expected V, mV, uV or nV")
    return _MV_PER_UNIT[key]


def number(text: str | None, what: str, path: Path) -> float:
    """A finite number out of a file's text. Raises InputError that says what it should have been."""
    value = (text or "").strip()
    found = float(value) if _NUMBER.fullmatch(value) else float("nan")
    if not np.isfinite(found):
        raise InputError(f"{path}: expected a number as {what}, got {value[:40]!r}")
    return found


def numbers(text: str, what: str, path: Path) -> np.ndarray:
    """The numbers of a text, apart by white space or commas, float64 [number]; the text may end in a comma."""
    words = text.replace(",", " ").split()
    try:
        found = np.array(words, dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{path}: {what} holds what is no number ({str(error)[:80]})") from error
    if not np.isfinite(found).all():
        raise InputError(f"{path}: {what} holds numbers that are not finite")
    return found


def to_record(
    path: Path,
    channels: Sequence[Channel],
    fs_hz: float,
    meta: Mapping[str, object],
    *,
    start_s: float = 0.0,
    derive: bool = False,
) -> Record:
    """The leads among the channels, in standard order; `derive` adds the limb leads that follow from I and II.

    Other channels are left out with a note. Raises InputError where none of the twelve leads is here, where they
    differ in length, or for a rate or a size that no ECG has.
    """
    others = [c.name for c in channels if not is_known(c.name)]
    rows = {}
    for channel in channels:
        if is_known(channel.name):
            name = canonical(channel.name)
            if name.removeprefix("-") in rows:
                raise InputError(f"{path}: {name} is here twice")
            rows[name.removeprefix("-")] = -channel.mv if name.startswith("-") else channel.mv
    if not rows:
        raise InputError(f"{path}: none of the twelve leads is here (channels: {', '.join(others) or 'none'})")
    notes: tuple[Note, ...] = ()
    if others:
        notes = (Note("channels-skipped", f"skipped {some(others)}: none of the twelve leads"),)
    lengths = {name: len(row) for name, row in rows.items()}
    if len(set(lengths.values())) > 1:
        words = ", ".join(f"{name} {count}" for name, count in lengths.items())
        raise InputError(f"{path}: expected leads of one length, got samples: {words}")
    if derive and {"I", "II"} <= set(rows):
        for name, (of_one, of_two) in LIMB_WEIGHTS.items():
            rows.setdefault(name, of_one * rows["I"] + of_two * rows["II"])
    leads = [name for name in STANDARD if name in rows]
    check_size(path, fs_hz, sum(lengths.values()))
    signal = np.stack([rows[name] for name in leads])
    return Record(signal, fs_hz, tuple(leads), start_s, {"source": _stem(path)} | facts(meta), notes)


def _stem(path: Path) -> str:
    return path.stem.removesuffix(".aecg").removesuffix(".fhir").removesuffix(".fhir-r5")


def check_size(path: Path, fs_hz: float, samples: int) -> None:
    """Raises InputError for a rate that is none, or for more samples than any ECG has."""
    if not (np.isfinite(fs_hz) and fs_hz > 0):
        raise InputError(f"{path}: says a sampling rate of {fs_hz} Hz; expected a positive one")
    if samples > MAX_SAMPLES:
        raise InputError(f"{path}: claims {samples:,} samples; expected at most {MAX_SAMPLES:,}")


def facts(meta: Mapping[str, object]) -> dict[str, object]:
    """The facts that are known, without those that are empty."""
    return {key: value for key, value in meta.items() if value not in (None, "")}
