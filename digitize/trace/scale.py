"""From paper to units: the gain from the calibration pulses, and where the first column begins."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from digitize.data import ROW_PULSE, ROW_PX_PER_MM
from digitize.trace.row import RowReading

GAINS_MM_PER_MV = (2.5, 5.0, 10.0, 20.0, 40.0)
_TOLERANCE = 0.15
_FOOT_MM = 4.0  # a pulse stands this near to the zero line of its row


def pulse_height_mm(row: RowReading) -> float:
    """Height of the row's own calibration pulse, mm, between its plateau and its feet; NaN when there is none.

    The strip may show the pulses of its neighbours too: the row's own stands on its zero line, the strip's middle.
    """
    pulse = cv2.morphologyEx((row.seg[ROW_PULSE] > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(pulse, connectivity=8)
    middle = pulse.shape[0] / 2
    heights = []
    for label in range(1, count):
        _, top, width, tall, _ = boxes[label]
        foot = top + tall
        if abs(foot - middle) < _FOOT_MM * ROW_PX_PER_MM and width > 2 * ROW_PX_PER_MM and tall > 1.5 * ROW_PX_PER_MM:
            heights.append(_plateau_above_feet((labels == label).sum(1).astype(float), middle) / ROW_PX_PER_MM)
    return float(np.median(heights)) if heights else float("nan")


def _plateau_above_feet(profile: np.ndarray, zero_px: float) -> float:
    """Rows from the middle of a pulse's plateau to the middle of its feet, from its ink per row.

    The plateau is the lowest broad stroke well above the zero line, and as thick as the pen. Feet need not be seen: a
    pulse that runs into the trace has none of its own, and its sides end where they would lie.
    """
    above = profile[: max(1, round(zero_px - 1.5 * ROW_PX_PER_MM))]
    broad = np.flatnonzero(above >= 0.6 * above.max())
    stroke = broad[broad > broad[-1] - 1 - _run_length(broad)]
    pen = len(stroke)
    foot = float(np.flatnonzero(profile)[-1]) - (pen - 1) / 2
    return foot - float(stroke.mean())


def _run_length(places: np.ndarray) -> int:
    """How many of the last places follow each other without a gap."""
    gaps = np.flatnonzero(np.diff(places) > 1)
    return len(places) - (int(gaps[-1]) + 1 if len(gaps) else 0)


def gain_from_pulses(rows: Sequence[RowReading]) -> tuple[float | None, float]:
    """(gain in mm/mV, pulse height in mm): the usual gain nearest to the pulses' median, None when none is near."""
    heights = np.array([pulse_height_mm(row) for row in rows])
    heights = heights[np.isfinite(heights)]
    if not len(heights):
        return None, float("nan")
    height = float(np.median(heights))
    nearest = min(GAINS_MM_PER_MV, key=lambda gain: abs(np.log(height / gain)))
    return (nearest if abs(height / nearest - 1) < _TOLERANCE else None), height


def start_mm(rows: Sequence[RowReading], expected_mm: float, length_mm: float, reach_mm: float = 15.0) -> float:
    """Where the first column begins, for rows `length_mm` long: the place that takes in the most of what was read.

    Only places where some row's trace begins, or ends `length_mm` later, are tried, within `reach_mm` of what the
    layout says; without one the expectation stands.
    """
    begins = np.concatenate([_edges(row, rising=True) for row in rows])
    ends = np.concatenate([_edges(row, rising=False) for row in rows]) - length_mm
    tried = np.concatenate([begins, ends])
    tried = tried[np.abs(tried - expected_mm) < reach_mm]
    if not len(tried):
        return expected_mm
    fit = np.array([sum(_taken_in(row, x, length_mm) for row in rows) for x in tried])
    # Places that take in as much within half a millimetre's worth are one place seen several times.
    alike = tried[fit > fit.max() - 0.5 * len(rows)]
    near = np.abs(alike - tried[fit.argmax()]) < 1.0
    begun = near & np.isin(alike, begins)  # a beginning is the thing itself; an end only stands for it
    return float(np.median(alike[begun] if begun.any() else alike[near]))


def _edges(row: RowReading, rising: bool) -> np.ndarray:
    """Places in mm at which a trace begins (or ends) and goes on (or was there) for most of the next 5 mm."""
    there = (row.presence >= 0.5).astype(np.int8)
    step = float(row.x_mm[1] - row.x_mm[0])
    count = max(1, round(5.0 / step))
    at = np.flatnonzero(np.diff(there) == (1 if rising else -1)) + 1
    kept = []
    for i in at:
        part = there[i : i + count] if rising else there[max(0, i - count) : i]
        if part.sum() > 0.8 * count:
            before, after = row.presence[i - 1], row.presence[i]
            kept.append(float(row.x_mm[i - 1] + step * (0.5 - before) / (after - before)))
    return np.array(kept)


def _taken_in(row: RowReading, x0_mm: float, length_mm: float) -> float:
    """Trace inside the span less trace outside it, in mm."""
    inside = (row.x_mm >= x0_mm) & (row.x_mm < x0_mm + length_mm)
    step = float(row.x_mm[1] - row.x_mm[0])
    there = row.presence >= 0.5
    return float(there[inside].sum() - there[~inside].sum()) * step
