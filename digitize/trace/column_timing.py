"""Whether the columns follow each other or show the same seconds, told by where their beats stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import ndimage, signal

from digitize.stages import Leads, PageHints
from ecg.geometry import PageGeometry
from ecg.layout import Layout, Template
from ecg.notes import Note
from ecg.page import Trace, traces_to_record
from ecg.signal.filters import bandpass


@dataclass(frozen=True)
class TimingThresholds:
    """When beats tell that columns show the same seconds; set on simulated rhythms, none of which were read wrongly."""

    fs_hz: float = 250.0  # at which beats are compared
    qrs_hz: tuple[float, float] = (8.0, 30.0)  # band of the beats
    blur_s: float = 0.015  # columns may lie so far off that their beats do not quite meet
    edge_s: float = 0.04  # at the ends of a column its neighbour may show, at the same place in all of them
    min_column_s: float = 1.0  # a shorter column shows too little of the rhythm
    min_beat_s: float = 0.25  # no two beats are closer
    min_beats: int = 4  # beats that meet those of another column by chance are never so many
    min_alike: float = 0.8  # correlation of beats that stand at the same places
    min_exact: float = 0.95  # at one join only, over which breathing may bring the beats back to the same places
    min_lead: float = 0.2  # of the correlation for the same seconds, to be taken,
    min_lead_with_strip: float = 0.4  # or with a strip, which alone may be noisy or partly hidden
    max_lag: float = 0.03  # of it, to be worth a note


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
        [trace for _, trace in kept], geometry, part, _TIMING.fs_hz, layout.duration_s + _TIMING.edge_s
    )
    power = (np.nan_to_num(bandpass(record.signal_mv, _TIMING.fs_hz, *_TIMING.qrs_hz)) ** 2).sum(0)
    samples = int(min(np.diff(starts_s)) * _TIMING.fs_hz)
    edge = round(_TIMING.edge_s * _TIMING.fs_hz)
    cut = np.stack([power[round(start * _TIMING.fs_hz) :][:samples] for start in starts_s])
    beats: np.ndarray = np.sqrt(ndimage.gaussian_filter1d(cut, _TIMING.blur_s * _TIMING.fs_hz, axis=1))
    beats[:, :edge] = beats[:, -edge:] = np.nan
    return beats


def _beside(columns: np.ndarray, strip: np.ndarray) -> tuple[float, float]:
    """How well the later columns fit the first seconds of the strip, and the strip above which they stand."""
    at_once = np.mean([_likeness(column, strip[0]) for column in columns[1:]])
    in_turn = np.mean([_likeness(column, own) for column, own in zip(columns[1:], strip[1:], strict=True)])
    return float(at_once), float(in_turn)


def _alone(columns: np.ndarray) -> tuple[float, float]:
    """How well the columns fit each other, and how far a rhythm that goes on across their joins explains that.

    Such a rhythm repeats itself within the column, too: one that begins anew at every join belongs to no heart.
    """
    at_once = min(_likeness(a, b) for a, b in combinations(columns, 2))
    usual = columns.mean(0)
    shown = np.nan_to_num(usual)
    seen, _ = signal.find_peaks(shown, height=0.5 * shown.max(), distance=round(_TIMING.min_beat_s * _TIMING.fs_hz))
    joins = len(columns) - 1
    if len(seen) < 2 or len(seen) * joins < _TIMING.min_beats or (joins == 1 and at_once < _TIMING.min_exact):
        return at_once, at_once
    shares = range(2, int(len(usual) / (_TIMING.min_beat_s * _TIMING.fs_hz)) + 1)
    goes_on = max(_likeness(usual, np.roll(usual, round(len(usual) / share))) for share in shares)
    return at_once, min(goes_on, at_once)


def _likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation over what is not NaN; 0 where one is flat."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known] - a[known].mean(), b[known] - b[known].mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0
