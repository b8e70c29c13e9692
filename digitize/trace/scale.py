"""From paper to units: the gain from the calibration pulses, and where the first column begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitize.data import ROW_PULSE, ROW_PX_PER_MM
from digitize.trace.row import RowReading

GAINS_MM_PER_MV = (2.5, 5.0, 10.0, 20.0, 40.0)
_TOLERANCE = 0.15


def pulse_height_mm(row: RowReading) -> float:
    """Height of the calibration pulse in a row, mm, between its plateau and its feet; NaN when there is none."""
    pulse = row.seg[ROW_PULSE] > 0.5
    cols = np.flatnonzero(pulse.any(0))
    if len(cols) < 2 * ROW_PX_PER_MM:
        return float("nan")
    # The feet and the plateau are the two heights with the most ink.
    profile = pulse[:, cols].sum(1).astype(float)
    rows = np.flatnonzero(profile)
    top, bottom = rows[0], rows[-1]
    middle = (top + bottom) / 2
    height = _centre(profile, rows[rows > middle]) - _centre(profile, rows[rows <= middle])
    return float(height / ROW_PX_PER_MM) if height > 1.5 * ROW_PX_PER_MM else float("nan")


def _centre(profile: np.ndarray, rows: np.ndarray) -> float:
    """The height where most of the ink is: the middle of the rows with at least 60 % of the greatest width."""
    strong = rows[profile[rows] >= 0.6 * profile[rows].max()]
    return float(np.average(strong, weights=profile[strong]))


def gain_from_pulses(rows: Sequence[RowReading]) -> tuple[float | None, float]:
    """(gain in mm/mV, pulse height in mm): the usual gain nearest to the pulses' median, None when none is near."""
    heights = np.array([pulse_height_mm(row) for row in rows])
    heights = heights[np.isfinite(heights)]
    if not len(heights):
        return None, float("nan")
    height = float(np.median(heights))
    nearest = min(GAINS_MM_PER_MV, key=lambda gain: abs(np.log(height / gain)))
    return (nearest if abs(height / nearest - 1) < _TOLERANCE else None), height


def start_mm(rows: Sequence[RowReading], expected_mm: float, reach_mm: float = 4.0) -> float:
    """Where the first column begins: the median place, over the rows, at which ink of the row sets in.

    Rows whose ink sets in further than `reach_mm` from what the layout says do not vote; without a vote the
    expectation stands.
    """
    votes = []
    for row in rows:
        near = np.abs(row.x_mm - expected_mm) < reach_mm
        if near.sum() < 4:
            continue
        presence, x = row.presence[near], row.x_mm[near]
        rises = np.flatnonzero((presence[1:] >= 0.5) & (presence[:-1] < 0.5))
        if len(rises):
            votes.append(float((x[rises[0]] + x[rises[0] + 1]) / 2))
    return float(np.median(votes)) if votes else expected_mm
