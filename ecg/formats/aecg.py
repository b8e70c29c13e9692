"""HL7 annotated ECG (aECG, the XML of the FDA), read: the rhythm, every sequence set at its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element

from ecg.files import InputError
from ecg.formats.aecg_write import LEADS_CODE, SAMPLES_CODE, START_CODE
from ecg.formats.channels import Channel, mv_per_unit, number, numbers, to_record
from ecg.formats.format import ReadOptions
from ecg.formats.identity import patient
from ecg.formats.lead_codes import lead_of_code
from ecg.formats.timeline import Part, on_one_line
from ecg.formats.xml_tree import parse, root_is, text_of
from ecg.leads import canonical, is_known
from ecg.record import Record

_TIMES = ("TIME_ABSOLUTE", "TIME_RELATIVE")
_S_PER_UNIT = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_RATE_DIGITS = 6  # an increment of 0.00389105 s means 257 Hz


@dataclass(frozen=True, eq=False)
class _Stretch:
    """The leads of one sequence set from `start_s` on; the day of an absolute time is `began_at`."""

    start_s: float
    began_at: datetime | None
    fs_hz: float
    channels: tuple[Channel, ...]


def recognises(head: bytes, path: Path) -> bool:
    return root_is(head, "AnnotatedECG")


def read(path: Path, options: ReadOptions) -> list[Record]:
    """One record for each rhythm; derived series and representative beats are left out.

    Sequence sets of one series lie on one time line, NaN between them. Raises InputError for a lead without a unit or
    scale, for a set without its rate, and for sets of several rates.
    """
    root = parse(path)
    series = [s for s in root.findall("component/series") if _code(s).upper() in ("RHYTHM", "")]
    if not series:
        raise InputError(f"{path}: no series of the kind RHYTHM in this file")
    meta = _meta(root, options)
    return [_record(path, one, meta) for one in series]


def _code(element: Element) -> str:
    code = element.find("code")
    return code.get("code", "") if code is not None else ""


def _record(path: Path, series: Element, meta: dict[str, object]) -> Record:
    stretches = [_stretch(path, found) for found in series.findall("component/sequenceSet")]
    if not stretches:
        raise InputError(f"{path}: a rhythm without a sequence set")
    if len({s.fs_hz for s in stretches}) > 1 or len({s.began_at is None for s in stretches}) > 1:
        raise InputError(f"{path}: the sequence sets of a rhythm differ in their rate or kind of time")
    fs_hz, (extent, stated_s, names) = stretches[0].fs_hz, _stated_extent(path, series)
    first = min(stretches, key=lambda s: (s.began_at or datetime.min, s.start_s))
    if stated_s is not None and first.began_at is None and stated_s < first.start_s:
        first = _Stretch(stated_s, None, fs_hz, ())
    began = _effective(series) or first.began_at
    parts = [Part(_samples_after(stretch, first), stretch.channels) for stretch in stretches]
    channels = on_one_line(path, fs_hz, parts, extent, names)
    device = series.find("author/seriesAuthor")
    known = {
        "recorded_at": began.isoformat() if began else meta["recorded_at"],
        "device": text_of(device, "manufacturedSeriesDevice/manufacturerModelName"),
    }
    start_s = first.start_s if first.began_at is None else 0.0
    return to_record(path, channels, fs_hz, {**meta, **known}, start_s=start_s)


def _stretch(path: Path, found: Element) -> _Stretch:
    sequences = found.findall("component/sequence")
    times = [s for s in sequences if _code(s) in _TIMES]
    if len(times) != 1:
        raise InputError(f"{path}: a sequence set has {len(times)} time sequences; expected one")
    head, step = times[0].find("value/head"), times[0].find("value/increment")
    if head is None or step is None:
        raise InputError(f"{path}: a time sequence without head or increment; only evenly spaced samples are read")
    step_s = number(step.get("value"), "the time increment", path) * _seconds(path, step)
    if step_s <= 0:
        raise InputError(f"{path}: a time increment of {step_s} s; expected a positive one")
    rate = round(1 / step_s, 2)
    fs_hz = rate if abs(rate * step_s - 1) < 10.0**-_RATE_DIGITS else 1 / step_s
    channels = tuple(_channel(path, s) for s in sequences if _code(s) not in _TIMES)
    if head.get("nullFlavor"):  # the time was taken out, as where patients are made unknown
        return _Stretch(0.0, None, fs_hz, channels)
    if _code(times[0]) == _TIMES[0]:
        return _Stretch(0.0, _timestamp(head.get("value"), path), fs_hz, channels)
    start_s = number(head.get("value"), "the time of the first sample", path) * _seconds(path, head)
    return _Stretch(start_s, None, fs_hz, channels)


def _seconds(path: Path, quantity: Element) -> float:
    unit = quantity.get("unit", "")
    if unit not in _S_PER_UNIT:
        raise InputError(f"{path}: a time in {unit!r}; expected s, ms or us")
    return _S_PER_UNIT[unit]


def _channel(path: Path, sequence: Element) -> Channel:
    code, value = lead_of_code(_code(sequence)), sequence.find("value")
    name = canonical(code) if is_known(code) else code
    origin, scale = (value.find(tag) if value is not None else None for tag in ("origin", "scale"))
    if origin is None or scale is None:
        raise InputError(f"{path}: lead {name} has no origin or no scale, so its values are in no unit")
    unit, unit_0 = scale.get("unit", ""), origin.get("unit", "")
    counts = numbers(text_of(value, "digits"), f"lead {name}", path)
    mv = counts * number(scale.get("value"), "the scale", path) * mv_per_unit(unit, path)
    return Channel(name, mv + number(origin.get("value"), "the origin", path) * mv_per_unit(unit_0 or unit, path))


def _samples_after(stretch: _Stretch, first: _Stretch) -> int:
    absolute = stretch.began_at and first.began_at and (stretch.began_at - first.began_at) / timedelta(seconds=1)
    return round((absolute or 0.0 if stretch.began_at else stretch.start_s - first.start_s) * stretch.fs_hz)


def _stated_extent(path: Path, series: Element) -> tuple[int, float | None, list[str]]:
    """(samples, start in s, leads) as we write them, so that what is not printed is not forgotten."""
    stated = {_code(v): v.find("value") for v in series.findall("controlVariable/controlVariable")}
    samples, start, leads = (stated.get(code) for code in (SAMPLES_CODE, START_CODE, LEADS_CODE))
    count = int(number(samples.get("value"), "the number of samples", path)) if samples is not None else 0
    start_s = number(start.get("value"), "the start", path) if start is not None else None
    return count, start_s, (leads.text or "").split() if leads is not None else []


def _effective(series: Element) -> datetime | None:
    low = series.find("effectiveTime/low")
    try:
        return _timestamp(low.get("value"), Path()) if low is not None else None
    except InputError:
        return None


def _timestamp(text: str | None, path: Path) -> datetime:
    """HL7's YYYYMMDDHHMMSS.ssss, where all after the day may be left out; a time zone stays."""
    value = (text or "").strip()
    zone = value[-5:] if value[-5:-4] in ("+", "-") else ""
    whole, _, fraction = value.removesuffix(zone).partition(".")
    if not (whole.isascii() and whole.isdigit() and 8 <= len(whole) <= 14):
        raise InputError(f"{path}: expected a time such as 20021122091000.000, got {value[:40]!r}")
    try:
        form = "%Y%m%d%H%M%S"[: len(whole) - 2]
        found = datetime.strptime(f"{whole}{zone}", form + ("%z" if zone else ""))
    except ValueError as error:
        raise InputError(f"{path}: expected a time such as 20021122091000.000, got {value[:40]!r}") from error
    return found + timedelta(seconds=float(f"0.{fraction}") if fraction.isdigit() else 0.0)


def _meta(root: Element, options: ReadOptions) -> dict[str, object]:
    subject = root.find(".//trialSubject")
    person = subject.find("subjectDemographicPerson") if subject is not None else None
    sex = person.find("administrativeGenderCode") if person is not None else None
    birth = person.find("birthTime") if person is not None else None
    number_ = subject.find("id") if subject is not None else None
    day = (birth.get("value", "") if birth is not None else "")[:8]
    return {
        "recorded_at": "",
        "age": _age(root),
        "sex": sex.get("code", "") if sex is not None else "",
        **patient(
            options,
            text_of(person, "name"),
            number_.get("extension", "") if number_ is not None else "",
            f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 else day,
        ),
    }


def _age(root: Element) -> str:
    for seen in root.iter("relatedObservation"):
        value = seen.find("value")
        if _code(seen) in ("21612-7", "30525-0") and value is not None and value.get("unit") in ("a", "yr"):
            return value.get("value", "")
    return ""
