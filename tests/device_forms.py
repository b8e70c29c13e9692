"""Files as devices write them, made anew for tests: watches, Mortara, ISHNE, MFER, MUSE, DICOM of several groups."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence

import numpy as np

WATCHES: Mapping[str, Sequence[str]] = {  # what an Apple Watch writes in several languages, before its samples
    "en": (
        "Name,Ada Lovelace", "Date of Birth,1815-12-10", "Recorded Date,2020-02-03 04:05:06 +0100",
        "Classification,Sinus Rhythm", "Symptoms,", "Software Version,1.90", 'Device,"Watch6,1"',
        "Sample Rate,512 hertz", "", "Lead,Lead I", "Unit,µV", "",
    ),
    "de": (
        "Name,Ada Lovelace", "Geburtsdatum,1815-12-10", "Aufzeichnungsdatum,2020-02-03 04:05:06 +0100",
        "Klassifizierung,Sinusrhythmus", "Symptome,", "Softwareversion,1.90", 'Gerät,"Watch6,1"',
        "Abtastrate,512 Hertz", "", "Ableitung,Ableitung I", "Einheit,µV", "",
    ),
    "zh": (
        "姓名,Ada Lovelace", "出生日期,1815-12-10", "记录日期,2020-02-03 04:05:06 +0100", "分类,窦性心律",
        "采样率,512赫兹", "", "导联,导联 I", "单位,µV", "",
    ),
}  # fmt: skip


def watch_csv(language: str, uv: Sequence[float]) -> str:
    """An Apple Watch's CSV; the German one has decimal commas and a minus sign of its own."""
    lines = [f"{value:.3f}" for value in uv]
    if language == "de":
        lines = [line.replace(".", ",").replace("-", "\N{MINUS SIGN}") for line in lines]
    return "\n".join([*WATCHES[language], *lines]) + "\n"


def mortara_xml(counts: Mapping[str, np.ndarray], per_mv: int = 400, fs_hz: int = 1000) -> str:
    """A Mortara ELI recording."""
    channels = "".join(
        f'<CHANNEL OFFSET="0" BITS="16" FORMAT="SIGNED" UNITS_PER_MV="{per_mv}" DURATION="{len(row)}" '
        f'SAMPLE_FREQ="{fs_hz}" NAME="{name}" ENCODING="BASE64" DATA="{_base64(row)}"/>'
        for name, row in counts.items()
    )
    head = '<ECG ACQUISITION_TIME="20200203040506" AGE="61" AGE_UNITS="YEARS">'
    subject = '<SUBJECT LAST_NAME="Lovelace" FIRST_NAME="Ada" ID="4711" GENDER="Female" DOB="18151210"/>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{subject}{channels}</ECG>'


def _base64(counts: np.ndarray) -> str:
    return base64.b64encode(counts.astype("<i2").tobytes()).decode()


def ishne(counts: np.ndarray, leads: Sequence[int], nanovolts: int = 2500, fs_hz: int = 200) -> bytes:
    """An ISHNE Holter; `counts` is [lead, sample], `leads` are the numbers of the standard (5 is I, 11 is V1)."""
    block = bytearray(512)

    def put(place: int, kind: str, *values: int) -> None:
        struct.pack_into(f"<{kind}", block, place - 10, *values)

    put(10, "4i", 0, counts.shape[1], 522, 522)
    put(26, "h", 1)
    block[18 : 18 + 3] = b"Ada"
    block[58 : 58 + 8] = b"Lovelace"
    put(128, "h", 2)
    put(138, "3h", 3, 2, 2020)
    put(150, "3h", 4, 5, 6)
    fill = [-9] * (12 - len(leads))
    put(156, "h", len(leads))
    put(158, "12h", *leads, *fill)
    put(182, "12h", *[1] * len(leads), *fill)
    put(206, "12h", *[nanovolts] * len(leads), *fill)
    put(272, "h", fs_hz)
    return b"ISHNE1.0\0\0" + bytes(block) + counts.T.astype("<i2").tobytes()


def mfer(counts: np.ndarray, leads: Sequence[int], null: int | None = None, fs_hz: int = 500) -> bytes:
    """A MFER file of one frame in steps of 1 uV, little endian; `leads` are the numbers of the standard (1 is I)."""

    def tag(number: int, data: bytes) -> bytes:
        return bytes([number, len(data)]) + data

    head = tag(0x40, b"MFR Standard 12 leads ECG"[:32].ljust(32)) + tag(0x01, b"\1") + tag(0x05, bytes([len(leads)]))
    head += tag(0x04, struct.pack("<H", counts.shape[1])) + tag(0x06, struct.pack("<H", 1)) + tag(0x0A, b"\0")
    head += tag(0x0B, b"\0\0" + struct.pack("<H", fs_hz)) + tag(
        0x0C, b"\0" + struct.pack("<b", -6) + struct.pack("<H", 1)
    )
    if null is not None:
        head += tag(0x12, struct.pack("<h", null))
    for number, lead in enumerate(leads):
        head += bytes([0x3F, number]) + bytes([len(tag(0x09, bytes([lead])))]) + tag(0x09, bytes([lead]))
    data = counts.astype("<i2").tobytes()
    return head + b"\x1e\x84" + struct.pack(">I", len(data)) + data + b"\x80\0"


def muse_xml(counts: Mapping[str, np.ndarray], base: int = 500, exponent: int = 0, median: int = 300) -> str:
    """A GE MUSE recording: a median beat of zeros, then the rhythm, 4.88 uV a count."""
    waveforms = [("Median", {name: np.zeros(median, int) for name in counts}), ("Rhythm", counts)]
    parts = [_muse_waveform(kind, rows, base, exponent) for kind, rows in waveforms]
    doctype = '<!DOCTYPE RestingECG SYSTEM "restecg.dtd">'
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>\n{doctype}\n<RestingECG>{"".join(parts)}</RestingECG>'


def _muse_waveform(kind: str, rows: Mapping[str, np.ndarray], base: int, exponent: int) -> str:
    leads = "".join(
        f"<LeadData><LeadSampleCountTotal>{len(row)}</LeadSampleCountTotal>"
        "<LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits>"
        f"<LeadID>{name}</LeadID><LeadSampleSize>2</LeadSampleSize><WaveFormData>{_base64(row)}</WaveFormData></LeadData>"
        for name, row in rows.items()
    )
    head = f"<WaveformType>{kind}</WaveformType><SampleBase>{base}</SampleBase>"
    return f"<Waveform>{head}<SampleExponent>{exponent}</SampleExponent>{leads}</Waveform>"
