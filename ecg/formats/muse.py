"""GE MUSE XML (RestingECG): the rhythm waveform; four limb leads follow from the eight that are stored."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from ecg.files import InputError
from ecg.formats.channels import Channel, mv_per_unit, number, to_record
from ecg.formats.format import ReadOptions
from ecg.formats.identity import patient
from ecg.formats.xml_tree import parse, root_is, text_of
from ecg.record import Record

_MISSING = -32768  # what the device stores while an electrode is off


def recognises(head: bytes, path: Path) -> bool:
    return root_is(head, "RestingECG>") or root_is(head, "RestingECG ")


def read(path: Path, options: ReadOptions) -> list[Record]:
    """The recording's rhythm, never its median beat.

    Raises InputError where it is missing, or where a lead's samples are fewer or more than it says.
    """
    root = parse(path)
    waveform = _rhythm(root, path)
    base = number(text_of(waveform, "SampleBase"), "SampleBase", path)
    exponent = number(text_of(waveform, "SampleExponent") or "0", "SampleExponent", path)
    if not -12 <= exponent <= 12:
        raise InputError(f"{path}: SampleExponent {exponent:g} is no power of a sampling rate")
    channels = [_channel(lead, path) for lead in waveform.findall("LeadData")]
    return [to_record(path, channels, base * 10**exponent, _meta(root, options), derive=True)]


def _rhythm(root: Element, path: Path) -> Element:
    found = [w for w in root.findall("Waveform") if text_of(w, "WaveformType").lower() == "rhythm"]
    if len(found) != 1:
        raise InputError(f"{path}: expected one rhythm waveform, got {len(found)}")
    return found[0]


def _channel(lead: Element, path: Path) -> Channel:
    name = text_of(lead, "LeadID")
    size = text_of(lead, "LeadSampleSize") or "2"
    if size != "2":
        raise InputError(f"{path}: lead {name} has samples of {size} bytes; expected 2")
    try:
        raw = base64.b64decode("".join(text_of(lead, "WaveFormData").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"{path}: the samples of lead {name} are not base64 ({error})") from error
    said = int(number(text_of(lead, "LeadSampleCountTotal"), "LeadSampleCountTotal", path))
    if len(raw) != 2 * said:
        raise InputError(f"{path}: lead {name} says {said} samples, but holds {len(raw) / 2:g}")
    offset = int(number(text_of(lead, "LeadOffsetFirstSample") or "0", "LeadOffsetFirstSample", path))
    if offset:
        raise InputError(f"{path}: lead {name} begins {offset} samples late, which is not read")
    per_bit = number(text_of(lead, "LeadAmplitudeUnitsPerBit"), "LeadAmplitudeUnitsPerBit", path)
    scale = per_bit * mv_per_unit(text_of(lead, "LeadAmplitudeUnits"), path)
    counts = np.frombuffer(raw, "<i2").astype(np.float64)
    return Channel(name, np.where(counts == _MISSING, np.nan, counts * scale))


def _meta(root: Element, options: ReadOptions) -> dict[str, object]:
    person, test = root.find("PatientDemographics"), root.find("TestDemographics")
    names = (text_of(person, "PatientFirstName"), text_of(person, "PatientLastName"))
    years = text_of(person, "AgeUnits").upper() in ("YEARS", "")
    birth = _time(text_of(person, "DateofBirth"), "", "%m-%d-%Y")
    return {
        "recorded_at": _time(text_of(test, "AcquisitionDate"), text_of(test, "AcquisitionTime"), "%m-%d-%Y"),
        "device": text_of(test, "AcquisitionDevice"),
        "age": text_of(person, "PatientAge") if years else "",
        "sex": text_of(person, "Gender")[:1].upper(),
        **patient(options, " ".join(n for n in names if n), text_of(person, "PatientID"), birth[:10]),
    }


def _time(date: str, time: str, form: str) -> str:
    try:
        return datetime.strptime(f"{date} {time or '00:00:00'}", f"{form} %H:%M:%S").isoformat()
    except ValueError:
        return ""
