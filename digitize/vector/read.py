"""Pages that a file draws itself: the traces are its own curves, read without a network and without loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitize.errors import NotVector
from digitize.layout.notes import speed_contradicted
from digitize.stages import Leads, PageHints
from digitize.trace.assemble import reading
from digitize.trace.calibration import gain_notes
from digitize.trace.column_timing import resolve_timing
from digitize.trace.pulse_size import most_shown
from digitize.vector.curves import Curve, divided, flat_traces, from_left_to_right, in_rows, without_pulse, zero_lines
from digitize.vector.grid import find_grid
from digitize.vector.lead_names import NEAR, cells_of, lead_names, listed, shape_of, starts_s, strip_numbers
from digitize.vector.printed_text import (
    name_traces,
    names_beside,
    stated_chest_gain,
    stated_gain,
    stated_speed,
    unused_names,
)
from ecg.geometry import PageGeometry, project
from ecg.layout import TEMPLATES, Layout, LeadBox, Template
from ecg.leads import PRECORDIAL
from ecg.notes import Note
from ecg.page import Drawing, Page, Stroke, Trace, traces_to_record
from ecg.paper import GAINS_MM_PER_MV, PULSE_S, SPEEDS_MM_PER_S, USUAL_MM_PER_MV, USUAL_MM_PER_S
from ecg.reading import Reading, ReadingFacts

_MM_PER_INCH = 25.4
_USUAL_S = 10.0  # what a page shows of the heart


def read_vector_page(page: Page, hints: PageHints) -> Reading:
    """Read a page from its own curves; layout, speed and gain are found unless given.

    Raises NotVector, with what is missing, where only the pixels can tell.
    """
    drawing, geometry = _upright(page)
    rows, pulses = _rows_and_pulses(drawing, geometry)
    curves = [trace for row in rows for trace in row]
    speed, speed_notes = _speed(hints.mm_per_s, drawing, rows, pulses)
    gain, doubts_of_gain = _gain(hints.mm_per_mv, drawing, rows, pulses)
    printed = name_traces(curves, drawing.words, geometry)
    names, name_notes = lead_names(rows, printed, hints.layout, speed)
    chest_gain = None if hints.mm_per_mv else stated_chest_gain(drawing.words)
    layout = _place(rows, names, zero_lines(rows, pulses), speed, gain, (chest_gain or gain) / gain)
    layout = _going_on(layout, hints.layout)
    unused = unused_names(drawing.words, [box.lead for box in layout.boxes])
    notes = (*speed_notes, *doubts_of_gain, *name_notes, *unused)
    leads = resolve_timing(Leads(geometry, layout, _traces(layout, curves, geometry), notes), hints)
    record = traces_to_record(leads.traces, geometry, leads.layout)
    return reading(page, leads, record, ReadingFacts(read_from="the file's own curves"))


def _going_on(layout: Layout, given: Template | None) -> Layout:
    """The layout with the seconds of a template whose leads go on from row to row."""
    if given is None or given.block_rows == len(given.grid):
        return layout
    times = [(box.t0_s, box.t1_s) for box in given.place().boxes]
    boxes = [
        replace(box, t0_s=begin, t1_s=begin + box.t1_s - box.t0_s)
        for box, (begin, _) in zip(layout.boxes, times, strict=True)
    ]
    return replace(layout, boxes=tuple(boxes))


def _rows_and_pulses(drawing: Drawing, geometry: PageGeometry) -> tuple[list[list[Curve]], list[Curve]]:
    """The traces row by row, cut where a row of several names is one line, and the pulses. Raises NotVector."""
    drawn = [(s.style, from_left_to_right(geometry.to_mm(s.points_px))) for s in drawing.strokes]
    curves = [(style, curve) for style, curve in drawn if curve is not None]
    pulses = [curve for _, curve in curves if curve.is_pulse]
    traces, styles = [], set()
    for style, curve in curves:
        if curve.is_trace:
            alone, joined = without_pulse(curve)
            traces.append(alone)
            pulses += joined
            styles.add(style)
    level = [curve for style, curve in curves if style in styles and curve.is_level]
    traces += flat_traces(level, traces)
    rows = in_rows(traces)
    if not rows:
        raise NotVector("the file draws no traces")
    if all(len(row) == 1 for row in rows):
        names = names_beside([row[0] for row in rows], drawing.words, geometry)
        rows = [divided(row[0], max(1, count)) for row, count in zip(rows, names, strict=True)]
    return rows, pulses


def _upright(page: Page) -> tuple[Drawing, PageGeometry]:
    """The drawing and where its millimetres lie in the picture, x along the words. Raises NotVector."""
    if page.drawing is None or page.dpi is None:
        raise NotVector("the file holds a picture and draws no lines")
    angles = [word.angle_deg for word in page.drawing.words]
    quarters = round(float(np.median(angles)) / 90) if angles else 0
    turn = np.eye(3)
    turn[:2, :2] = np.round([[np.cos(q := -quarters * np.pi / 2), -np.sin(q)], [np.sin(q), np.cos(q)]])
    strokes = [Stroke(project(turn, stroke.points_px), stroke.style) for stroke in page.drawing.strokes]
    geometry = find_grid(strokes, page.dpi / _MM_PER_INCH)
    if geometry is None:
        raise NotVector("the file draws no grid of even lines")
    return page.drawing, geometry.after(turn.T)


def _speed(
    given: float | None, drawing: Drawing, rows: Sequence[Sequence[Curve]], pulses: Sequence[Curve]
) -> tuple[float, tuple[Note, ...]]:
    """The paper speed in mm/s: given, printed, shown by pulses, or the usual one at which rows last ten seconds."""
    stated, notes = (given, ()) if given is not None else stated_speed(drawing.words)
    widths = _one_a_row(rows, pulses, [pulse.plateau_mm for pulse in pulses])
    seen = most_shown(widths, SPEEDS_MM_PER_S, PULSE_S, USUAL_MM_PER_S, len(rows)).usual
    if stated is not None:
        is_doubted = seen not in (None, stated)
        return stated, (*notes, speed_contradicted(stated, seen)) if is_doubted and seen is not None else notes
    if seen is not None:
        return seen, ()
    length = max(row[-1].x1_mm - row[0].x0_mm for row in rows)
    usual = min(SPEEDS_MM_PER_S, key=lambda speed: abs(np.log(length / speed / _USUAL_S)))
    text = (
        f"paper speed taken as {usual:g} mm/s, at which the rows last {length / usual:.1f} s; give it if the page says "
        "otherwise"
    )
    return usual, (Note("speed-assumed", text),)


def _gain(
    given: float | None, drawing: Drawing, rows: Sequence[Sequence[Curve]], pulses: Sequence[Curve]
) -> tuple[float, tuple[Note, ...]]:
    """The gain in mm/mV: given, printed, or the usual one that the pulses of the rows show."""
    stated, notes = (given, ()) if given is not None else stated_gain(drawing.words)
    heights = _one_a_row(rows, pulses, [pulse.height_mm for pulse in pulses])
    seen = most_shown(heights, GAINS_MM_PER_MV, 1.0, USUAL_MM_PER_MV, len(rows))
    gain = stated or seen.usual or USUAL_MM_PER_MV
    return gain, (*notes, *gain_notes(gain, stated is not None, seen))


def _one_a_row(rows: Sequence[Sequence[Curve]], pulses: Sequence[Curve], sizes_mm: Sequence[float]) -> list[float]:
    """The median size of the pulses beside each row that has any."""
    of_row: dict[int, list[float]] = {}
    for pulse, size in zip(pulses, sizes_mm, strict=True):
        middles = [np.median([trace.middle_mm for trace in row]) for row in rows]
        of_row.setdefault(int(np.abs(np.array(middles) - pulse.mm[0, 1]).argmin()), []).append(size)
    return [float(np.median(sizes)) for sizes in of_row.values()]


def _place(
    rows: Sequence[Sequence[Curve]],
    names: Sequence[str],
    zero_mm: Sequence[float],
    speed: float,
    gain: float,
    chest_share: float,
) -> Layout:
    """The layout with a box around every trace, under the name of the template that has the same leads.

    `chest_share` is what the chest leads have of the gain.
    """
    starts, column_s = starts_s(rows, speed)
    strips = strip_numbers(rows)
    half = float(np.median(np.diff(zero_mm))) / 2 if len(rows) > 1 else 20.0
    boxes: list[LeadBox] = []
    for row, begin, zero in zip(rows, starts, zero_mm, strict=True):
        for trace, start in zip(row, begin, strict=True):
            seconds = (trace.x1_mm - trace.x0_mm) / speed
            shown = column_s if abs(seconds / column_s - 1) < NEAR else seconds
            box = (trace.x0_mm, zero - half, trace.x0_mm + shown * speed, zero + half)
            lead = names[len(boxes)]
            share = chest_share if lead in PRECORDIAL else 1.0
            boxes.append(LeadBox(lead, box, start, start + shown, len(boxes) in strips, share))
    grid = [name for i, name in enumerate(names) if i not in strips]
    shape = [len(row) for row in rows]
    same = (t.name for t in TEMPLATES.values() if shape_of(t) == shape and cells_of(t)[: len(grid)] == grid)
    return Layout(next(same, f"rows of {listed(shape)}"), tuple(boxes), speed, gain)


def _traces(layout: Layout, curves: Sequence[Curve], geometry: PageGeometry) -> tuple[Trace, ...]:
    """The curves in page px, one for each box; all of a drawn line is certain."""
    traces = []
    for box, curve in zip(layout.boxes, curves, strict=True):
        px = geometry.to_px(curve.filled())
        traces.append(Trace(box.lead, px[:, 0], px[:, 1], np.ones(len(px))))
    return tuple(traces)
