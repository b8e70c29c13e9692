"""Whose rhythm strip it is: the strip repeats, at the same time, what one of the short leads shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from digitize.stages import Leads
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox
from ecg.notes import Note
from ecg.page import Trace, traces_to_record


@dataclass(frozen=True)
class StripThresholds:
    """When a strip repeats a lead; set on simulated pages with all strips."""

    slack_samples: int = 15  # of 2 ms that a bent page may be off between two places
    max_difference: float = 0.35  # a strip differs from its own lead by less than this share of the lead's spread
    min_confidence: float = 0.9  # of a short lead whose curve can speak against a strip's printed name
    max_share: float = 0.6  # of the difference from the lead that it was taken for,
    max_share_certain: float = 0.3  # or whose name was read for certain at the strip: noise differs in every beat


_STRIPS = StripThresholds()


def name_strips(leads: Leads) -> Leads:
    """The leads with every rhythm strip under the one whose curve it repeats, and a note where that is another one.

    A strip whose printed name was read for certain keeps it where its own short lead is not clearly seen.
    """
    named = strip_leads(leads.traces, leads.geometry, leads.layout, leads.certain_strips)
    notes = tuple(
        _renamed(before.lead, after.lead)
        for before, after in zip(leads.layout.boxes, named.boxes, strict=True)
        if before.lead != after.lead
    )
    traces = tuple(replace(trace, lead=box.lead) for trace, box in zip(leads.traces, named.boxes, strict=True))
    return replace(leads, layout=named, traces=traces, notes=(*leads.notes, *notes))


def _renamed(before: str, after: str) -> Note:
    return Note("strip-renamed", f"the rhythm strip taken for {before} repeats {after}, so it is read as {after}")


def strip_leads(
    traces: Sequence[Trace], geometry: PageGeometry, layout: Layout, is_certain: Sequence[bool] = ()
) -> Layout:
    """The layout with every rhythm strip under the lead whose curve it repeats, where that is clear.

    `is_certain` tells for each strip from the top whether its printed name is certain: such a one keeps its name where
    its own short lead is not clearly seen, for that may be covered.
    """
    strips = [box for box in layout.boxes if box.is_rhythm]
    covered = {
        trace.lead
        for trace, box in zip(traces, layout.boxes, strict=True)
        if not box.is_rhythm and trace.confidence.mean() < _STRIPS.min_confidence
    }
    certain = {id(box) for i, box in enumerate(strips) if any(is_certain[i : i + 1])}
    doubtful = {id(box) for box in strips if id(box) not in certain or box.lead not in covered}
    if not doubtful:
        return layout
    curves = [_curve(trace, geometry, layout, box) for trace, box in zip(traces, layout.boxes, strict=True)]
    short = [(box, curve) for box, curve in zip(layout.boxes, curves, strict=True) if not box.is_rhythm]
    boxes = [
        replace(box, lead=_lead_of(box, curve, short, id(box) in certain)) if id(box) in doubtful else box
        for box, curve in zip(layout.boxes, curves, strict=True)
    ]
    return replace(layout, boxes=tuple(boxes))


def _curve(trace: Trace, geometry: PageGeometry, layout: Layout, box: LeadBox) -> np.ndarray:
    """One box's signal on the page's time line, mV [sample]."""
    alone = replace(layout, boxes=(box,))
    return traces_to_record((trace,), geometry, alone, duration_s=layout.duration_s)[box.lead.removeprefix("-")]


def _lead_of(strip: LeadBox, curve: np.ndarray, short: Sequence[tuple[LeadBox, np.ndarray]], is_certain: bool) -> str:
    off = {box.lead: _difference(seen, curve) for box, seen in short}
    if not off:
        return strip.lead
    best = min(off, key=lambda lead: off[lead])
    share = _STRIPS.max_share_certain if is_certain else _STRIPS.max_share
    clear = off[best] < _STRIPS.max_difference and off[best] < share * off.get(strip.lead, np.inf)
    return best if clear else strip.lead


def _difference(lead: np.ndarray, strip: np.ndarray) -> float:
    """Least spread of lead - strip over small shifts, as a share of the lead's own spread; inf without an overlap."""
    inside = np.flatnonzero(np.isfinite(lead))
    if len(inside) < 100:
        return float("inf")
    first, last = inside[0] + _STRIPS.slack_samples, inside[-1] - _STRIPS.slack_samples
    seen = lead[first:last]
    spreads = [
        np.nanstd(seen - strip[first + k : last + k]) for k in range(-_STRIPS.slack_samples, _STRIPS.slack_samples + 1)
    ]
    return float(np.nanmin(spreads) / max(np.nanstd(seen), 0.02))
