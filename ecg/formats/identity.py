"""Who the patient is: into `Record.meta` only when asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TypeVar

from ecg.formats.format import ReadOptions
from ecg.formats.wfdb_recording import WfdbRecording
from ecg.record import Record

One = TypeVar("One", Record, WfdbRecording)
NAME, ID, BIRTH = "patient_name", "patient_id", "birth_date"
# As the comments of WFDB headers and the columns of tables spell them, in lower case, with _ for what is no letter.
_OTHER_WORDS = {
    "name", "first_name", "last_name", "surname", "given_name", "family_name", "patient", "patient_s_name",
    "patientname", "patientid", "id", "pid", "mrn", "patient_number", "dob", "birthdate", "birthday", "date_of_birth",
    "patient_birth_date", "social_security_number", "ssn", "address", "phone", "email", "insurance_number",
}  # fmt: skip


def patient(options: ReadOptions, name: str, identifier: str, birth_date: str) -> dict[str, object]:
    """What a file says of its patient, under the keys of `Record.meta`; nothing unless asked. Birth dates are ISO."""
    return {NAME: name, ID: identifier, BIRTH: birth_date} if options.keep_identity else {}


def without_identity(record: One) -> One:
    """The same record without a patient's name, number, birth date or address."""
    kept = {key: value for key, value in record.meta.items() if not _is_identity(key)}
    return record if len(kept) == len(record.meta) else replace(record, meta=kept)


def _is_identity(key: str) -> bool:
    word = "".join(letter if letter.isalnum() else "_" for letter in key.lower()).strip("_")
    return word in (NAME, ID, BIRTH) or word in _OTHER_WORDS


def of(meta: Mapping[str, object]) -> tuple[str, str, str]:
    """(name, number, birth date) where they were asked for on reading, else empty texts."""
    return str(meta.get(NAME, "")), str(meta.get(ID, "")), _iso_day(str(meta.get(BIRTH, "")))


def _iso_day(text: str) -> str:
    """The day as ISO writes it, "" for any other text."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
