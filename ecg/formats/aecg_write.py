"""HL7 annotated ECG (aECG), written: valid by the schemas of December 2003, one sequence set for each printed span."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from ecg.files import write_text
from ecg.formats import identity
from ecg.formats.counts import in_microvolts, to_code
from ecg.formats.lead_codes import mdc_name
from ecg.formats.moment import began_at
from ecg.formats.spans import rows_by_span
from ecg.record import Record

_HL7, _XSI = "urn:hl7-org:v3", "{http://www.w3.org/2001/XMLSchema-instance}type"
_MDC = {"codeSystem": "2.16.840.1.113883.6.24", "codeSystemName": "MDC"}
_ACT = {"codeSystem": "2.16.840.1.113883.5.4", "codeSystemName": "ActCode"}
_OURS = {"codeSystem": "2.25.203938469031137291204183563218407571290", "codeSystemName": "Galvano"}
SAMPLES_CODE, START_CODE, LEADS_CODE = "GALVANO_SAMPLES", "GALVANO_START", "GALVANO_LEADS"
_UNKNOWN = {"nullFlavor": "UNK"}


def write(record: Record, path: Path) -> None:
    """Write a record in steps of 1 uV; leads and length that are not printed stand in control variables.

    Raises InputError for more than +-32.767 mV.
    """
    counts, printed = in_microvolts(record, path)
    root = Element("AnnotatedECG", {"xmlns": _HL7, "type": "Observation"})
    _sub(root, "id", root=_stable_id(record, "document"))
    _sub(root, "code", code="93000", codeSystem="2.16.840.1.113883.6.12", codeSystemName="CPT-4")
    _period(root, record)
    _add_subject(root, record.meta)
    _add_age(root, record.meta)
    series = _sub(_sub(root, "component"), "series")
    _sub(series, "id", root=_stable_id(record, "series"))
    _sub(series, "code", code="RHYTHM", **_ACT)
    _period(series, record)
    _add_device(series, record.meta)
    _add_extent(series, record)
    for (a, b), rows in (rows_by_span(printed) or {(0, 0): []}).items():
        _add_set(series, record, a, {record.leads[row]: counts[row, a:b] for row in rows})
    indent(root, " ")
    write_text(path, '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n")


def _sub(parent: Element, tag: str, **attributes: str) -> Element:
    return SubElement(parent, tag, attributes)


def _value(parent: Element, kind: str, **attributes: str) -> Element:
    return SubElement(parent, "value", {_XSI: kind, **attributes})


def _stable_id(record: Record, part: str) -> str:
    """A UUID that follows from the record, so that one record makes one file."""
    seed = f"{record.leads} {record.fs_hz!r} {record.start_s!r} {dict(record.meta)!r}"
    return str(uuid.uuid5(uuid.UUID(bytes=_digest(record)), f"{part} {seed}"))


def _digest(record: Record) -> bytes:
    return uuid.uuid5(uuid.NAMESPACE_OID, record.signal_mv.tobytes().hex()).bytes


def _period(parent: Element, record: Record) -> None:
    began = began_at(record.meta)
    if began is None:
        _sub(parent, "effectiveTime", **_UNKNOWN)
        return
    time = _sub(parent, "effectiveTime")
    end = began + timedelta(seconds=record.start_s + record.duration_s)
    _sub(time, "low", value=_stamp(began), inclusive="true")
    _sub(time, "high", value=_stamp(end), inclusive="false")


def _stamp(time: datetime) -> str:
    fraction = f"{time.microsecond:06d}".removesuffix("000")
    return f"{time:%Y%m%d%H%M%S}.{fraction}{time:%z}"


def _add_subject(root: Element, meta: Mapping[str, object]) -> None:
    """The subject whom the schema wants, without a name or number unless they were asked for on reading."""
    name, number, birth = identity.of(meta)
    timepoint = _sub(_sub(root, "componentOf"), "timepointEvent")
    assignment = _sub(_sub(timepoint, "componentOf"), "subjectAssignment")
    subject = _sub(_sub(assignment, "subject"), "trialSubject")
    _sub(subject, "id", **({"root": _OURS["codeSystem"], "extension": number} if number else _UNKNOWN))
    person = _sub(subject, "subjectDemographicPerson")
    if name:
        _sub(person, "name").text = name
    sex = str(meta.get("sex", "")).upper()[:1]
    if sex in ("M", "F"):
        _sub(person, "administrativeGenderCode", code=sex, codeSystem="2.16.840.1.113883.5.1")
    if birth:
        _sub(person, "birthTime", value=birth.replace("-", ""))
    trial = _sub(_sub(assignment, "componentOf"), "clinicalTrial")
    _sub(trial, "id", nullFlavor="NA")


def _add_age(root: Element, meta: Mapping[str, object]) -> None:
    age = str(meta.get("age", ""))
    if age.replace(".", "", 1).isdigit():
        seen = _sub(_sub(root, "controlVariable"), "relatedObservation")
        _sub(seen, "code", code="21612-7", codeSystem="2.16.840.1.113883.6.1", codeSystemName="LOINC")
        _value(seen, "PQ", value=age, unit="a")


def _add_device(series: Element, meta: Mapping[str, object]) -> None:
    device = _sub(_sub(_sub(series, "author"), "seriesAuthor"), "manufacturedSeriesDevice")
    _sub(device, "manufacturerModelName").text = str(meta.get("device", "")) or "Galvano"


def _add_extent(series: Element, record: Record) -> None:
    for code, value, unit in ((SAMPLES_CODE, record.samples, "1"), (START_CODE, record.start_s, "s")):
        stated = _sub(_sub(series, "controlVariable"), "controlVariable")
        _sub(stated, "code", code=code, **_OURS)
        _value(stated, "PQ", value=to_code(value), unit=unit)
    leads = _sub(_sub(series, "controlVariable"), "controlVariable")
    _sub(leads, "code", code=LEADS_CODE, **_OURS)
    _value(leads, "ST").text = " ".join(record.leads)


def _add_set(series: Element, record: Record, first: int, rows: Mapping[str, np.ndarray]) -> None:
    found = _sub(_sub(series, "component"), "sequenceSet")
    time = _sub(_sub(found, "component"), "sequence")
    _sub(time, "code", code="TIME_RELATIVE", **_ACT)
    steps = _value(time, "GLIST_PQ")
    _sub(steps, "head", value=to_code(record.start_s + first / record.fs_hz), unit="s")
    _sub(steps, "increment", value=to_code(1 / record.fs_hz), unit="s")
    for lead, counts in rows.items():
        sequence = _sub(_sub(found, "component"), "sequence")
        _sub(sequence, "code", code=mdc_name(lead), **_MDC)
        value = _value(sequence, "SLIST_PQ")
        _sub(value, "origin", value="0", unit="uV")
        _sub(value, "scale", value="1", unit="uV")
        _sub(value, "digits").text = " ".join(map(str, counts.tolist()))
