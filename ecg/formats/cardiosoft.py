"""GE CardioSoft XML (also the form of the UK Biobank): the strip of the resting ECG."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

from ecg.files import InputError
from ecg.formats.channels import Channel, number, numbers, to_record
from ecg.formats.format import ReadOptions
from ecg.formats.identity import patient
from ecg.formats.xml_tree import parse, root_is, text_of
from ecg.record import Record

_MV_PER_UV = 1e-3


def recognises(head: bytes, path: Path) -> bool:
    return root_is(head, "CardiologyXML")


def read(path: Path, options: ReadOptions) -> list[Record]:
    """The ten seconds of `StripData`; a full disclosure beside it is left out. Raises InputError without a strip."""
    root = parse(path)
    strip = root.find("StripData")
    if strip is None:
        raise InputError(f"{path}: no StripData in this file; other recordings of CardioSoft are not read")
    resolution = strip.find("Resolution")
    unit = resolution.get("units", "") if resolution is not None else ""
    if unit.lower() != "uvperlsb":
        raise InputError(f"{path}: the resolution is in {unit!r}; expected uVperLsb")
    scale = number(text_of(strip, "Resolution"), "Resolution", path) * _MV_PER_UV
    channels = [
        Channel(wave.get("lead", ""), numbers(wave.text or "", f"lead {wave.get('lead')}", path) * scale)
        for wave in strip.findall("WaveformData")
    ]
    said = text_of(strip, "ChannelSampleCountTotal")
    if said and any(number(said, "ChannelSampleCountTotal", path) != len(c.mv) for c in channels):
        raise InputError(f"{path}: says {said} samples a lead, but holds {', '.join(str(len(c.mv)) for c in channels)}")
    fs_hz = number(text_of(strip, "SampleRate"), "SampleRate", path)
    return [to_record(path, channels, fs_hz, _meta(root, options), derive=True)]


def _meta(root: Element, options: ReadOptions) -> dict[str, object]:
    person, device = root.find("PatientInfo"), root.find("ClinicalInfo/DeviceInfo")
    age = person.find("Age") if person is not None else None
    years = age is not None and age.get("units", "YEARS").upper() == "YEARS"
    names = (text_of(person, "Name/GivenName"), text_of(person, "Name/FamilyName"))
    return {
        "recorded_at": _time(root.find("ObservationDateTime")),
        "device": " ".join(word for word in (text_of(device, "Desc"), text_of(device, "SoftwareVer")) if word),
        "age": text_of(person, "Age") if years else "",
        "sex": {"MALE": "M", "FEMALE": "F"}.get(text_of(person, "Gender").upper(), ""),
        **patient(
            options,
            " ".join(n for n in names if n),
            text_of(person, "PID"),
            _time(person.find("BirthDateTime") if person is not None else None)[:10],
        ),
    }


def _time(place: Element | None) -> str:
    parts = [text_of(place, part) or "0" for part in ("Year", "Month", "Day", "Hour", "Minute", "Second")]
    try:
        return datetime(*(int(part) for part in parts)).isoformat()  # type: ignore[arg-type]
    except ValueError:
        return ""
