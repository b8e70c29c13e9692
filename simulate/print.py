"""What a machine prints around the traces: lead names, calibration pulses, separators, headers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg.layout import Layout, LeadBox
from ecg.record import Record
from simulate.paper import Paper
from simulate.sheet import Label, Sheet, Stroke, pulse_mm, trace_mm
from simulate.text import bundled_count, header_lines, text_size

_NAME_PLACES = {"above": 0.55, "below": 0.2, "on": 0.25}
_SEPARATORS = {"none": 0.35, "ticks": 0.2, "bar": 0.2, "dotted": 0.15, "line": 0.1}


@dataclass(frozen=True)
class Style:
    """A machine's habits: where names, pulses and separators stand, and its lettering (heights in mm)."""

    name_place: str
    name_dx_mm: float
    name_dy_mm: float
    name_height_mm: float
    font: int
    pulse: str
    pulse_room_mm: float
    pulse_gap_mm: float
    separator: str
    separator_pen_mm: float
    header_height_mm: float
    has_names: bool


def sample_style(rng: np.random.Generator, layout: Layout) -> Style:
    """Draw a machine's habits at random."""
    place = str(rng.choice(list(_NAME_PLACES), p=list(_NAME_PLACES.values())))
    depth = {"above": rng.uniform(4, 11), "below": -rng.uniform(1, 6), "on": rng.uniform(-1, 3)}[place]
    gap = float(rng.choice([0.0, rng.uniform(0, 6)]))
    return Style(
        name_place=place,
        name_dx_mm=float(rng.uniform(-1, 5)),
        name_dy_mm=float(-depth),
        name_height_mm=float(rng.uniform(1.8, 3.6)),
        font=int(rng.integers(0, bundled_count())),
        pulse=str(rng.choice(["left", "right", "none"], p=[0.6, 0.15, 0.25])),
        pulse_room_mm=float(2 + 0.2 * layout.mm_per_s + gap + rng.uniform(0, 3)),
        pulse_gap_mm=gap,
        separator=str(rng.choice(list(_SEPARATORS), p=list(_SEPARATORS.values()))),
        separator_pen_mm=float(rng.uniform(0.2, 0.9)),
        header_height_mm=float(rng.uniform(1.6, 3.2)),
        has_names=bool(rng.random() < 0.97),
    )


def compose(record: Record, layout: Layout, paper: Paper, style: Style, rng: np.random.Generator) -> Sheet:
    """Put a record on paper with all that the machine prints around it."""
    traces = tuple(trace_mm(record, box, layout) for box in layout.boxes)
    strokes = _pulses(layout, paper, style) + _separators(layout, style)
    labels = (_names(layout, style) if style.has_names else []) + _headers(layout, paper, style, rng)
    return Sheet(paper, layout, traces, tuple(strokes), tuple(labels))


def _names(layout: Layout, style: Style) -> list[Label]:
    dy = style.name_dy_mm - style.name_height_mm
    return [
        Label(b.lead, b.box_mm[0] + style.name_dx_mm, b.baseline_mm + dy, style.name_height_mm, style.font, True)
        for b in layout.boxes
    ]


def _pulses(layout: Layout, paper: Paper, style: Style) -> list[Stroke]:
    if style.pulse == "none":
        return []
    width = 0.2 * layout.mm_per_s
    foot = max(0.5, (style.pulse_room_mm - style.pulse_gap_mm - width) / 2)
    strokes = []
    for row in layout.rows():
        right = row[-1].box_mm[2] + style.pulse_gap_mm
        left = row[0].box_mm[0] - style.pulse_gap_mm - 2 * foot - width
        points = pulse_mm(left if style.pulse == "left" else right, row[0].baseline_mm, layout, foot, width)
        strokes.append(Stroke(points, paper.pen_mm, "pulse"))
    return strokes


def _separators(layout: Layout, style: Style) -> list[Stroke]:
    if style.separator == "none":
        return []
    strokes = []
    for row in layout.rows():
        for box in row[1:]:
            strokes += _separator(box, style)
    return strokes


def _separator(box: LeadBox, style: Style) -> list[Stroke]:
    x, y, pen = box.box_mm[0], box.baseline_mm, style.separator_pen_mm
    half = (box.box_mm[3] - box.box_mm[1]) / 2
    spans: dict[str, list[tuple[float, float]]] = {
        "ticks": [(-5, -2), (2, 5)],
        "bar": [(-2.5, 2.5)],
        "line": [(-half, half)],
        "dotted": [(a, a + 0.4) for a in np.arange(-half, half, 1.0)],
    }
    thin = pen * (0.4 if style.separator in ("dotted", "line") else 1.0)
    return [Stroke(np.array([[x, y + a], [x, y + b]]), max(0.15, thin), "separator") for a, b in spans[style.separator]]


def _headers(layout: Layout, paper: Paper, style: Style, rng: np.random.Generator) -> list[Label]:
    """Lines in the free strip above the traces and the footer below, in one to three columns."""
    x0, y0, x1, y1 = paper.extent_mm
    top, bottom = layout.extent_mm[1], layout.extent_mm[3]
    lines, step = header_lines(rng), style.header_height_mm * 1.9
    columns = int(rng.integers(1, 4))
    labels = []
    if y1 - bottom > style.header_height_mm * 2 and lines:
        labels.append(Label(lines[-1], x0 + 6, bottom + 0.3 * (y1 - bottom), style.header_height_mm, style.font))
    room = max(0, int((top - y0 - 3) / step))
    per_column = min(room, -(-len(lines) // columns))
    for i, line in enumerate(lines[: per_column * columns]):
        c, r = divmod(i, max(per_column, 1))
        x = x0 + 4 + c * (x1 - x0) / columns
        labels.append(Label(line, x, y0 + 3 + r * step, style.header_height_mm, style.font))
    return labels


def text_boxes_mm(sheet: Sheet) -> list[list[float]]:
    """(x0, y0, x1, y1) around every printed text, in mm."""
    boxes = []
    for label in sheet.labels:
        rows, cols = text_size(label.text, label.height_mm * 8, label.font)
        boxes.append([label.x_mm, label.y_mm, label.x_mm + cols / 8, label.y_mm + rows / 8])
    return boxes
