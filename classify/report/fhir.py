"""A diagnosis as a FHIR DiagnosticReport that holds the recording as its Observation."""

from __future__ import annotations

from pathlib import Path

from classify.diagnosis import Diagnosis, Label
from ecg.files import JsonObject
from ecg.formats.fhir import REPORT_ENDING, observation
from ecg.record import Record

ENDING = REPORT_ENDING
_NOT_CONFIRMED = "preliminary"  # a program's answer, which no physician has seen
_KEPT_BY_THE_REPORT = ("code", "subject", "effectiveDateTime")


def diagnostic_report(diagnosis: Diagnosis, record: Record, path: str | Path, release: str = "R4") -> JsonObject:
    """The report as plain JSON types; `release` is "R4" or "R5". Raises InputError as `fhir.observation`."""
    ecg = observation(record, path, release)
    report: JsonObject = {"resourceType": "DiagnosticReport", "status": _NOT_CONFIRMED}
    report |= {key: ecg[key] for key in _KEPT_BY_THE_REPORT if key in ecg}
    report["contained"] = [*ecg.pop("contained", []), {**ecg, "id": "ecg"}]
    report["result"] = [{"reference": "#ecg"}]
    report["conclusion"] = _conclusion(diagnosis)
    if codes := [{"text": label.title} for label in diagnosis.predicted]:
        report["conclusionCode"] = codes
    return report


def _conclusion(diagnosis: Diagnosis) -> str:
    found = [_in_words(label) for label in diagnosis.predicted] or ["no diagnosis was made"]
    warnings = [text.rstrip(".") for text in diagnosis.warnings]
    return ". ".join(part for part in ("; ".join(found), *warnings, diagnosis.weights) if part)


def _in_words(label: Label) -> str:
    return f"{label.title} (probability {label.probability:.2f})"
