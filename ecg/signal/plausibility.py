"""What can be read from a recording but looks wrong."""

from __future__ import annotations

import numpy as np

from ecg.leads import LIMB, limb_residual_mv
from ecg.notes import Note
from ecg.record import Record

_FLAT_MV = 0.01
_LIMB_LIMIT = 0.5  # of their own size
_PLAUSIBLE_MV = (0.15, 12.0)  # what the lead that moves most spans, but for its extreme samples
_INNER_PERCENT = (0.5, 99.5)


def flat_leads(record: Record) -> list[str]:
    """The leads in which nothing moves or nothing is."""
    return [lead for lead, row in zip(record.leads, record.signal_mv, strict=True) if not _moves(row[np.isfinite(row)])]


def _moves(values: np.ndarray) -> bool:
    return values.size > 1 and bool(values.std() > _FLAT_MV)


def doubts_about(record: Record) -> list[Note]:
    """What can be read but looks wrong: no signal, a unit that is not mV, lead names that contradict the signals."""
    spans_mv = [float(np.ptp(np.percentile(row, _INNER_PERCENT))) for row in map(_known, record.signal_mv) if row.size]
    if not spans_mv:
        return [Note("no-signal", "the recording holds no value at all")]
    if doubt := _doubt_of_unit(max(spans_mv)):
        return [doubt]
    residual_mv = limb_residual_mv(record.signal_mv, record.leads)
    if residual_mv > _LIMB_LIMIT * _size_mv(record):
        text = f"the limb leads contradict each other by {residual_mv:.2f} mV: lead names swapped, or leads misread"
        return [Note("limb-leads-contradict", text)]
    return []


def _known(row: np.ndarray) -> np.ndarray:
    return row[np.isfinite(row)]


def _doubt_of_unit(span_mv: float) -> Note | None:
    low, high = _PLAUSIBLE_MV
    if span_mv > high:
        return Note("unit-doubtful", f"spans {span_mv:.0f} mV: the values look like uV or raw counts, not mV")
    if span_mv == 0:
        return Note("no-signal", "nothing moves in any lead: the recording is flat")
    if span_mv < low:
        text = f"spans {span_mv:.2g} mV, too little for an ECG: the values look like V, not mV, or no heart is there"
        return Note("unit-doubtful", text)
    return None


def _size_mv(record: Record) -> float:
    """How far the limb leads are from their usual level on average; the least that counts is 0.02 mV."""
    rows = [record[lead] for lead in record.leads if lead in LIMB]
    sizes = [float(np.nanmean(np.abs(row - np.nanmedian(row)))) for row in rows if np.isfinite(row).any()]
    return max(0.02, float(np.mean(sizes))) if sizes else float("inf")
