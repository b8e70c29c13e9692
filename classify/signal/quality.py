"""Is there enough of a recording to diagnose? Which of its leads can be used, and what forbids an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classify.diagnosis import LeadQuality, reason
from classify.signal.preprocessing import DURATION_S
from ecg.leads import STANDARD, limb_residual_mv
from ecg.notes import Note
from ecg.record import Record


@dataclass(frozen=True)
class QualityLimits:
    """What a recording must have to be diagnosed; set by judgement, measured on pages by `classify.evaluate`."""

    min_leads: int = 6  # with fewer usable leads no diagnosis is given: half of the twelve
    min_signal_s: float = 5.0  # with fewer seconds in which any lead is printed no diagnosis is given
    min_lead_s: float = 0.8  # a lead that is printed shorter is not used: a 0.5 Hz high-pass leaves nothing of it
    max_flat_sd_mv: float = 0.01  # a lead whose standard deviation is not above this is flat, and not used
    min_confidence: float = 0.5  # below this most of a lead's reading is uncertain, and it is not used
    max_limb_residual_mv: float = 0.15  # above this the limb leads contradict each other, which is only warned of


LIMITS = QualityLimits()


def lead_qualities(record: Record, confidence: Mapping[str, float]) -> tuple[LeadQuality, ...]:
    """Every standard lead, in standard order, and the reason why it is not used, if any."""
    return tuple(_lead_quality(record.select([lead]), lead, confidence.get(lead, float("nan"))) for lead in STANDARD)


def _lead_quality(record: Record, lead: str, confidence: float) -> LeadQuality:
    values = record[lead][np.isfinite(record[lead])]
    printed_s = values.size / record.fs_hz
    spread_mv = float(values.std()) if values.size else float("nan")
    quality = LeadQuality(lead, printed_s, spread_mv, confidence)
    return judged(quality)


def judged(lead: LeadQuality) -> LeadQuality:
    """The lead with the reason why it is not used, if any."""
    return replace(lead, trouble=_trouble(lead))


def _trouble(lead: LeadQuality) -> str:
    if lead.printed_s == 0:
        return "not printed"
    if lead.printed_s < LIMITS.min_lead_s:
        return f"only {lead.printed_s:.1f} s"
    if lead.spread_mv <= LIMITS.max_flat_sd_mv:
        return "flat"
    if lead.confidence < LIMITS.min_confidence:
        return f"read with a confidence of {lead.confidence:.0%}"
    return ""


def usable(leads: Sequence[LeadQuality]) -> tuple[str, ...]:
    """The names of the leads without trouble."""
    return tuple(lead.lead for lead in leads if not lead.trouble)


def signal_quality(record: Record, leads: Sequence[LeadQuality]) -> dict[str, float]:
    """Of the usable leads: their number, the seconds in which any is printed, the printed part of 12 x 10 s.

    Of all leads: the mean absolute residual of the limb laws, and the mean confidence (NaN for what was not read).
    """
    names = usable(leads)
    printed = np.isfinite(record.select(names).signal_mv) if names else np.zeros((1, record.samples), bool)
    confidence = [lead.confidence for lead in leads if lead.confidence == lead.confidence]
    return {
        "leads": float(len(names)),
        "seconds": float(printed.any(0).sum() / record.fs_hz),
        "printed": min(1.0, float(printed.sum() / record.fs_hz / (len(STANDARD) * DURATION_S))),
        "limb_residual_mv": limb_residual_mv(record.signal_mv, record.leads),
        "confidence": float(np.mean(confidence)) if confidence else float("nan"),
    }


def reasons_to_abstain(leads: Sequence[LeadQuality], quality: Mapping[str, float]) -> list[Note]:
    """Why no diagnosis can be given; empty where one can."""
    reasons, names = [], usable(leads)
    if len(names) < LIMITS.min_leads:
        listed = ", ".join(names) or "none"
        reasons.append(f"{len(names)} usable leads ({listed}), at least {LIMITS.min_leads} are needed")
    if names and quality["seconds"] < LIMITS.min_signal_s:
        reasons.append(f"{quality['seconds']:.1f} s of signal, at least {LIMITS.min_signal_s:.0f} s are needed")
    return [reason(words) for words in reasons]


def quality_notes(leads: Sequence[LeadQuality], quality: Mapping[str, float]) -> list[Note]:
    """What does not forbid a diagnosis but should be known: leads that are not used, limb leads that contradict."""
    if not usable(leads):
        return []
    by_trouble: dict[str, list[str]] = {}
    for lead in leads:
        if lead.trouble:
            by_trouble.setdefault(lead.trouble, []).append(lead.lead)
    notes = [Note("not-used", f"not used: {', '.join(names)} ({trouble})") for trouble, names in by_trouble.items()]
    if quality["limb_residual_mv"] > LIMITS.max_limb_residual_mv:
        residual = f"{quality['limb_residual_mv']:.2f} mV on average"
        text = f"the limb leads contradict each other by {residual}: misread, misnamed or scaled one by one"
        notes.append(Note("limb-leads-contradict", text))
    return notes
