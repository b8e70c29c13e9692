"""What is measured of a recording of any length, a part at a time: leads, quality, features, and what is odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classify.diagnosis import LeadQuality
from classify.features import ALL, NAMES, measure
from classify.features.beat_evidence import Evidence
from classify.features.core import rhythm
from classify.signal import quality
from classify.signal.preprocessing import DURATION_S
from ecg.notes import Note
from ecg.record import Record, Recording
from ecg.signal.plausibility import doubts_about

WHOLE_S, PART_S = 600.0, 300.0  # a longer recording is surveyed in parts
_RHYTHM = NAMES[4:]


@dataclass(frozen=True)
class Survey:
    """The standard leads, figures of quality, features by name, and notes of what looks wrong."""

    leads: tuple[LeadQuality, ...]
    figures: Mapping[str, float]
    features: Mapping[str, float]
    notes: tuple[Note, ...]


def survey(recording: Recording, confidence: Mapping[str, float], stride_s: float = DURATION_S) -> Survey:
    """Survey a recording; of a long one, parts of five minutes, as many of them as `stride_s` leaves of its windows.

    Features of a long recording are medians over its parts, those of the rhythm are of all intervals together.
    """
    if recording.duration_s <= WHOLE_S:
        return _of_part(recording.crop(recording.start_s, recording.duration_s), confidence)[0]
    step_s = PART_S * max(1.0, stride_s / DURATION_S)
    starts = [recording.start_s + k * step_s for k in range(max(1, round(recording.duration_s / step_s)))]
    found, intervals_s = zip(*(_of_part(recording.crop(at, PART_S), confidence) for at in starts), strict=True)
    every = "" if step_s == PART_S else f", one every {step_s / 60:g} minutes"
    many = f"{len(starts)} part{'s' * (len(starts) > 1)}"
    note = Note("measured-in-parts", f"measured in {many} of {PART_S / 60:g} minutes{every}")
    return _together(found, np.concatenate(intervals_s), note)


def _of_part(record: Record, confidence: Mapping[str, float]) -> tuple[Survey, np.ndarray]:
    leads = quality.lead_qualities(record, confidence)
    evidence = Evidence(record)
    features = dict(zip(ALL, measure(evidence).tolist(), strict=True))
    figures = quality.signal_quality(record, leads)
    return Survey(leads, figures, features, tuple(doubts_about(record))), evidence.rr_s


def _together(parts: Sequence[Survey], rr_s: np.ndarray, note: Note) -> Survey:
    leads = tuple(_lead_together([part.leads[k] for part in parts]) for k in range(len(parts[0].leads)))
    figures = {name: _median([part.figures[name] for part in parts]) for name in parts[0].figures}
    figures |= {"leads": float(len(quality.usable(leads))), "seconds": sum(part.figures["seconds"] for part in parts)}
    features = {name: _median([part.features[name] for part in parts]) for name in ALL}
    features |= dict(zip(_RHYTHM, rhythm(rr_s), strict=True))
    counts = Counter(note.code for part in parts for note in part.notes)
    odd = {n.code: n for part in parts for n in part.notes if 2 * counts[n.code] >= len(parts)}
    return Survey(leads, figures, features, (note, *odd.values()))


def _lead_together(parts: Sequence[LeadQuality]) -> LeadQuality:
    printed_s = sum(part.printed_s for part in parts)
    whole = replace(parts[0], printed_s=printed_s, spread_mv=_median([part.spread_mv for part in parts]))
    return quality.judged(whole)


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if value == value]
    return float(np.median(known)) if known else float("nan")
