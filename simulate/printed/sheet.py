"""A `Sheet`: everything that is printed on a page, as vectors in paper mm."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ecg.layout import Layout, LeadBox
from ecg.record import Record
from simulate.printed.paper import Paper
from simulate.wear.layers import Layer


@dataclass(frozen=True)
class Label:
    """A line of text: its upper left corner in mm and the height of its letters in mm."""

    text: str
    x_mm: float
    y_mm: float
    height_mm: float
    font: int = 0
    is_name: bool = False


@dataclass(frozen=True, eq=False)
class Stroke:
    """A drawn line: float64 [point, (x, y)] in mm, NaN where the pen is lifted, and the pen in mm.

    `kind` is pulse, separator, rule or emblem.
    """

    points_mm: np.ndarray
    pen_mm: float
    kind: str


@dataclass(frozen=True, eq=False)
class Sheet:
    """Paper, layout and what is on it; `traces[i]` is the curve of `layout.boxes[i]`, [point, (x, y)] in mm.

    y is NaN where a trace is not printed or where one of the `layers`, which lie over the print, hides it.
    """

    paper: Paper
    layout: Layout
    traces: tuple[np.ndarray, ...]
    strokes: tuple[Stroke, ...]
    labels: tuple[Label, ...]
    layers: tuple[Layer, ...] = ()

    def under(self, layers: tuple[Layer, ...]) -> Sheet:
        """The sheet with layers over it; where they hide a trace its y becomes NaN."""
        shapes = [shape for layer in layers for shape in layer.hides_mm]
        return replace(self, traces=tuple(_hidden(t, shapes) for t in self.traces), layers=(*self.layers, *layers))


def _hidden(points_mm: np.ndarray, shapes_mm: list[np.ndarray]) -> np.ndarray:
    """A curve with NaN for y inside any of the polygons."""
    seen = points_mm
    for shape in shapes_mm:
        low, high = shape.min(0), shape.max(0)
        first, last = np.searchsorted(points_mm[:, 0], (low[0], high[0]))  # x grows along a curve
        y = seen[first:last, 1]
        near = first + np.flatnonzero((y >= low[1]) & (y <= high[1]))
        polygon = shape.astype(np.float32)
        inside = [i for i in near if cv2.pointPolygonTest(polygon, seen[i].tolist(), False) >= 0]
        if inside:
            seen = seen.copy()
            seen[inside, 1] = np.nan
    return seen


def trace_mm(record: Record, box: LeadBox, layout: Layout) -> np.ndarray:
    """The curve of one box on paper, [point, (x, y)] in mm; samples that are NaN break it (they stay NaN)."""
    name = box.lead.removeprefix("-")
    mv = record[name] if name in record.leads else np.full(record.samples, np.nan, np.float32)
    bounds = np.ceil((np.array([box.t0_s, box.t1_s]) - record.start_s - 1e-9) * record.fs_hz)
    first, last = np.clip(bounds, 0, record.samples).astype(int)
    scale = layout.mm_per_mv * box.gain * (-1.0 if box.lead.startswith("-") else 1.0)
    points = np.empty((last - first, 2))
    points[:, 0] = box.box_mm[0] + (record.start_s - box.t0_s + np.arange(first, last) / record.fs_hz) * layout.mm_per_s
    points[:, 1] = box.baseline_mm - scale * mv[first:last]
    return points


def printed(record: Record, layout: Layout, duration_s: float = 10.0) -> Record:
    """The twelve leads of `record` on the page's time line, NaN where the layout prints nothing."""
    duration_s = max(duration_s, layout.duration_s)
    full = record.crop(0.0, duration_s).select()
    seen = np.zeros(full.signal_mv.shape, bool)
    for box in layout.boxes:
        row = full.leads.index(box.lead.removeprefix("-"))
        seen[row] |= (full.time_s >= box.t0_s - 1e-9) & (full.time_s < box.t1_s - 1e-9)
    return Record(np.where(seen, full.signal_mv, np.nan), full.fs_hz, full.leads, 0.0, record.meta)


def legible(record: Record, sheet: Sheet) -> Record:
    """What a perfect reader finds on a sheet: `printed`, with the ink's own clips and offsets, NaN where there is none.

    Where a lead stands twice the longer strip counts and the other fills its gaps.
    """
    full = printed(record, sheet.layout)
    found = np.full(full.signal_mv.shape, np.nan, np.float32)
    order = sorted(range(len(sheet.traces)), key=lambda i: sheet.layout.boxes[i].t0_s - sheet.layout.boxes[i].t1_s)
    for i in order:
        box, (x, y) = sheet.layout.boxes[i], sheet.traces[i].T
        at = np.round((box.t0_s + (x - box.box_mm[0]) / sheet.layout.mm_per_s) * full.fs_hz).astype(int)
        mv = (box.baseline_mm - y) / (sheet.layout.mm_per_mv * box.gain) * (-1.0 if box.lead.startswith("-") else 1.0)
        row = found[full.leads.index(box.lead.removeprefix("-"))]
        fill = (at < row.size) & np.isnan(row[np.minimum(at, row.size - 1)])
        row[at[fill]] = mv[fill]
    return replace(full, signal_mv=found)


def pulse_mm(
    x_mm: float, baseline_mm: float, layout: Layout, foot_mm: float = 1.0, width_mm: float = 5.0
) -> np.ndarray:
    """A calibration pulse of 1 mV that starts at `x_mm`, [point, (x, y)] in mm."""
    up = baseline_mm - layout.mm_per_mv
    xs = np.cumsum([0, foot_mm, 0, width_mm, 0, foot_mm]) + x_mm
    return np.stack([xs, [baseline_mm, baseline_mm, up, up, baseline_mm, baseline_mm]], axis=-1)
