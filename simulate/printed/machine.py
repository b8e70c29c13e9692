"""What a machine prints: traces as its window lets them through, lead names, calibration pulses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecg.layout import Layout, LeadBox
from ecg.record import Record
from simulate.printed.header import headers
from simulate.printed.paper import Paper
from simulate.printed.separators import SEPARATORS, separators
from simulate.printed.sheet import Label, Sheet, Stroke, pulse_mm, trace_mm
from simulate.raster.text import bundled_count, text_size

_NAME_PLACES = {"above": 0.42, "below": 0.16, "on": 0.22, "start": 0.12, "left": 0.08}
_NAMES = {"as is": 0.8, "upper": 0.1, "colon": 0.05, "C1": 0.05}
_PULSES = {"left": 0.58, "right": 0.15, "none": 0.23, "between": 0.04}
_PULSES_OF_ONE = {"left": 0.6, "right": 0.15, "none": 0.25}  # where a row has one lead there is no between
_CLIPS = {"none": 0.84, "cut": 0.07, "flat": 0.09}


@dataclass(frozen=True)
class Style:
    """A machine's habits: where names, pulses and separators stand, its lettering, and what it lets through.

    Heights and lengths in mm. `gap_mm` stays blank before the next lead, `late_mm` after a lead's start; `clip` cuts
    or flattens what is further than `clip_mm` from the zero line.
    """

    name_place: str
    name_dx_mm: float
    name_dy_mm: float
    name_height_mm: float
    name_spelling: str
    font: int
    pulse: str
    pulse_room_mm: float
    pulse_gap_mm: float
    separator: str
    separator_pen_mm: float
    separator_dy_mm: float
    separator_size_mm: float
    header_height_mm: float
    has_names: bool
    gap_mm: float
    late_mm: float
    clip: str
    clip_mm: float


def sample_style(rng: np.random.Generator, layout: Layout) -> Style:
    """Draw a machine's habits at random."""
    place = _choose(rng, _NAME_PLACES)
    height = float(rng.uniform(1.7, 3.3) if rng.random() < 0.7 else rng.uniform(3, 5))
    depth = {"above": rng.uniform(4, 11), "below": -rng.uniform(1, 6), "on": rng.uniform(-1, 3)}.get(place, -height / 2)
    gap = float(rng.choice([0.0, rng.uniform(0, 6)]))
    box = layout.boxes[0].box_mm
    return Style(
        name_place=place,
        name_dx_mm=float({"start": rng.uniform(-1, 1), "left": -rng.uniform(0.2, 1)}.get(place, rng.uniform(-1, 5))),
        name_dy_mm=float(-depth),
        name_height_mm=height,
        name_spelling=_choose(rng, _NAMES),
        font=int(rng.integers(0, bundled_count())),
        pulse=_choose(rng, _PULSES if len(_columns_mm(layout)) > 1 else _PULSES_OF_ONE),
        pulse_room_mm=float(2 + 0.2 * layout.mm_per_s + gap + rng.uniform(0, 3)),
        pulse_gap_mm=gap,
        separator=_choose(rng, SEPARATORS),
        separator_pen_mm=float(rng.uniform(0.15, 0.9)),
        separator_dy_mm=float(rng.normal(0, 1.5)),
        separator_size_mm=float(rng.uniform(1.5, 9)),
        header_height_mm=float(rng.uniform(1.6, 3.2)),
        has_names=bool(rng.random() < 0.97),
        gap_mm=_seldom(rng, 0.22, 0.3, 4.0),
        late_mm=_seldom(rng, 0.1, 0.2, 3.0),
        clip=_choose(rng, _CLIPS),
        clip_mm=float(max(6.0, (box[3] - box[1]) * rng.uniform(0.4, 1.0))),
    )


def _choose(rng: np.random.Generator, table: dict[str, float]) -> str:
    return str(rng.choice(list(table), p=list(table.values())))


def _seldom(rng: np.random.Generator, chance: float, low: float, high: float) -> float:
    return float(rng.uniform(low, high)) if rng.random() < chance else 0.0


def compose(record: Record, layout: Layout, paper: Paper, style: Style, rng: np.random.Generator) -> Sheet:
    """Put a record on paper with all that the machine prints around it."""
    texts, rules = headers(layout, paper, style.header_height_mm, style.font, rng)
    last = {row[-1] for row in layout.rows()}
    gaps = [0.0 if box in last else style.gap_mm for box in layout.boxes]
    traces = tuple(
        _let_through(trace_mm(record, box, layout), box, gap, paper, style)
        for box, gap in zip(layout.boxes, gaps, strict=True)
    )
    strokes = _pulses(layout, paper, style) + separators(
        layout, style.separator, style.separator_pen_mm, style.separator_dy_mm, style.separator_size_mm
    )
    return Sheet(paper, layout, traces, tuple(strokes + rules), tuple(_names(layout, style) + texts))


def _let_through(points_mm: np.ndarray, box: LeadBox, gap_mm: float, paper: Paper, style: Style) -> np.ndarray:
    """The trace as the machine prints it; y is NaN where it leaves the paper or is not printed at all.

    `gap_mm` stays blank at its end.
    """
    x0, y0, x1, y1 = paper.extent_mm
    x, y = points_mm.T  # x grows along a trace
    first = np.searchsorted(x, max(x0, box.box_mm[0] + style.late_mm))
    last = np.searchsorted(x, min(x1, box.box_mm[2] - gap_mm), side="right")
    low, high = box.baseline_mm - style.clip_mm, box.baseline_mm + style.clip_mm
    if style.clip == "flat":
        y = np.clip(y, low, high)
    elif style.clip == "cut":
        y0, y1 = max(y0, low), min(y1, high)
    shown = np.full(points_mm.shape, np.nan)
    shown[:, 0], part = x, y[first:last]
    shown[first:last, 1] = np.where((part >= y0) & (part <= y1), part, np.nan)
    return shown


def _names(layout: Layout, style: Style) -> list[Label]:
    if not style.has_names:
        return []
    return [_name(box, style) for box in layout.boxes]


def _name(box: LeadBox, style: Style) -> Label:
    text, height = _spelt(box.lead, style.name_spelling), style.name_height_mm
    x, y = box.box_mm[0] + style.name_dx_mm, box.baseline_mm + style.name_dy_mm - height
    made = Label(text, x, y, height, style.font, True)
    if style.name_place != "left":
        return made
    return replace(made, x_mm=x - text_size(text, height * 8, style.font)[1] / 8)


def _spelt(lead: str, spelling: str) -> str:
    spelt = {"upper": lead.upper(), "colon": f"{lead}:", "C1": lead.replace("V", "C") if lead[0] == "V" else lead}
    return spelt.get(spelling, lead)


def _pulses(layout: Layout, paper: Paper, style: Style) -> list[Stroke]:
    if style.pulse == "none":
        return []
    width = 0.2 * layout.mm_per_s
    foot = max(0.5, (style.pulse_room_mm - style.pulse_gap_mm - width) / 2)
    starts = []
    for row in layout.rows():
        ends = [box.box_mm[2] + style.pulse_gap_mm for box in row]
        left = row[0].box_mm[0] - style.pulse_gap_mm - 2 * foot - width
        places = {"left": [left], "right": ends[-1:], "between": ends[:-1]}[style.pulse]
        starts += [(x, row[0].baseline_mm) for x in places]
    return [Stroke(pulse_mm(x, y, layout, foot, width), paper.pen_mm, "pulse") for x, y in starts]


def apart(layout: Layout, room_mm: float) -> Layout:
    """The layout with room before each column but the first; rhythm strips stay whole."""
    starts = _columns_mm(layout)
    boxes = []
    for box in layout.boxes:
        (x0, y0, x1, y1), moved = box.box_mm, starts.index(box.box_mm[0]) * room_mm
        boxes.append(replace(box, box_mm=(x0 + moved, y0, x1 + moved, y1)))
    return replace(layout, boxes=tuple(boxes))


def _columns_mm(layout: Layout) -> list[float]:
    """Where the columns begin, left to right."""
    return sorted({box.box_mm[0] for box in layout.boxes})


def text_boxes_mm(sheet: Sheet) -> list[list[float]]:
    """(x0, y0, x1, y1) around every printed text, in mm."""
    boxes = []
    for label in sheet.labels:
        rows, cols = text_size(label.text, label.height_mm * 8, label.font)
        boxes.append([label.x_mm, label.y_mm, label.x_mm + cols / 8, label.y_mm + rows / 8])
    return boxes
