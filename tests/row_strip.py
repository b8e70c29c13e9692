"""Strips of a row with pulses, as the row network would see them."""

from __future__ import annotations

import cv2
import numpy as np

from digitize.nets.inputs import ROW_CLASSES, ROW_PULSE, ROW_PX_PER_MM, column_centres_px
from digitize.stages import RowReading
from digitize.trace.row_reading import strip_window
from digitize.training.target_drawing import edge_heat

BEGIN_MM = 20.0


Curve = list[tuple[float, float]]


def strip(
    baseline_mm: float,
    pulses: list[Curve],
    pen_mm: float = 0.3,
    begin_mm: float | None = BEGIN_MM,
    end_mm: float = 100.0,
) -> RowReading:
    """What a flawless row network says of 100 mm with these pulses and a trace from `begin_mm` to `end_mm`."""
    window = strip_window(0.0, 100.0, baseline_mm, 22.0)
    cols, rows = (round((window[k + 2] - window[k]) * ROW_PX_PER_MM) for k in (0, 1))
    seg = np.zeros((ROW_CLASSES, rows, cols), np.float32)
    for points in pulses:
        px = (np.array(points) - window[:2]) * ROW_PX_PER_MM - 0.5
        pen = max(2, round(pen_mm * ROW_PX_PER_MM))
        cv2.polylines(seg[ROW_PULSE], [np.round(px * 32).astype(np.int32)], False, 1.0, pen, cv2.LINE_8, 5)
    x = (column_centres_px(cols) + 0.5) / ROW_PX_PER_MM
    seen, edge = np.zeros((2, x.size), np.float32)
    if begin_mm is not None:
        seen[(x >= begin_mm) & (x < end_mm)] = 1.0
        edge = edge_heat(np.array([begin_mm, end_mm]), x)
    return RowReading(x, np.full(x.size, baseline_mm), seen, seen, edge, seg)
