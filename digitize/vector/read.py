"""Pages that a file draws itself: the traces are its own curves, read without a network and without loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitize.trace.column_timing import timed
from digitize.vector.curves import Curve, divided, from_left_to_right, in_rows, without_pulse, zero_lines
from digitize.vector.grid import find_grid
from digitize.vector.lead_names import NEAR, NotDrawn, cells_of, lead_names, listed, shape_of, starts_s, strip_numbers
from digitize.vector.printed_text import name_traces, names_beside, said_chest_gain, said_gain, said_speed
from ecg.geometry import PageGeometry, project
from ecg.layout import TEMPLATES, Layout, LeadBox, Template, template
from ecg.leads import PRECORDIAL
from ecg.page import Drawing, Page, Stroke, Trace, traces_to_record
from ecg.reading import Reading

_MM_PER_INCH = 25.4
_SPEEDS, _GAINS = (12.5, 25.0, 50.0), (2.5, 5.0, 10.0, 20.0, 40.0)
_USUAL_S = 10.0  # what a page shows of the heart
_PULSE_NEAR = 0.15


def read_drawing(
    page: Page, layout: Template | str | None = None, mm_per_s: float | None = None, mm_per_mv: float | None = None
) -> Reading:
    """Read a page from its own curves; layout, speed and gain are found unless given.

    Raises NotDrawn, with what is missing, where only the pixels can tell.
    """
    drawing, geometry = _upright(page)
    rows, pulses = _rows_and_pulses(drawing, geometry)
    speed, notes = _speed(mm_per_s, drawing, rows)
    gain, more = _gain(mm_per_mv, drawing, pulses)
    given = template(layout) if isinstance(layout, str) else layout
    printed = name_traces([trace for row in rows for trace in row], drawing.words, geometry)
    names, words = lead_names(rows, printed, given, speed)
    chest_gain = None if mm_per_mv else said_chest_gain(drawing.words)
    placed = _place(rows, names, zero_lines(rows, pulses), speed, gain, (chest_gain or gain) / gain)
    traces = _traces(placed, [trace for row in rows for trace in row], geometry)
    placed, timing = timed(placed, traces, geometry, given)
    return _reading(page, geometry, placed, traces, (*notes, *more, *words, *timing))


def _rows_and_pulses(drawing: Drawing, geometry: PageGeometry) -> tuple[list[list[Curve]], list[Curve]]:
    """The traces row by row, cut where a row of several names is one line, and the pulses. Raises NotDrawn."""
    lines = [from_left_to_right(geometry.to_mm(s.points_px)) for s in drawing.strokes if len(s.points_px) > 3]
    curves = [curve for curve in lines if curve is not None]
    pulses = [curve for curve in curves if curve.is_pulse]
    traces = []
    for curve in curves:
        if curve.is_trace:
            alone, joined = without_pulse(curve)
            traces.append(alone)
            pulses += joined
    rows = in_rows(traces)
    if not rows:
        raise NotDrawn("the file draws no traces")
    if all(len(row) == 1 for row in rows):
        names = names_beside([row[0] for row in rows], drawing.words, geometry)
        rows = [divided(row[0], max(1, count)) for row, count in zip(rows, names, strict=True)]
    return rows, pulses


def _upright(page: Page) -> tuple[Drawing, PageGeometry]:
    """The drawing and where its millimetres lie in the picture, x along the words. Raises NotDrawn."""
    if page.drawing is None or page.dpi is None:
        raise NotDrawn("the file holds a picture and draws no lines")
    angles = [word.angle_deg for word in page.drawing.words]
    quarters = round(float(np.median(angles)) / 90) if angles else 0
    turn = np.eye(3)
    turn[:2, :2] = np.round([[np.cos(q := -quarters * np.pi / 2), -np.sin(q)], [np.sin(q), np.cos(q)]])
    strokes = [Stroke(project(turn, stroke.points_px), stroke.style) for stroke in page.drawing.strokes]
    geometry = find_grid(strokes, page.dpi / _MM_PER_INCH)
    if geometry is None:
        raise NotDrawn("the file draws no grid of even lines")
    return page.drawing, geometry.after(turn.T)


def _speed(given: float | None, drawing: Drawing, rows: Sequence[Sequence[Curve]]) -> tuple[float, tuple[str, ...]]:
    """The paper speed in mm/s: given, printed, or the usual one at which the rows last about ten seconds."""
    said, warnings = said_speed(drawing.words)
    if given is not None:
        return given, ()
    if said is not None:
        return said, warnings
    length = max(row[-1].x1_mm - row[0].x0_mm for row in rows)
    usual = min(_SPEEDS, key=lambda speed: abs(np.log(length / speed / _USUAL_S)))
    return usual, (
        f"paper speed taken as {usual:g} mm/s, at which the rows last {length / usual:.1f} s; give it if the page says "
        "otherwise",
    )


def _gain(given: float | None, drawing: Drawing, pulses: Sequence[Curve]) -> tuple[float, tuple[str, ...]]:
    """The gain in mm/mV: given, printed, or the usual one nearest to the pulses' height."""
    said, warnings = said_gain(drawing.words)
    height = float(np.median([pulse.height_mm for pulse in pulses])) if pulses else float("nan")
    nearest = min(_GAINS, key=lambda gain: abs(np.log(height / gain))) if pulses else 0.0
    seen = nearest if pulses and abs(height / nearest - 1) < _PULSE_NEAR else None
    gain = given or said or seen
    if gain is None:
        why = f"the pulses are {height:.1f} mm high" if pulses else "no calibration pulse was found"
        return 10.0, (f"gain taken as 10 mm/mV: {why}; give it if the page says otherwise",)
    if seen is not None and seen != gain:
        warnings = (*warnings, f"the gain is taken as {gain:g} mm/mV, but the pulses say {seen:g} mm/mV")
    return gain, warnings


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


def _reading(
    page: Page, geometry: PageGeometry, layout: Layout, traces: tuple[Trace, ...], warnings: tuple[str, ...]
) -> Reading:
    record = traces_to_record(traces, geometry, layout)
    across, down = geometry.px_per_mm((0.0, 0.0))
    facts = {
        "rotation_deg": round(geometry.angle_deg((0.0, 0.0)), 2),
        "px_per_mm": [round(across, 3), round(down, 3)],
        "mm_per_s": layout.mm_per_s,
        "mm_per_mv": layout.mm_per_mv,
        "read_from": "the file's own curves",
    }
    return Reading(record, page, geometry, layout, traces, warnings, facts)
