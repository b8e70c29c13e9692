"""Whether the columns follow each other or show the same seconds, told by where their beats stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import signal

from digitize.stages import Leads, PageHints
from digitize.trace.beat_envelope import ENVELOPE_HZ, envelope, likeness, qrs_power
from ecg.geometry import PageGeometry
from ecg.layout import Layout, Template
from ecg.notes import Note
from ecg.page import Trace, traces_to_record


@dataclass(frozen=True)
class TimingThresholds:
    """When beats tell that columns show the same seconds; set on simulated rhythms, none of which were read wrongly."""

    edge_s: float = 0.04  # at the ends of a column its neighbour may show, at the same place in all of them
    min_column_s: float = 1.0  # a shorter column shows too little of the rhythm
    min_beat_s: float = 0.25  # no two beats are closer
    min_beats: int = 4  # beats that meet those of another column by chance are never so many
    min_alike: float = 0.8  # correlation from which on beats stand at the same places
    min_exact: float = 0.95  # the same at a single join, over which breathing may bring beats back
    min_lead: float = 0.2  # the correlation for the same seconds must exceed the other by so much to be believed
    min_lead_with_strip: float = 0.4  # the same beside a rhythm strip, which alone may be noisy or partly hidden
    max_lag: float = 0.03  # it may stand so little below the other and still be worth a note


_TIMING = TimingThresholds()


def resolve_timing(leads: Leads, hints: PageHints) -> Leads:
    """The leads with all columns in the same seconds where the beats clearly say so, or where the layout given does."""
    layout, notes = timed(leads.layout, leads.traces, leads.geometry, hints.layout)
    return replace(leads, layout=layout, notes=(*leads.notes, *notes))


def timed(
    layout: Layout, traces: Sequence[Trace], geometry: PageGeometry, given: Template | None = None
) -> tuple[Layout, tuple[Note, ...]]:
    """The layout with all columns in the same seconds where the beats clearly say so, and the notes on it.

    Most pages print one column after the other, so this is what stays where the beats fit both. A layout that was
    given says it itself.
    """
    if given is not None:
        return (simultaneous(layout) if given.simultaneous else layout), ()
    starts_s = sorted({box.t0_s for box in layout.boxes if not box.is_rhythm})
    if len(starts_s) < 2 or min(np.diff(starts_s)) < _TIMING.min_column_s:
        return layout, ()
    at_once, in_turn = _evidence(layout, traces, geometry, starts_s)
    if at_once < _TIMING.min_alike or at_once < in_turn - _TIMING.max_lag:
        return layout, ()
    has_strip = any(box.is_rhythm for box in layout.boxes)
    if at_once < in_turn + (_TIMING.min_lead_with_strip if has_strip else _TIMING.min_lead):
        text = "the columns may show the same seconds, for their beats fit that too: read one after the other"
        return layout, (Note("columns-perhaps-simultaneous", text),)
    seconds = min(box.t1_s - box.t0_s for box in layout.boxes)
    text = f"the columns show the same {seconds:g} s: beats stand at the same place in all of them"
    return simultaneous(layout), (Note("columns-simultaneous", text),)


def simultaneous(layout: Layout) -> Layout:
    """The same boxes on the paper, all beginning with the first."""
    first_s = min(box.t0_s for box in layout.boxes)
    boxes = tuple(replace(box, t0_s=first_s, t1_s=first_s + (box.t1_s - box.t0_s)) for box in layout.boxes)
    return replace(layout, boxes=boxes)


def _evidence(
    layout: Layout, traces: Sequence[Trace], geometry: PageGeometry, starts_s: Sequence[float]
) -> tuple[float, float]:
    """How well the beats fit columns of the same seconds and columns one after the other, as correlations."""
    columns = _beats(layout, traces, geometry, starts_s, of_strips=False)
    if not any(box.is_rhythm for box in layout.boxes):
        return _alone(columns)
    return _beside(columns, _beats(layout, traces, geometry, starts_s, of_strips=True))


def _beats(
    layout: Layout, traces: Sequence[Trace], geometry: PageGeometry, starts_s: Sequence[float], *, of_strips: bool
) -> np.ndarray:
    """How much QRS there is in the short leads or in the strips in each column, [column, sample]; NaN at its ends."""
    kept = [(box, trace) for box, trace in zip(layout.boxes, traces, strict=True) if box.is_rhythm == of_strips]
    part = replace(layout, boxes=tuple(box for box, _ in kept))
    record = traces_to_record(
        [trace for _, trace in kept], geometry, part, ENVELOPE_HZ, layout.duration_s + _TIMING.edge_s
    )
    power = qrs_power(record.signal_mv).sum(0)
    samples = int(min(np.diff(starts_s)) * ENVELOPE_HZ)
    edge = round(_TIMING.edge_s * ENVELOPE_HZ)
    cut = np.stack([power[round(start * ENVELOPE_HZ) :][:samples] for start in starts_s])
    beats = envelope(cut)
    beats[:, :edge] = beats[:, -edge:] = np.nan
    return beats


def _beside(columns: np.ndarray, strip: np.ndarray) -> tuple[float, float]:
    """How well the later columns fit the first seconds of the strip, and the strip above which they stand."""
    at_once = np.mean([likeness(column, strip[0]) for column in columns[1:]])
    in_turn = np.mean([likeness(column, own) for column, own in zip(columns[1:], strip[1:], strict=True)])
    return float(at_once), float(in_turn)


def _alone(columns: np.ndarray) -> tuple[float, float]:
    """How well the columns fit each other, and how far a rhythm that goes on across their joins explains that.

    Such a rhythm repeats itself within the column, too: one that begins anew at every join belongs to no heart.
    """
    at_once = min(likeness(a, b) for a, b in combinations(columns, 2))
    usual = columns.mean(0)
    shown = np.nan_to_num(usual)
    seen, _ = signal.find_peaks(shown, height=0.5 * shown.max(), distance=round(_TIMING.min_beat_s * ENVELOPE_HZ))
    joins = len(columns) - 1
    if len(seen) < 2 or len(seen) * joins < _TIMING.min_beats or (joins == 1 and at_once < _TIMING.min_exact):
        return at_once, at_once
    shares = range(2, int(len(usual) / (_TIMING.min_beat_s * ENVELOPE_HZ)) + 1)
    goes_on = max(likeness(usual, np.roll(usual, round(len(usual) / share))) for share in shares)
    return at_once, min(goes_on, at_once)
