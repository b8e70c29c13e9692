"""FHIR: an Observation with SampledData for each lead, as R4 and as R5 spell it; `E` where nothing is printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from ecg.files import InputError, JsonMapping, JsonObject, write_text
from ecg.formats import identity
from ecg.formats.channels import Channel, mv_per_unit, to_record
from ecg.formats.counts import in_microvolts, to_code
from ecg.formats.format import MAX_TEXT_BYTES, ReadOptions, read_bytes
from ecg.formats.identity import patient
from ecg.formats.lead_codes import lead_of_code, mdc_name, mdc_number
from ecg.formats.moment import began_at
from ecg.leads import canonical, is_known
from ecg.record import Record

REPORT_ENDING = ".diagnosis.fhir.json"  # of a report on a recording, which it holds; no recording of its own
_MDC, _LOINC, _UCUM = "urn:iso:std:iso:11073:10101", "http://loinc.org", "http://unitsofmeasure.org"
_MS_PER_UNIT = {"ms": 1.0, "s": 1000.0, "us": 1e-3}
_START = "time of the first sample"
_NOTHING = ("E", "U", "L")  # an error, above and below what the device can measure
_SEXES = {"M": "male", "F": "female"}


def recognises(head: bytes, path: Path) -> bool:
    return head.lstrip()[:1] == b"{" and b'"resourceType"' in head


# --- reading ----------------------------------------------------------------------------------------------------------


def read(path: Path, options: ReadOptions) -> list[Record]:
    """Every Observation with leads in a resource, a bundle or a report, one record each.

    Raises InputError where there is none, for other units than voltages, and for leads at several rates.
    """
    try:
        data = json.loads(read_bytes(path, MAX_TEXT_BYTES))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error})") from error
    resources = list(_resources(data))
    people = [r for r in resources if r.get("resourceType") == "Patient"]
    found = [r for r in resources if r.get("resourceType") == "Observation" and _sampled(r)]
    if not found:
        raise InputError(f"{path}: no FHIR Observation with SampledData in this file")
    return [_record(path, observation, people[0] if people else {}, options) for observation in found]


def _resources(data: object) -> Iterator[JsonMapping]:
    if isinstance(data, dict):
        yield data
        inner = [*data.get("contained", []), *(entry.get("resource") for entry in data.get("entry", []))]
        for one in inner:
            yield from _resources(one)


def _sampled(observation: JsonMapping) -> list[JsonMapping]:
    """The observation itself or its components, whichever have samples."""
    return [part for part in (observation, *observation.get("component", [])) if "valueSampledData" in part]


def _record(path: Path, observation: JsonMapping, person: JsonMapping, options: ReadOptions) -> Record:
    parts = [(_name(part), part["valueSampledData"]) for part in _sampled(observation)]
    rates = {_rate(path, sampled) for name, sampled in parts if is_known(name)}
    if len(rates) > 1:
        raise InputError(f"{path}: leads at several rates: {', '.join(f'{rate:g} Hz' for rate in sorted(rates))}")
    channels = [Channel(name, _millivolts(path, name, data) if is_known(name) else np.empty(0)) for name, data in parts]
    starts = [part for part in observation.get("component", []) if part.get("code", {}).get("text") == _START]
    start_s = float(starts[0]["valueQuantity"]["value"]) if starts else 0.0
    meta = _meta(observation, person, options)
    return to_record(path, channels, max(rates, default=1.0), meta, start_s=start_s)


def _name(part: JsonMapping) -> str:
    code = part.get("code", {})
    words = [str(coding.get(key, "")) for coding in code.get("coding", []) for key in ("code", "display")]
    leads = [lead_of_code(word) for word in [*words, str(code.get("text", ""))] if word]
    return next((canonical(lead) for lead in leads if is_known(lead)), leads[-1] if leads else "unnamed")


def _rate(path: Path, sampled: JsonMapping) -> float:
    unit = "ms" if "period" in sampled else str(sampled.get("intervalUnit", ""))
    step = sampled.get("period", sampled.get("interval"))
    if unit not in _MS_PER_UNIT or not isinstance(step, int | float) or not 0 < step < float("inf"):
        raise InputError(f"{path}: samples {step!r} {unit!r} apart; expected a positive number of ms, s or us")
    rate = 1000 / (step * _MS_PER_UNIT[unit])
    near = round(rate, 2)
    return near if abs(near / rate - 1) < 1e-6 else rate


def _millivolts(path: Path, name: str, sampled: JsonMapping) -> np.ndarray:
    if sampled.get("dimensions") != 1:
        raise InputError(f"{path}: lead {name} has samples of {sampled.get('dimensions')!r} dimensions; expected 1")
    origin = sampled.get("origin", {})
    unit = mv_per_unit(str(origin.get("code") or origin.get("unit") or ""), path)
    words = ["nan" if word in _NOTHING else word for word in str(sampled.get("data", "")).split()]
    try:
        counts = np.array(words, dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{path}: lead {name} holds what is no number ({str(error)[:80]})") from error
    return (counts * float(sampled.get("factor", 1)) + float(origin.get("value", 0))) * unit


def _meta(observation: JsonMapping, person: JsonMapping, options: ReadOptions) -> dict[str, object]:
    names = person.get("name") or [{}]
    numbers = person.get("identifier") or [{}]
    full = names[0].get("text") or " ".join([*names[0].get("given", []), names[0].get("family", "")]).strip()
    sexes = {word: letter for letter, word in _SEXES.items()}
    return {
        "recorded_at": observation.get("effectiveDateTime") or observation.get("effectivePeriod", {}).get("start", ""),
        "device": observation.get("device", {}).get("display", ""),
        "sex": sexes.get(person.get("gender", ""), ""),
        **patient(options, full, str(numbers[0].get("value", "")), str(person.get("birthDate", ""))),
    }


# --- writing ----------------------------------------------------------------------------------------------------------


def _write(release: str, record: Record, path: Path) -> None:
    write_text(path, json.dumps(observation(record, path, release), indent=1, allow_nan=False) + "\n")


write_r4, write_r5 = partial(_write, "R4"), partial(_write, "R5")


def observation(record: Record, path: str | Path = "record", release: str = "R4") -> JsonObject:
    """The Observation as plain JSON types, in steps of 1 uV; `release` is "R4" or "R5".

    Raises InputError for a record without samples and for more than +-32.767 mV.
    """
    counts, printed = in_microvolts(record, path)
    if not record.samples:
        raise InputError(f"{path}: this record has no samples, so there is nothing to write")
    made: JsonObject = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [_coding("http://terminology.hl7.org/CodeSystem/observation-category", "procedure")]}],
        "code": {"coding": [_coding(_LOINC, "11524-6", "EKG study")]},
        "component": [
            _component(record, lead, row, there, release)
            for lead, row, there in zip(record.leads, counts, printed, strict=True)
        ],
    }
    if record.start_s:
        start = {"value": float(to_code(record.start_s)), "unit": "s", "system": _UCUM, "code": "s"}
        made["component"].append({"code": {"text": _START}, "valueQuantity": start})
    if began := began_at(record.meta):
        zoned = began if began.tzinfo else began.astimezone()  # FHIR wants a zone with a time of day
        made["effectiveDateTime"] = zoned.isoformat()
    if device := record.meta.get("device"):
        made["device"] = {"display": str(device)}
    if person := _patient(record.meta):
        made["contained"], made["subject"] = [person], {"reference": "#patient"}
    return made


def _coding(system: str, code: str, display: str = "") -> dict[str, str]:
    return {"system": system, "code": code} | ({"display": display} if display else {})


def _component(record: Record, lead: str, counts: np.ndarray, printed: np.ndarray, release: str) -> JsonObject:
    step = float(to_code(1000 / record.fs_hz))
    apart = {"period": step} if release == "R4" else {"interval": step, "intervalUnit": "ms"}
    sampled = {
        "origin": {"value": 0, "unit": "uV", "system": _UCUM, "code": "uV"},
        **apart,
        "factor": 1,
        "dimensions": 1,
        "data": " ".join(str(c) if there else "E" for c, there in zip(counts.tolist(), printed.tolist(), strict=True)),
    }
    code = {"coding": [_coding(_MDC, str(mdc_number(lead)), mdc_name(lead))], "text": f"Lead {lead}"}
    return {"code": code, "valueSampledData": sampled}


def _patient(meta: Mapping[str, object]) -> JsonObject:
    """What is known of the patient: the sex, and who it is where that was asked for on reading."""
    name, number, birth = identity.of(meta)
    sex = _SEXES.get(str(meta.get("sex", "")).upper()[:1], "")
    known = {
        "name": [{"text": name}] if name else [],
        "identifier": [{"value": number}] if number else [],
        "birthDate": birth,
        "gender": sex,
    }
    facts = {key: value for key, value in known.items() if value}
    return {"resourceType": "Patient", "id": "patient", **facts} if facts else {}
