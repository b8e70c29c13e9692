"""The leads in the code systems of hospitals.

ISO/IEEE 11073-10101 (MDC) numbers a lead 131072 + n, and DICOM writes it "2:n"; SCP-ECG has the same n.
"""

from __future__ import annotations

from collections.abc import Mapping

LEAD_NUMBERS: Mapping[str, int] = {
    "I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64,
}  # fmt: skip
_BY_NUMBER = {number: lead for lead, number in LEAD_NUMBERS.items()} | {65: "-aVR"}
_MDC_BASE, _POTENTIAL_BASE = 131072, 131328  # of a lead, and of the potential between its electrodes
_MDC_NAME = "MDC_ECG_LEAD_"
_SCP_CODE = "5.6.3-9-"


def mdc_number(lead: str) -> int:
    """131073 for lead I, and so on."""
    return _MDC_BASE + LEAD_NUMBERS[lead]


def mdc_name(lead: str) -> str:
    """MDC_ECG_LEAD_AVR for aVR, and so on."""
    return _MDC_NAME + (lead.upper() if lead.startswith("a") else lead)


def dicom_code(lead: str) -> str:
    """2:1 for lead I, and so on (DICOM context group 3001)."""
    return f"2:{LEAD_NUMBERS[lead]}"


def lead_of_code(code: str) -> str:
    """The lead of a code of any of these systems; a code that is none comes back as it is."""
    text = code.strip()
    if text.upper().startswith(_MDC_NAME):
        return text[len(_MDC_NAME) :]
    digits = text.removeprefix(_SCP_CODE).removeprefix("2:")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0
    base = next((base for base in (_POTENTIAL_BASE, _MDC_BASE) if number > base), 0)
    return _BY_NUMBER.get(number - base, text)
