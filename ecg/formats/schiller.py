"""Schiller XML (SEMA export): the rhythm leads, never the averages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

from ecg.files import InputError
from ecg.formats.channels import Channel, mv_per_unit, number, numbers, to_record
from ecg.formats.format import ReadOptions, head_text
from ecg.formats.identity import patient
from ecg.formats.xml_tree import parse, text_of
from ecg.record import Record

_RHYTHM = "ECG_RHYTHMS"


def recognises(head: bytes, path: Path) -> bool:
    return "SchillerEDI>" in head_text(head)


def read(path: Path, options: ReadOptions) -> list[Record]:
    """Every rhythm of the file, one record each; the averages are left out. Raises InputError where there is none."""
    root = parse(path)
    waves = [wave for wave in root.iter("wavedata") if text_of(wave, "type") == _RHYTHM]
    if not waves:
        raise InputError(f"{path}: no {_RHYTHM} in this file")
    meta = _meta(root, options)
    return [_record(path, wave, meta) for wave in waves]


def _record(path: Path, wave: Element, meta: dict[str, object]) -> Record:
    rate = number(text_of(wave, "resolution/samplerate/value"), "samplerate", path)
    exponent = number(text_of(wave, "resolution/samplerate/exponent") or "1", "samplerate's exponent", path)
    if exponent != 1:
        raise InputError(f"{path}: a sampling rate with the exponent {exponent:g}; expected 1")
    unit = mv_per_unit(text_of(wave, "resolution/yres/units"), path)
    per_bit = number(text_of(wave, "resolution/yres/unitperbit"), "unitperbit", path)
    return to_record(path, [_channel(path, c, per_bit * unit) for c in wave.findall("channel")], rate, meta)


def _channel(path: Path, channel: Element, mv_per_bit: float) -> Channel:
    name = text_of(channel, "name")
    counts = numbers(text_of(channel, "data"), f"lead {name}", path)
    said = text_of(channel, "samplecount")
    if said and number(said, "samplecount", path) != len(counts):
        raise InputError(f"{path}: lead {name} says {said} samples, but holds {len(counts)}")
    return Channel(name, counts * mv_per_bit)


def _meta(root: Element, options: ReadOptions) -> dict[str, object]:
    person, exam = root.find("patdata"), root.find("examdescript")
    device = exam.find("aquiringdevice/hardware") if exam is not None else None
    names = (text_of(person, "firstname"), text_of(person, "lastname"))
    sex = text_of(person, "gender").upper()
    birth = text_of(person, "birthdate")
    return {
        "recorded_at": _time(text_of(exam, "startdatetime/date"), text_of(exam, "startdatetime/time")),
        "device": " ".join(word for word in (text_of(device, "vendor"), text_of(device, "model")) if word),
        "sex": sex[0] if sex in ("MALE", "FEMALE") else "",
        **patient(options, " ".join(n for n in names if n), text_of(person, "id"), birth),
    }


def _time(date: str, time: str) -> str:
    """ISO; "" for the first of January 1970, which the device writes when its clock was never set."""
    try:
        found = datetime.strptime(f"{date} {time[:6]}", "%Y%m%d %H%M%S")
    except ValueError:
        return ""
    return found.isoformat() if found.year > 1970 else ""
