"""What can be read from a recording but looks wrong."""

from __future__ import annotations

import numpy as np

from ecg.leads import LIMB, limb_residual_mv
from ecg.record import Record

_FLAT_MV = 0.01
_LIMB_LIMIT = 0.5  # of their own size
_LARGEST_PLAUSIBLE_MV = 20.0


def flat_leads(record: Record) -> list[str]:
    """The leads in which nothing moves or nothing is."""
    return [lead for lead, row in zip(record.leads, record.signal_mv, strict=True) if not _moves(row[np.isfinite(row)])]


def _moves(values: np.ndarray) -> bool:
    return values.size > 1 and bool(values.std() > _FLAT_MV)


def doubts_about(record: Record) -> list[str]:
    """What can be read but looks wrong: a unit that is not mV, lead names that contradict the signals."""
    known = record.signal_mv[np.isfinite(record.signal_mv)]
    spread_mv = float(np.ptp(np.percentile(known, (1, 99)))) if known.size else 0.0
    if spread_mv > _LARGEST_PLAUSIBLE_MV:
        return [f"spans {spread_mv:.0f} mV: the values look like uV or raw counts, not mV"]
    residual_mv = limb_residual_mv(record.signal_mv, record.leads)
    if residual_mv > _LIMB_LIMIT * _size_mv(record):
        return [f"the limb leads contradict each other by {residual_mv:.2f} mV: lead names swapped, or leads misread"]
    return []


def _size_mv(record: Record) -> float:
    """How far the limb leads are from their usual level on average; the least that counts is 0.02 mV."""
    rows = [record[lead] for lead in record.leads if lead in LIMB]
    sizes = [float(np.nanmean(np.abs(row - np.nanmedian(row)))) for row in rows if np.isfinite(row).any()]
    return max(0.02, float(np.mean(sizes))) if sizes else float("inf")
