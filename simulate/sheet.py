"""A `Sheet`: everything that is printed on a page, as vectors in paper mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg.layout import Layout, LeadBox
from ecg.record import Record
from simulate.paper import Paper


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
    """A drawn line: float64 [point, (x, y)] in mm and the pen in mm; `kind` is trace, pulse, separator or mark."""

    points_mm: np.ndarray
    pen_mm: float
    kind: str


@dataclass(frozen=True, eq=False)
class Sheet:
    """Paper, layout and what is on it; `traces[i]` is the curve of `layout.boxes[i]`, [point, (x, y)] in mm."""

    paper: Paper
    layout: Layout
    traces: tuple[np.ndarray, ...]
    strokes: tuple[Stroke, ...]
    labels: tuple[Label, ...]


def trace_mm(record: Record, box: LeadBox, layout: Layout) -> np.ndarray:
    """The curve of one box on paper, [point, (x, y)] in mm; samples that are NaN break it (they stay NaN)."""
    name = box.lead.removeprefix("-")
    mv = record[name] if name in record.leads else np.full(record.samples, np.nan, np.float32)
    time_s = record.time_s
    inside = (time_s >= box.t0_s - 1e-9) & (time_s < box.t1_s - 1e-9)
    sign = -1.0 if box.lead.startswith("-") else 1.0
    x = box.box_mm[0] + (time_s[inside] - box.t0_s) * layout.mm_per_s
    return np.stack([x, box.baseline_mm - sign * mv[inside] * layout.mm_per_mv], axis=-1)


def printed(record: Record, layout: Layout, duration_s: float = 10.0) -> Record:
    """The twelve leads of `record` on the page's time line, NaN where the layout prints nothing."""
    duration_s = max(duration_s, layout.duration_s)
    full = record.crop(0.0, duration_s).select()
    seen = np.zeros(full.signal_mv.shape, bool)
    for box in layout.boxes:
        row = full.leads.index(box.lead.removeprefix("-"))
        seen[row] |= (full.time_s >= box.t0_s - 1e-9) & (full.time_s < box.t1_s - 1e-9)
    return Record(np.where(seen, full.signal_mv, np.nan), full.fs_hz, full.leads, 0.0, record.meta)


def pulse_mm(
    x_mm: float, baseline_mm: float, layout: Layout, foot_mm: float = 1.0, width_mm: float = 5.0
) -> np.ndarray:
    """A calibration pulse of 1 mV that starts at `x_mm`, [point, (x, y)] in mm."""
    up = baseline_mm - layout.mm_per_mv
    xs = np.cumsum([0, foot_mm, 0, width_mm, 0, foot_mm]) + x_mm
    return np.stack([xs, [baseline_mm, baseline_mm, up, up, baseline_mm, baseline_mm]], axis=-1)
