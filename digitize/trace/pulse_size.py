"""The calibration pulses as the row network saw them, close up: their height tells the gain, their width the speed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from digitize.nets.inputs import ROW_PULSE, ROW_PX_PER_MM
from digitize.stages import RowReading
from ecg.paper import PULSE_GAINS_MM_PER_MV, PULSE_S, SPEEDS_MM_PER_S, USUAL_MM_PER_MV, USUAL_MM_PER_S


@dataclass(frozen=True)
class PulseThresholds:
    """What is a pulse, and of which usual size it is; set on simulated strips and on scans of machines' pages."""

    tolerance: float = 0.15  # share by which a pulse may differ from a usual one
    min_height_mm: float = 3.0  # lower than the lowest gain by more than the tolerance: seen in part only
    foot_mm: float = 4.0  # a pulse stands this near to the zero line of its row
    min_width_mm: float = 2.0  # of what is marked as a pulse
    min_tall_mm: float = 1.5  # of it, and so far above the zero line is a plateau at least
    broad: float = 0.6  # share of the broadest stroke from which on a stroke may be the plateau
    side: float = 0.5  # share of the tallest column from which on a column is a side
    alike: float = 0.1  # pulses that differ by less than this share are one machine's
    min_flat: float = 0.75  # a plateau is so wide beside the pulse below it; a round blot is narrower on top


_PULSES = PulseThresholds()


@dataclass(frozen=True)
class PulseSize:
    """What a page's pulses say: the `usual` gain or speed (None without one) and their median size in mm (or NaN).

    `is_single` tells that only one row of several shows a pulse, which sets nothing unusual: it may be a blot.
    `is_odd` tells that the pulses of several rows are alike, but of no usual size: the millimetres may be wrong.
    """

    usual: float | None
    mm: float
    is_single: bool = False
    is_odd: bool = False


def most_shown(
    sizes_mm: Sequence[float], known: Sequence[float], mm_each: float, default: float, row_count: int
) -> PulseSize:
    """The one of the `known` gains or speeds that most rows' pulses show, by one size (or NaN) for each row.

    A pulse is `mm_each` times its gain or speed large. One row of several confirms the `default`, but sets no other.
    """
    sizes = [size for size in sizes_mm if np.isfinite(size)]
    if not sizes:
        return PulseSize(None, float("nan"))
    votes = Counter(_nearest(size / mm_each, known) for size in sizes)
    value, count = max(votes.items(), key=lambda vote: vote[1])
    is_single = len(sizes) == 1 < row_count
    is_seen = 2 * count > len(sizes) and (not is_single or value == default)
    middle = float(np.median(sizes))
    is_odd = len(sizes) > 1 and set(votes) == {None} and float(np.ptp(sizes)) < _PULSES.alike * middle
    return PulseSize(value if is_seen else None, middle, is_single, is_odd)


def _nearest(size: float, known: Sequence[float]) -> float | None:
    """The known size nearest to one that was measured, None when none is near."""
    nearest = min(known, key=lambda each: abs(np.log(size / each)))
    return nearest if abs(size / nearest - 1) < _PULSES.tolerance else None


def pulse_height_mm(row: RowReading) -> float:
    """Height of the row's own calibration pulse, mm, between its plateau and its feet; NaN when there is none.

    What is too low to be a pulse is a side or a foot of one that was seen in part, and tells nothing. The strip may
    show the pulses of its neighbours too: the row's own stands on its zero line, the strip's middle.
    """
    middle = row.seg.shape[1] / 2
    square = [pulse for pulse in _pulses(row) if _is_square(pulse, middle)]
    heights = [_plateau_above_feet(pulse.sum(1).astype(float), middle) / ROW_PX_PER_MM for pulse in square]
    heights = [height for height in heights if height > _PULSES.min_height_mm]
    return float(np.median(heights)) if heights else float("nan")


def _pulses(row: RowReading) -> list[np.ndarray]:
    """Every pulse that stands on the strip's middle, as a mask [row, col] of the strip."""
    pulse = cv2.morphologyEx((row.seg[ROW_PULSE] > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(pulse, connectivity=8)
    return [labels == label for label in range(1, count) if _is_on_line(boxes[label], pulse.shape[0] / 2)]


def _is_on_line(box: np.ndarray, line_px: float) -> bool:
    """Whether a box (left, top, width, height, area) in px is as large as a pulse and stands on a row's zero line."""
    _, top, width, tall, _ = box
    off = abs(top + tall - line_px)
    is_large = width > _PULSES.min_width_mm * ROW_PX_PER_MM and tall > _PULSES.min_tall_mm * ROW_PX_PER_MM
    return bool(off < _PULSES.foot_mm * ROW_PX_PER_MM and is_large)


def _is_square(pulse: np.ndarray, zero_px: float) -> bool:
    """Whether a pulse [row, col] is as wide at its plateau as below it: a punch hole or another round blot is not."""
    plateau = _plateau_rows(pulse.sum(1).astype(float), zero_px)
    below = pulse[plateau[-1] + 1 : max(plateau[-1] + 2, int(zero_px))]
    wide = [_extent(row) for row in below if row.any()]
    return not wide or _extent(pulse[plateau[0]]) >= _PULSES.min_flat * float(np.median(wide))


def _extent(row: np.ndarray) -> int:
    columns = np.flatnonzero(row)
    return int(columns[-1] - columns[0] + 1) if len(columns) else 0


def speed_from_pulses(rows: Sequence[RowReading]) -> float | None:
    """The speed in mm/s that the rows' pulses show by their width, None where they show none."""
    widths = [np.median([_width_mm(pulse) for pulse in _pulses(row)] or [np.nan]) for row in rows]
    return most_shown([float(w) for w in widths], SPEEDS_MM_PER_S, PULSE_S, USUAL_MM_PER_S, len(rows)).usual


def _width_mm(pulse: np.ndarray) -> float:
    """From the middle of a pulse's left side to that of its right one: the columns with most ink."""
    tall = pulse.sum(0).astype(float)
    sides = np.flatnonzero(tall >= _PULSES.side * tall.max())
    halves = sides[sides < sides.mean()], sides[sides >= sides.mean()]
    return float(halves[1].mean() - halves[0].mean()) / ROW_PX_PER_MM if len(halves[0]) else 0.01


def _plateau_above_feet(profile: np.ndarray, zero_px: float) -> float:
    """Rows from the middle of a pulse's plateau to the middle of its feet, from its ink per row.

    Feet need not be seen: a pulse that runs into the trace has none of its own, and its sides end where they would lie.
    """
    plateau = _plateau_rows(profile, zero_px)
    foot = float(np.flatnonzero(profile)[-1]) - (len(plateau) - 1) / 2
    return foot - float(plateau.mean())


def _plateau_rows(profile: np.ndarray, zero_px: float) -> np.ndarray:
    """The rows of a pulse's plateau: the lowest broad stroke well above the zero line, as thick as the pen."""
    above = profile[: max(1, round(zero_px - _PULSES.min_tall_mm * ROW_PX_PER_MM))]
    broad = np.flatnonzero(above >= _PULSES.broad * above.max())
    return broad[broad > broad[-1] - 1 - _run_length(broad)]


def _run_length(places: np.ndarray) -> int:
    """How many of the last places follow each other without a gap."""
    gaps = np.flatnonzero(np.diff(places) > 1)
    return len(places) - (int(gaps[-1]) + 1 if len(gaps) else 0)


def gain_from_pulses(rows: Sequence[RowReading]) -> PulseSize:
    """The gain in mm/mV that the rows' pulses show, and their height in mm."""
    return most_shown([pulse_height_mm(row) for row in rows], PULSE_GAINS_MM_PER_MV, 1.0, USUAL_MM_PER_MV, len(rows))
