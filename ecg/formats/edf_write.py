"""EDF+ and BDF+, written: zeros where nothing is printed, and annotations that say what is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from ecg.files import InputError, atomic_path
from ecg.formats import identity
from ecg.formats.counts import LARGEST_UV, in_microvolts, to_code
from ecg.formats.moment import began_at
from ecg.formats.spans import rows_by_span
from ecg.record import Record

PRINTED, LENGTH, START, MOMENT = "printed ", "samples ", "start_s ", "recorded_at "  # what the annotations begin with
_SEXES: Mapping[str, Literal["F", "M"]] = {"F": "F", "M": "M"}
_FIRST_YEAR, _LAST_YEAR = 1985, 2084  # of which EDF writes two digits
_LONGEST_RECORD_S = 60
_MOST_RECORD_SAMPLES = 30_000  # of one lead: EDF advises 61,440 bytes for all


def write_edf(record: Record, path: Path) -> None:
    """Write EDF+C in steps of 1 uV. Raises InputError for more than +-32.767 mV or an odd rate."""
    from edfio import Edf, EdfSignal

    _write(record, path, Edf, EdfSignal)


def write_bdf(record: Record, path: Path) -> None:
    """Write BDF+C, as `write_edf`."""
    from edfio import Bdf, BdfSignal

    _write(record, path, Bdf, BdfSignal)


def _write(record: Record, path: Path, container: type, signal: type) -> None:
    from edfio import EdfAnnotation, Patient, Recording

    counts, printed = in_microvolts(record, path)
    if not record.samples:
        raise InputError(f"{path}: this record has no samples, so there is nothing to write")
    per_record, record_s = _data_record(record, path)
    padded = np.pad(counts, [(0, 0), (0, -record.samples % per_record)])
    limits = (-LARGEST_UV, LARGEST_UV)
    signals = [
        signal(row.astype(float), record.fs_hz, label=f"ECG {lead}", physical_dimension="uV",
               physical_range=limits, digital_range=limits)
        for lead, row in zip(record.leads, padded, strict=True)
    ]  # fmt: skip
    began = began_at(record.meta)
    if began and not _FIRST_YEAR <= began.year <= _LAST_YEAR:
        began = None  # an annotation says it
    name, number, birth = identity.of(record.meta)
    sex = str(record.meta.get("sex", "")).upper()[:1]
    device = str(record.meta.get("device", ""))
    made = container(
        signals,
        patient=Patient(
            code=_word(number, 20), sex=_SEXES.get(sex) or "X", name=_word(name, 40),
            birthdate=datetime.fromisoformat(birth).date() if birth else None,
        ),
        recording=Recording(startdate=began.date() if began else None, equipment_code=_word(device, 50)),
        starttime=began.time() if began else None,
        data_record_duration=record_s,
        annotations=[EdfAnnotation(*a) for a in _annotations(record, printed)],
    )  # fmt: skip
    with atomic_path(path) as temporary:
        made.write(temporary)


def _data_record(record: Record, path: Path) -> tuple[int, float]:
    """(samples, seconds) of a data record whose length eight characters state exactly; the shortest from 1 s on."""
    rate = Fraction(record.fs_hz).limit_denominator(10_000)
    for samples in range(1, _MOST_RECORD_SAMPLES):
        seconds = samples / rate
        whole = Fraction(to_code(float(seconds)))
        if seconds >= 1 and whole == seconds and len(to_code(float(seconds))) <= 8:
            return samples, float(seconds)
        if seconds > _LONGEST_RECORD_S:
            break
    raise InputError(f"{path}: no data record of EDF fits a rate of {record.fs_hz:g} Hz; resample it first")


def _annotations(record: Record, printed: np.ndarray) -> Iterator[tuple[float, float | None, str]]:
    """The true length and start; and what is printed when, unless all leads are all the time."""
    yield 0.0, None, f"{LENGTH}{record.samples}"
    if record.start_s:
        yield 0.0, None, f"{START}{to_code(record.start_s)}"
    if (began := began_at(record.meta)) and not _FIRST_YEAR <= began.year <= _LAST_YEAR:
        yield 0.0, None, f"{MOMENT}{began.isoformat()}"
    if printed.all():
        return
    for (a, b), rows in (rows_by_span(printed) or {(0, 0): []}).items():
        leads = ", ".join(record.leads[row] for row in rows) or "nothing"
        yield round(a / record.fs_hz, 6), round((b - a) / record.fs_hz, 6), f"{PRINTED}{leads}"


def _word(text: str, most: int) -> str:
    """ASCII without spaces and not too long, as the fields of an EDF+ header want it; X where nothing is known."""
    return "".join(letter if "!" <= letter <= "~" else "_" for letter in text.strip())[:most] or "X"
