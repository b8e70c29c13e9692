"""Devices' own formats that the package ecgdatakit decodes: Philips, Mortara, SCP-ECG, ISHNE, MFER."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg.files import InputError
from ecg.formats.channels import Channel, check_size, to_record
from ecg.formats.format import MAX_BINARY_BYTES, ReadOptions, head_text, read_bytes
from ecg.formats.identity import patient
from ecg.formats.spans import runs
from ecg.leads import is_known
from ecg.paper import PULSE_MV
from ecg.record import Record

if TYPE_CHECKING:
    from ecgdatakit.models import ECGRecord, Lead

_LEAST_PULSE_S, _MOST_PULSE_S = 0.1, 0.4
_SHORTEST_ZERO_GAP_S = 0.5
_ISHNE_FAULT = -32768
_NULL_IS_ZERO = b"\x12\x02\0\0"  # MFER's tag for "nothing here", two bytes long
_MORTARA_WORDS = ("ACQUISITION_TIME", "<CHANNEL", "<TYPICAL_CYCLE", "<SUBJECT")
_CUT_OFF = ("missing sample(s)", "no waveform data", "dropped", "odd number of data bytes")  # as ecgdatakit warns


def is_philips(head: bytes, path: Path) -> bool:
    return "<restingecgdata" in head_text(head)


def is_mortara(head: bytes, path: Path) -> bool:
    text = head_text(head)
    return ("<ECG " in text or "<ECG>" in text) and any(word in text for word in _MORTARA_WORDS)


def is_scp(head: bytes, path: Path) -> bool:
    """Section 0 follows the six bytes of checksum and length, and names itself first."""
    return len(head) >= 32 and head[8:10] == b"\0\0" and head[22:24] == b"\0\0" and head[28:32] == b"\7\0\0\0"


def is_ishne(head: bytes, path: Path) -> bool:
    return head[:8] == b"ISHNE1.0"


def is_mfer(head: bytes, path: Path) -> bool:
    return head[:1] == b"\x40" and head[2:6] == b"MFR "


def reader(kind: str) -> Callable[[Path, ReadOptions], list[Record]]:
    """A reader of files that ecgdatakit calls `kind`; it refuses any other."""
    return partial(_read, kind)


def _read(kind: str, path: Path, options: ReadOptions) -> list[Record]:
    found = _decoded(kind, path)
    leads = [lead for lead in found.leads if is_known(lead.label)]
    rates = {float(lead.sampling_rate) for lead in leads}
    if len(rates) > 1:
        raise InputError(f"{path}: leads at several rates: {', '.join(f'{rate:g} Hz' for rate in sorted(rates))}")
    exact = found.raw_metadata.get("sampling_rates") or [0.0]  # the leads' own are rounded to whole Hz
    fs_hz = float(exact[0]) if rates and abs(exact[0] - max(rates)) < 0.5 else max(rates, default=1.0)
    check_size(path, fs_hz, sum(len(lead.samples) for lead in leads))
    channels = [Channel(lead.label, _millivolts(path, lead)) for lead in found.leads]
    if kind == "mfer":
        channels = _with_zeros(path, channels, fs_hz)
    record = to_record(path, channels, fs_hz, _meta(found, options), derive=True)
    return [without_pulse(record) if kind == "sierra_xml" else record]


def _decoded(kind: str, path: Path) -> ECGRecord:
    from ecgdatakit import FileParser
    from ecgdatakit.exceptions import ECGDataKitError

    read_bytes(path, MAX_BINARY_BYTES)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = FileParser.parse(path, units="mV")
    except ECGDataKitError as error:
        raise InputError(f"{path}: {error}") from error
    if found.source_format != kind:
        raise InputError(f"{path}: looks like {found.source_format}, expected {kind}")
    cut = [str(w.message) for w in caught if any(words in str(w.message) for words in _CUT_OFF)]
    claimed, there = found.raw_metadata.get("ecg_size", 0), found.raw_metadata.get("samples_per_lead", 0)
    if cut or (kind == "ishne_holter" and claimed not in (there, there * len(found.leads)) and claimed > there):
        raise InputError(f"{path}: is cut off ({cut[0] if cut else f'{there} samples a lead of {claimed}'})")
    return found


def _millivolts(path: Path, lead: Lead) -> np.ndarray:
    """The samples [sample], NaN where ISHNE flags a fault of the lead."""
    if is_known(lead.label) and (lead.is_raw or lead.units != "mV"):
        raise InputError(f"{path}: lead {lead.label} states no gain, so its values are not in mV")
    samples = np.asarray(lead.samples, dtype=np.float64)
    if lead.adc_resolution_unit == "nV" and lead.adc_resolution:
        fault_mv = _ISHNE_FAULT * lead.adc_resolution * 1e-6
        samples = np.where(np.isclose(samples, fault_mv, rtol=1e-9, atol=0), np.nan, samples)
    return samples


def _with_zeros(path: Path, channels: list[Channel], fs_hz: float) -> list[Channel]:
    """Zeros for short gaps in a file whose "nothing here" is 0, which is also a voltage."""
    if _NULL_IS_ZERO not in path.read_bytes()[:4096]:
        return channels
    least = round(_SHORTEST_ZERO_GAP_S * fs_hz)
    filled = []
    for channel in channels:
        mv = channel.mv.copy()
        for a, b in runs(np.isnan(mv)):
            if b - a < least:
                mv[a:b] = 0.0
        filled.append(Channel(channel.name, mv))
    return filled


def without_pulse(record: Record) -> Record:
    """The record up to where all leads at once go flat, rise by the calibration pulse, and stay flat to the end."""
    signal = record.signal_mv
    together = (signal == signal[:1]).all(axis=0)
    first = record.samples - int(np.argmin(together[::-1])) if not together.all() else 0
    tail = signal[0, first:]
    high = np.flatnonzero(tail)
    if not (len(record.leads) > 1 and high.size and high[0] > 0):
        return record
    is_pulse = (
        np.ptp(high) + 1 == high.size
        and np.ptp(tail[high]) == 0
        and _LEAST_PULSE_S <= high.size / record.fs_hz <= _MOST_PULSE_S
        and abs(tail[high[0]] - PULSE_MV) < 0.01
    )
    return replace(record, signal_mv=signal[:, :first]) if is_pulse else record


def _meta(found: ECGRecord, options: ReadOptions) -> dict[str, object]:
    person, recording = found.patient, found.recording
    names = [name for name in (person.first_name, person.last_name) if name]
    birth = person.birth_date.date().isoformat() if person.birth_date else ""
    device = (recording.device.manufacturer, recording.device.model)
    return {
        "recorded_at": recording.date.isoformat() if recording.date and recording.date.year > 1900 else "",
        "device": " ".join(word for word in device if word),
        "age": str(person.age) if person.age is not None else "",
        "sex": person.sex if person.sex in ("M", "F") else "",
        **patient(options, " ".join(names), person.patient_id, birth),
    }
