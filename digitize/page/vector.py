"""Pages that a file draws itself: the traces are its own curves, read without a network and without loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitize.page.captions import name_traces, names_beside, said_chest_gain, said_gain, said_speed
from digitize.page.curves import Curve, divided, from_left_to_right, in_rows, without_pulse, zero_lines
from digitize.page.ruled import find_grid
from ecg.drawing import Drawing, Stroke
from ecg.geometry import PageGeometry, project
from ecg.layout import TEMPLATES, Layout, LeadBox, Template, template
from ecg.leads import PRECORDIAL
from ecg.reading import FS_HZ, Page, Reading, Trace, traces_to_record

_MM_PER_INCH = 25.4
_SPEEDS, _GAINS = (12.5, 25.0, 50.0), (2.5, 5.0, 10.0, 20.0, 40.0)
_USUAL_S = 10.0  # what a page shows of the heart
_COLUMNS_S = (1.25, 2.5, 3.0, 5.0, 10.0)
_NEAR = 0.03  # a column is as long as a usual one when it differs by no more
_PULSE_NEAR = 0.15
_LAG_S, _ALIKE = 0.12, 0.97  # a rhythm strip is the lead with which it correlates so well after so small a shift


class NotDrawn(ValueError):
    """A page whose drawing cannot be read as an ECG; the message says what is missing."""


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
    names, words = _leads(rows, printed, given, speed)
    chest_gain = None if mm_per_mv else said_chest_gain(drawing.words)
    placed = _place(rows, names, zero_lines(rows, pulses), speed, gain, (chest_gain or gain) / gain)
    return _reading(page, geometry, placed, [trace for row in rows for trace in row], (*notes, *more, *words))


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


def _starts_s(rows: Sequence[Sequence[Curve]], speed: float) -> tuple[list[list[float]], float]:
    """When every trace begins on the page's time line, and how long a column is, s.

    Columns are often printed a little narrower than the seconds they show: near a usual length, that length counts.
    """
    left = min(row[0].x0_mm for row in rows)
    several = [row for row in rows if len(row) > 1] or rows
    seen = float(np.median([trace.x1_mm - trace.x0_mm for row in several for trace in row])) / speed
    column_s = next((usual for usual in _COLUMNS_S if abs(seen / usual - 1) < _NEAR), seen)

    def start(trace: Curve) -> float:
        at = (trace.x0_mm - left) / speed
        snapped = round(at / column_s) * column_s
        return snapped if abs(at - snapped) < 0.1 * column_s else at

    return [[start(trace) for trace in row] for row in rows], column_s


def _leads(
    rows: Sequence[Sequence[Curve]], printed: Sequence[str | None], given: Template | None, speed: float
) -> tuple[list[str], tuple[str, ...]]:
    """The lead of every trace, row by row, and warnings where it is not printed there. Raises NotDrawn."""
    shape = [len(row) for row in rows]
    fitting = [t for t in ([given] if given else TEMPLATES.values()) if _shape(t) == shape]
    if given and not fitting:
        raise NotDrawn(f"the file draws rows of {_listed(shape)} traces, which is not {given.name}")
    if given:
        return [lead for _, _, lead, _ in given.cells()], ()
    names, warnings = _with_strips(rows, list(printed), speed)
    missing = names.count(None)
    if not missing:
        return _distinct(rows, [name for name in names if name]), warnings
    if not fitting or missing > len(names) / 2:
        raise NotDrawn(f"the file draws rows of {_listed(shape)} traces, {missing} of them without a lead's name")
    best = max(fitting, key=lambda t: sum(a == b for a, b in zip(_cells(t), names, strict=True)))
    filled = [usual if name is None else name for usual, name in zip(_cells(best), names, strict=True)]
    words = f"{missing} traces are not named: they are taken from the usual order of {best.name}; check them"
    return _distinct(rows, filled), (*warnings, words)


def _with_strips(
    rows: Sequence[Sequence[Curve]], names: list[str | None], speed: float
) -> tuple[list[str | None], tuple[str, ...]]:
    """The names with those of unnamed rhythm strips, each the lead whose curve it repeats."""
    starts, _ = _starts_s(rows, speed)
    flat = [
        (trace, start) for row, begin in zip(rows, starts, strict=True) for trace, start in zip(row, begin, strict=True)
    ]
    strips = _strips(rows)
    shown = [(names[i], *flat[i]) for i in range(len(flat)) if i not in strips and names[i]]
    warnings = []
    for i in strips:
        if names[i] is None and shown:
            likeness = {name: _likeness(flat[i], (trace, start), speed) for name, trace, start in shown}
            lead = max(likeness, key=lambda name: likeness[name])
            if likeness[lead] > _ALIKE:
                names[i] = lead
                warnings.append(f"the rhythm strip is not named: it is taken as {lead}, whose curve it repeats")
    return names, tuple(warnings)


def _likeness(strip: tuple[Curve, float], piece: tuple[Curve, float], speed: float) -> float:
    """The best correlation of a piece with the strip at its own time, after a small shift."""
    step = 1 / FS_HZ
    wanted, long = ((start + (curve.mm[:, 0] - curve.x0_mm) / speed, curve.mm[:, 1]) for curve, start in (piece, strip))
    at = np.arange(wanted[0][0] + _LAG_S, wanted[0][-1] - _LAG_S, step)
    part = np.interp(at, *wanted)
    shifts = np.arange(-_LAG_S, _LAG_S, step)
    return max(float(np.corrcoef(part, np.interp(at + shift, *long))[0, 1]) for shift in shifts)


def _distinct(rows: Sequence[Sequence[Curve]], names: list[str]) -> list[str]:
    """The names, once it is sure that only rhythm strips repeat one. Raises NotDrawn."""
    strips = _strips(rows)
    pieces = [name for i, name in enumerate(names) if i not in strips]
    twice = sorted({name for name in pieces if pieces.count(name) > 1})
    if twice:
        raise NotDrawn(f"several traces of the file stand at the name {', '.join(twice)}")
    return names


def _strips(rows: Sequence[Sequence[Curve]]) -> list[int]:
    """The numbers of the traces that have a row to themselves while others share theirs."""
    number = np.cumsum([0, *(len(row) for row in rows)])
    return [int(number[r]) for r, row in enumerate(rows) if len(row) == 1 < max(map(len, rows))]


def _shape(template: Template) -> list[int]:
    return [template.columns] * len(template.grid) + [1] * len(template.rhythm)


def _cells(template: Template) -> list[str]:
    return [lead for _, _, lead, _ in template.cells()]


def _listed(shape: Sequence[int]) -> str:
    return ", ".join(map(str, shape))


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
    starts, column_s = _starts_s(rows, speed)
    strips = _strips(rows)
    half = float(np.median(np.diff(zero_mm))) / 2 if len(rows) > 1 else 20.0
    boxes: list[LeadBox] = []
    for row, begin, zero in zip(rows, starts, zero_mm, strict=True):
        for trace, start in zip(row, begin, strict=True):
            seconds = (trace.x1_mm - trace.x0_mm) / speed
            shown = column_s if abs(seconds / column_s - 1) < _NEAR else seconds
            box = (trace.x0_mm, zero - half, trace.x0_mm + shown * speed, zero + half)
            lead = names[len(boxes)]
            share = chest_share if lead in PRECORDIAL else 1.0
            boxes.append(LeadBox(lead, box, start, start + shown, len(boxes) in strips, share))
    grid = [name for i, name in enumerate(names) if i not in strips]
    shape = [len(row) for row in rows]
    same = (t.name for t in TEMPLATES.values() if _shape(t) == shape and _cells(t)[: len(grid)] == grid)
    return Layout(next(same, f"rows of {_listed(shape)}"), tuple(boxes), speed, gain)


def _reading(
    page: Page, geometry: PageGeometry, layout: Layout, traces: Sequence[Curve], warnings: tuple[str, ...]
) -> Reading:
    found = []
    for box, trace in zip(layout.boxes, traces, strict=True):
        px = geometry.to_px(trace.filled())
        found.append(Trace(box.lead, px[:, 0], px[:, 1], np.ones(len(px))))
    record = traces_to_record(found, geometry, layout)
    across, down = geometry.px_per_mm((0.0, 0.0))
    facts = {
        "rotation_deg": round(geometry.angle_deg((0.0, 0.0)), 2),
        "px_per_mm": [round(across, 3), round(down, 3)],
        "mm_per_s": layout.mm_per_s,
        "mm_per_mv": layout.mm_per_mv,
        "read_from": "the file's own curves",
    }
    return Reading(record, page, geometry, layout, tuple(found), warnings, facts)
