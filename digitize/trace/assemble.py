"""The last stage: leads become a `Reading`, with what has to be said of it, or are refused as guesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from digitize.errors import NotAnEcg
from digitize.grid.squareness import MAX_STRETCH, stretch
from digitize.stages import Leads
from digitize.trace.confidence import doubted
from ecg.geometry import PageGeometry
from ecg.layout import Layout
from ecg.leads import MAX_LIMB_SHARE, limb_law_share, limb_residual_mv
from ecg.notes import Note
from ecg.page import Page, Trace, traces_to_record
from ecg.reading import Reading, ReadingFacts
from ecg.record import Record


@dataclass(frozen=True)
class ReadingThresholds:
    """When a reading is doubted or refused; set on simulated pages and on pictures of other things."""

    min_confidence: float = 0.25  # mean of the traces, below which a layout that nothing confirms is a guess
    low_confidence: float = 0.3  # mean of the traces, below which it is said
    min_px_per_mm: float = 3.0  # below which small waves are lost
    min_share_read: float = 0.7  # of a lead, below which it is said
    max_flat_sd_mv: float = 0.01  # a lead whose standard deviation is not above this is a flat line
    max_limb_residual_mv: float = 0.15  # of I + III - II, above which names or gain are doubtful


_THRESHOLDS = ReadingThresholds()


def assemble(page: Page, leads: Leads, read_by: ReadingFacts) -> Reading:
    """The reading of a page from its leads, `read_by` telling what read them.

    Raises NotAnEcg where neither the names nor the curves could be read, or nameless curves are no limb leads.
    """
    record = traces_to_record(leads.traces, leads.geometry, leads.layout)
    _refuse_guesses(leads, record)
    return reading(page, leads, record, read_by)


def reading(page: Page, leads: Leads, record: Record, read_by: ReadingFacts) -> Reading:
    """The reading with what has to be said of it; its confidence carries what speaks against its scale.

    `read_by` says what read it; how the paper lies is added.
    """
    geometry, layout = leads.geometry, leads.layout
    x0, y0, x1, y1 = layout.extent_mm
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    notes = (
        *leads.notes,
        *_coarseness_notes(min(geometry.px_per_mm(middle))),
        *_oblong_notes(geometry, middle, page.size_px),
        *_limb_notes(record),
        *curve_notes(record, layout),
        *_hidden_notes(leads.traces),
    )
    traces = doubted(leads.traces, notes)
    notes = (*notes, *_confidence_notes(traces))
    across, down = geometry.px_per_mm(middle)
    angle_deg = round(geometry.angle_deg(middle), 2)
    facts = replace(read_by, rotation_deg=angle_deg, px_per_mm=[round(across, 3), round(down, 3)])
    return Reading(record, page, geometry, layout, traces, notes, facts)


def curve_notes(record: Record, layout: Layout) -> tuple[Note, ...]:
    """What has to be said of leads of the layout in which nothing, or only a flat line, was read."""
    leads = list(dict.fromkeys(box.lead.removeprefix("-") for box in layout.boxes))
    spread_mv = {lead: _spread_mv(record[lead]) for lead in leads}
    empty = ", ".join(lead for lead in leads if np.isnan(spread_mv[lead]))
    flat = ", ".join(lead for lead in leads if spread_mv[lead] <= _THRESHOLDS.max_flat_sd_mv)
    notes = (
        (
            empty,
            Note("lead-without-curve", f"no curve was read at {empty}, which the layout has: check them on the page"),
        ),
        (flat, Note("lead-flat", f"{flat}: read as a flat line, so an electrode may have been off; check the page")),
    )
    return tuple(note for leads_concerned, note in notes if leads_concerned)


def _hidden_notes(traces: Sequence[Trace]) -> tuple[Note, ...]:
    """What has to be said of leads that were read in part only."""
    shares = [(trace.lead, float(np.isfinite(trace.y_px).mean())) for trace in traces]
    parts = [f"{lead} ({share:.0%})" for lead, share in shares if 0 < share < _THRESHOLDS.min_share_read]
    if not parts:
        return ()
    text = f"only a part of {', '.join(parts)} was read; the rest is hidden, or goes too far from its row"
    return (Note("lead-partly-read", text),)


def _spread_mv(values: np.ndarray) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.std()) if seen.size else float("nan")


def _refuse_guesses(leads: Leads, record: Record) -> None:
    """Raises NotAnEcg where neither the names nor the curves speak for the layout: whatever was found is a guess."""
    if leads.is_confirmed:
        return
    confidence = _mean_confidence(leads.traces)
    if confidence < _THRESHOLDS.min_confidence:
        raise NotAnEcg(
            "no lead names were recognised and the curves could hardly be followed (confidence "
            f"{confidence:.0%}): expected a picture of an ECG that is sharp and large enough to read; give --layout if "
            "it is one",
            "only-guesses",
        )
    if limb_law_share(record.signal_mv, record.leads) > MAX_LIMB_SHARE:
        raise NotAnEcg(
            f"no lead names were recognised, and the curves are not those of {leads.layout.name}, which fits rows and "
            "columns: I + III is not II; expected a whole ECG whose lead names can be read; give --layout if it is one",
            "curves-not-limb-leads",
        )


def _mean_confidence(traces: Sequence[Trace]) -> float:
    return float(np.mean(np.concatenate([trace.confidence for trace in traces])))


def _coarseness_notes(px_per_mm: float) -> tuple[Note, ...]:
    if px_per_mm >= _THRESHOLDS.min_px_per_mm:
        return ()
    text = f"the picture has only {px_per_mm:.1f} px per mm of paper, so small waves are lost; 6 (150 dpi) are better"
    return (Note("picture-coarse", text),)


def _oblong_notes(geometry: PageGeometry, at_mm: tuple[float, float], size_px: tuple[int, int]) -> tuple[Note, ...]:
    if abs(np.log(stretch(geometry, at_mm, size_px))) < np.log(1 + MAX_STRETCH):
        return ()
    across, down = geometry.px_per_mm(at_mm)
    text = (
        f"a millimetre has {across:.2f} px across and {down:.2f} px down, which no tilt explains: the grid may be "
        "misread or the picture squeezed; amplitudes or times may be off by as much"
    )
    return (Note("scale-oblong", text),)


def _confidence_notes(traces: Sequence[Trace]) -> tuple[Note, ...]:
    confidence = _mean_confidence(traces)
    if confidence >= _THRESHOLDS.low_confidence:
        return ()
    text = (
        f"hardly any of this can be relied on (confidence {confidence:.0%}): look at the overlay before using it, or "
        "scan the page anew"
    )
    return (Note("confidence-low", text),)


def _limb_notes(record: Record) -> tuple[Note, ...]:
    off_mv = limb_residual_mv(record.signal_mv, record.leads)
    if not off_mv > _THRESHOLDS.max_limb_residual_mv:
        return ()
    text = f"the limb leads contradict each other by {off_mv:.2f} mV (I + III is not II): check lead names and gain"
    return (Note("limb-leads-contradict", text),)
