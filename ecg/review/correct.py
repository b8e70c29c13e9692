"""Readings put right by hand: a stretch of a lead drawn anew, or the same curves under another layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template, template
from ecg.leads import canonical
from ecg.notes import Note
from ecg.page import Trace

_BESIDE_MM = 1.0  # a hand-drawn point may lie this far beside its box
_SHARES = (1.0, 0.5, 0.25)  # of a template's seconds per column, as faster paper shows them


def redraw_stretch(
    traces: Sequence[Trace], geometry: PageGeometry, layout: Layout, lead: str, points_px: np.ndarray
) -> tuple[tuple[Trace, ...], Note]:
    """The traces with a lead drawn anew between its first and last given point (x, y) in page px, and what was done.

    NaN as a point's y hides the stretch around it. Raises ValueError where no box of the lead holds the points.
    """
    points = np.asarray(points_px, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2 or not np.isfinite(points[:, 0]).all():
        raise ValueError(f"the correction of {lead} must be at least two points (x, y) in page px with x known")
    number = _box_of(geometry, layout, canonical(lead).removeprefix("-"), points)
    new = _redrawn(traces[number], points, geometry)
    begin, end = _span_s(geometry, layout, layout.boxes[number], points)
    changed = tuple(new if i == number else trace for i, trace in enumerate(traces))
    return changed, Note("curve-corrected-by-hand", f"{lead} was corrected by hand from {begin:.2f} to {end:.2f} s")


def relayout(
    traces: tuple[Trace, ...],
    geometry: PageGeometry,
    layout: Layout,
    wanted: Template | str | None,
    mm_per_s: float | None,
    mm_per_mv: float | None,
) -> tuple[Layout, tuple[Trace, ...], Note]:
    """The same curves under other lead names, columns, speed or gain (None: as it was), and what was done.

    Raises ValueError where the rows do not match.
    """
    speed, gain = mm_per_s or layout.mm_per_s, mm_per_mv or layout.mm_per_mv
    kind = template(wanted) if isinstance(wanted, str) else wanted
    if kind is None:
        new, parts = _at_speed(layout, speed), traces
    else:
        new = _place_on_rows(layout, kind, speed)
        parts = tuple(_between_ends(box, traces, geometry, layout) for box in new.boxes)
    new = replace(new, mm_per_mv=gain)
    text = f"layout set by hand: {new.name}, {speed:g} mm/s, {gain:g} mm/mV"
    return new, parts, Note("layout-set-by-hand", text)


def rename_box(
    layout: Layout, traces: Sequence[Trace], number: int, lead: str
) -> tuple[Layout, tuple[Trace, ...], Note]:
    """The same curves with box `number` (from 0) under another lead's name, and what was done.

    Raises ValueError for a box that is not there or a name that is none of the twelve.
    """
    if not 0 <= number < len(layout.boxes):
        raise ValueError(f"there is no box {number}: the page has {len(layout.boxes)}, counted from 0")
    old, name = layout.boxes[number].lead, canonical(lead)
    boxes = tuple(replace(box, lead=name) if i == number else box for i, box in enumerate(layout.boxes))
    renamed = tuple(replace(trace, lead=name) if i == number else trace for i, trace in enumerate(traces))
    note = Note("lead-renamed-by-hand", f"{old} (box {number + 1}) was renamed {name} by hand")
    return replace(layout, boxes=boxes), renamed, note


def _box_of(geometry: PageGeometry, layout: Layout, lead: str, points_px: np.ndarray) -> int:
    """The number of the lead's box around the points; of several the one whose zero line is nearest."""
    mm = _to_mm(points_px, geometry)
    numbered = [(i, box) for i, box in enumerate(layout.boxes) if box.lead.removeprefix("-") == lead]
    inside = {
        i: abs(float(np.mean(mm[:, 1])) - box.baseline_mm)
        for i, box in numbered
        if box.box_mm[0] - _BESIDE_MM <= mm[:, 0].min() and mm[:, 0].max() <= box.box_mm[2] + _BESIDE_MM
    }
    if not inside:
        where = " and ".join(str(np.round(_corners_px(box, geometry)).tolist()) for _, box in numbered)
        raise ValueError(
            f"no box of {lead} holds the points from {points_px[0].tolist()} to {points_px[-1].tolist()}; "
            + (f"its boxes reach from and to {where} px" if numbered else "the page does not show that lead")
        )
    return min(inside, key=lambda i: inside[i])


def _corners_px(box: LeadBox, geometry: PageGeometry) -> np.ndarray:
    """Both ends of a box's zero line."""
    return geometry.to_px(np.array([(box.box_mm[0], box.baseline_mm), (box.box_mm[2], box.baseline_mm)]))


def _redrawn(trace: Trace, points_px: np.ndarray, geometry: PageGeometry) -> Trace:
    """The trace with straight lines through the points, as close as its own, in place of what stood there."""
    points = points_px[np.argsort(_to_mm(points_px, geometry)[:, 0], kind="stable")]
    own, drawn = (_to_mm(p, geometry)[:, 0] for p in (np.stack([trace.x_px, trace.y_px], axis=-1), points))
    step = float(np.median(np.abs(np.diff(own)))) if own.size > 1 else 0.1
    at = np.linspace(drawn[0], drawn[-1], max(2, round((drawn[-1] - drawn[0]) / step) + 1))
    px = np.stack([np.interp(at, drawn, points[:, k]) for k in (0, 1)], axis=-1)
    hidden = np.convolve(np.isnan(px[:, 1]), np.ones(3), mode="same") > 0  # the points between which it lies, too
    px[hidden, 1] = np.nan
    before, after = own < drawn[0], own > drawn[-1]
    x, y = (np.concatenate([old[before], px[:, k], old[after]]) for k, old in enumerate((trace.x_px, trace.y_px)))
    sure = np.isfinite(px[:, 1]).astype(float)
    return Trace(trace.lead, x, y, np.concatenate([trace.confidence[before], sure, trace.confidence[after]]))


def _to_mm(points_px: np.ndarray, geometry: PageGeometry) -> np.ndarray:
    """Paper mm of points of which some have no height: these lie between their neighbours."""
    x, y = points_px.T
    known = np.isfinite(y)
    level = np.interp(np.arange(y.size), np.flatnonzero(known), y[known]) if known.any() else np.zeros_like(y)
    return geometry.to_mm(np.stack([x, level], axis=-1))


def _span_s(geometry: PageGeometry, layout: Layout, box: LeadBox, points_px: np.ndarray) -> tuple[float, float]:
    x_mm = _to_mm(points_px, geometry)[:, 0]
    begin, end = box.t0_s + (np.array([x_mm.min(), x_mm.max()]) - box.box_mm[0]) / layout.mm_per_s
    return float(begin), float(end)


def _at_speed(layout: Layout, mm_per_s: float) -> Layout:
    """The same boxes on the paper, with the times of another speed."""
    share = layout.mm_per_s / mm_per_s
    boxes = tuple(replace(box, t0_s=box.t0_s * share, t1_s=box.t1_s * share) for box in layout.boxes)
    return replace(layout, boxes=boxes, mm_per_s=mm_per_s)


def _place_on_rows(old: Layout, kind: Template, mm_per_s: float) -> Layout:
    """The template on the rows of an old layout, its columns as long as the paper has room for."""
    rows: Sequence[tuple[LeadBox, ...]] = old.rows()
    if len(rows) != kind.row_count:
        raise ValueError(f"the page has {len(rows)} rows, but {kind.name} has {kind.row_count}")
    x0, y0, x1, _ = old.extent_mm
    wanted = (x1 - x0) / (kind.duration_s * mm_per_s)
    share = min(_SHARES, key=lambda share: abs(np.log(share / wanted)))
    tall = rows[0][0].box_mm[3] - rows[0][0].box_mm[1]
    lines = [row[0].baseline_mm for row in rows]
    return replace(kind, column_s=kind.column_s * share).place((x0, y0), tall, mm_per_s, old.mm_per_mv, lines)


def _between_ends(box: LeadBox, traces: Sequence[Trace], geometry: PageGeometry, layout: Layout) -> Trace:
    """What was read of a box's row between the box's ends."""
    row = [
        trace for trace, old in zip(traces, layout.boxes, strict=True) if abs(old.baseline_mm - box.baseline_mm) < 1e-3
    ]
    x, y, sure = (np.concatenate([getattr(trace, name) for trace in row]) for name in ("x_px", "y_px", "confidence"))
    x_mm = _to_mm(np.stack([x, y], axis=-1), geometry)[:, 0]
    inside = (x_mm > box.box_mm[0] - 0.1) & (x_mm < box.box_mm[2] + 0.1)
    return Trace(box.lead, x[inside], y[inside], sure[inside])
