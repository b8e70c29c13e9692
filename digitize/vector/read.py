"""Pages that a file draws itself: the traces are its own curves, read without a network and without loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitize.errors import NotVector
from digitize.stages import Leads, PageHints
from digitize.trace.assemble import curve_notes, page_facts
from digitize.trace.column_timing import resolve_timing
from digitize.vector.curves import Curve, divided, from_left_to_right, in_rows, without_pulse, zero_lines
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
from ecg.layout import TEMPLATES, Layout, LeadBox
from ecg.leads import PRECORDIAL
from ecg.notes import Note
from ecg.page import Drawing, Page, Stroke, Trace, traces_to_record
from ecg.reading import Reading

_MM_PER_INCH = 25.4
_SPEEDS, _GAINS = (12.5, 25.0, 50.0), (2.5, 5.0, 10.0, 20.0, 40.0)
_USUAL_S = 10.0  # what a page shows of the heart
_PULSE_NEAR = 0.15


def read_vector_page(page: Page, hints: PageHints) -> Reading:
    """Read a page from its own curves; layout, speed and gain are found unless given.

    Raises NotVector, with what is missing, where only the pixels can tell.
    """
    drawing, geometry = _upright(page)
    rows, pulses = _rows_and_pulses(drawing, geometry)
    curves = [trace for row in rows for trace in row]
    speed, speed_notes = _speed(hints.mm_per_s, drawing, rows)
    gain, gain_notes = _gain(hints.mm_per_mv, drawing, pulses)
    printed = name_traces(curves, drawing.words, geometry)
    names, name_notes = lead_names(rows, printed, hints.layout, speed)
    chest_gain = None if hints.mm_per_mv else stated_chest_gain(drawing.words)
    layout = _place(rows, names, zero_lines(rows, pulses), speed, gain, (chest_gain or gain) / gain)
    notes = (*speed_notes, *gain_notes, *name_notes, *unused_names(drawing.words, [box.lead for box in layout.boxes]))
    leads = Leads(geometry, layout, _traces(layout, curves, geometry), notes)
    return _reading(page, resolve_timing(leads, hints))


def _rows_and_pulses(drawing: Drawing, geometry: PageGeometry) -> tuple[list[list[Curve]], list[Curve]]:
    """The traces row by row, cut where a row of several names is one line, and the pulses. Raises NotVector."""
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


def _speed(given: float | None, drawing: Drawing, rows: Sequence[Sequence[Curve]]) -> tuple[float, tuple[Note, ...]]:
    """The paper speed in mm/s: given, printed, or the usual one at which the rows last about ten seconds."""
    if given is not None:
        return given, ()
    stated, notes = stated_speed(drawing.words)
    if stated is not None:
        return stated, notes
    length = max(row[-1].x1_mm - row[0].x0_mm for row in rows)
    usual = min(_SPEEDS, key=lambda speed: abs(np.log(length / speed / _USUAL_S)))
    text = (
        f"paper speed taken as {usual:g} mm/s, at which the rows last {length / usual:.1f} s; give it if the page says "
        "otherwise"
    )
    return usual, (Note("speed-assumed", text),)


def _gain(given: float | None, drawing: Drawing, pulses: Sequence[Curve]) -> tuple[float, tuple[Note, ...]]:
    """The gain in mm/mV: given, printed, or the usual one nearest to the pulses' height."""
    stated, notes = stated_gain(drawing.words)
    height = float(np.median([pulse.height_mm for pulse in pulses])) if pulses else float("nan")
    nearest = min(_GAINS, key=lambda gain: abs(np.log(height / gain))) if pulses else 0.0
    seen = nearest if pulses and abs(height / nearest - 1) < _PULSE_NEAR else None
    gain = given or stated or seen
    if gain is None:
        why = f"the pulses are {height:.1f} mm high" if pulses else "no calibration pulse was found"
        text = f"gain taken as 10 mm/mV: {why}; give it if the page says otherwise"
        return 10.0, (Note("gain-assumed", text),)
    if seen is not None and seen != gain:
        text = f"the gain is taken as {gain:g} mm/mV, but the pulses say {seen:g} mm/mV"
        notes = (*notes, Note("gain-contradicted", text))
    return gain, notes


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


def _reading(page: Page, leads: Leads) -> Reading:
    geometry, layout = leads.geometry, leads.layout
    record = traces_to_record(leads.traces, geometry, layout)
    facts = replace(page_facts(geometry, (0.0, 0.0)), read_from="the file's own curves")
    notes = (*leads.notes, *curve_notes(record, layout))
    return Reading(record, page, geometry, layout, leads.traces, notes, facts)
