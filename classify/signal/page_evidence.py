"""Whether what was read from a page is an ECG, by its names or by its scale and limb leads, and a whole one."""

from __future__ import annotations

from classify.diagnosis import reason
from classify.signal.quality import LIMITS
from ecg.leads import LIMB, MAX_LIMB_SHARE, PRECORDIAL, limb_law_share
from ecg.notes import Note
from ecg.reading import Reading


def reasons_of_page(reading: Reading) -> list[Note]:
    """Why what was read from a page is not diagnosed, whatever its signal looks like; empty where it can be."""
    codes = {note.code for note in reading.notes}
    reasons = []
    if "names-not-recognised" in codes:
        share = limb_law_share(reading.record.signal_mv, reading.record.leads)
        lacking = ["lead names"]
        if {"speed-assumed", "gain-assumed"} <= codes:
            lacking.append("scale")
        if not share < MAX_LIMB_SHARE:
            lacking.append("limb leads that add up (I + III = II)")
        if len(lacking) > 1:
            reasons.append(f"nothing tells that the page is an ECG: no {', no '.join(lacking)}; give --layout if it is")
    shown = [lead for lead, confidence in reading.confidence.items() if confidence >= LIMITS.min_confidence]
    for group, what, other in ((LIMB, "limb", "chest"), (PRECORDIAL, "chest", "limb")):
        if shown and set(shown) <= set(group):
            reasons.append(f"only {what} leads can be read, which rules nothing out: the {other} leads are missing")
    return [reason(words) for words in reasons]
