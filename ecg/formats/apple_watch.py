"""The CSV that an Apple Watch exports: keys in the phone's language, then one lead, one sample a line."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from ecg.files import InputError
from ecg.formats.channels import Channel, mv_per_unit, to_record
from ecg.formats.format import MAX_TEXT_BYTES, ReadOptions, read_bytes
from ecg.formats.identity import patient
from ecg.leads import is_known
from ecg.record import Record

# "Sample Rate,512 hertz", "Abtastrate,512 Hertz", "采样率,512赫兹": the key differs, the number and unit do not.
_RATE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:hertz|hercios|hz|герц|赫兹|赫茲|ヘルツ|헤르츠|هرتز)", re.IGNORECASE)
_RATE_LINE = re.compile(rf"^[^\n,;]+[,;]\s*\"?{_RATE.pattern}", re.IGNORECASE | re.MULTILINE)
_UNIT = re.compile(r"[munµμ]?v|(?:micro|milli)volts?", re.IGNORECASE)
_SAMPLE = re.compile("[-+\N{MINUS SIGN}]?\\d+(?:[.,]\\d+)?(?:[eE]-?\\d+)?")
_BIRTH_OR_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ON_THE_WRIST = "I"  # from one wrist to a finger of the other hand


def recognises(head: bytes, path: Path) -> bool:
    return path.suffix.lower() == ".csv" and bool(_RATE_LINE.search(head.decode("utf-8-sig", errors="replace")))


def read(path: Path, options: ReadOptions) -> list[Record]:
    """One lead in mV. Raises InputError where the unit is not said, or where a line is neither key nor sample."""
    lines = _text(path).splitlines()
    first = next((i for i, line in enumerate(lines) if _is_sample(line) and _all_samples(lines[i : i + 3])), len(lines))
    facts = [row for row in csv.reader(lines[:first]) if row]
    values = [cell.strip() for row in facts for cell in row[1:]]
    rate = next((m.group(1) for m in map(_RATE.fullmatch, values) if m), None)
    unit = next((value for value in values if _UNIT.fullmatch(value)), options.unit)
    if rate is None:
        raise InputError(f"{path}: no sampling rate in its first lines")
    if unit is None:
        raise InputError(f"{path}: does not say its unit; state it (unit='uV', --unit uV)")
    samples = [_number(path, i, line) for i, line in enumerate(lines[first:], start=first + 1) if line.strip()]
    mv = np.array(samples) * mv_per_unit(unit, path)
    lead = next((word for value in values for word in value.split()[-1:] if is_known(word)), _ON_THE_WRIST)
    channel, fs_hz = Channel(lead, mv), float(rate.replace(",", "."))
    return [to_record(path, [channel], fs_hz, _meta(values, facts, options))]


def _text(path: Path) -> str:
    data = read_bytes(path, MAX_TEXT_BYTES)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no UTF-8 text ({error.reason} at byte {error.start})") from error


def _is_sample(line: str) -> bool:
    return bool(_SAMPLE.fullmatch(line.strip().strip('",;')))


def _all_samples(lines: list[str]) -> bool:
    return all(_is_sample(line) for line in lines if line.strip())


def _number(path: Path, number: int, line: str) -> float:
    if not _is_sample(line):
        raise InputError(f"{path}, line {number}: expected one sample, got {line.strip()[:40]!r}")
    text = line.strip().strip('",;').replace(",", ".").replace("\N{MINUS SIGN}", "-")
    return float(text)


def _meta(values: list[str], facts: list[list[str]], options: ReadOptions) -> dict[str, object]:
    """The recording's time is the date with a time; a date alone is the patient's birth; the first value is a name."""
    times = [value for value in values if _BIRTH_OR_DAY.match(value) and ":" in value]
    days = [value for value in values if _BIRTH_OR_DAY.fullmatch(value)]
    name = facts[0][1].strip() if facts and len(facts[0]) > 1 else ""
    when = re.sub(r"^(\S+) (\S+) ([+-]\d{2}):?(\d{2})$", r"\1T\2\3:\4", times[0]) if times else ""
    return {"recorded_at": when, "device": "Apple Watch", **patient(options, name, "", days[0] if days else "")}
