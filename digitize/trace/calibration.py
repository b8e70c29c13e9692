"""From paper to units: the gain from the calibration pulses, and where the first column begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from digitize.grid.subpixel import vertex
from digitize.nets.inputs import EDGE_COLUMNS, ROW_PULSE, ROW_PX_PER_MM
from digitize.trace.row_reading import RowReading
from ecg.layout import Layout, LeadBox

GAINS_MM_PER_MV = (5.0, 10.0, 20.0)  # as machines print them; a smaller pulse is one that was seen in part
SPEEDS_MM_PER_S = (12.5, 25.0, 50.0)
_PULSE_S = 0.2
_TOLERANCE = 0.15
_LEAST_MM = 3.0  # lower than the lowest gain by more than its tolerance
_REACH_MM, _STEP_MM = 15.0, 0.05
_LAST_SAMPLE_S = 0.002  # a printed lead ends with its last sample, one step before the next one begins
_STAY = 1e-3  # what moving costs, a mm: nothing seen means the layout's own place
_WORTH_MM = 5.0  # so much trace, in or out, weighs as much as one edge
_FOOT_MM = 4.0  # a pulse stands this near to the zero line of its row
_GAP_REACH_MM, _GAP_STEP_MM = 4.0, 0.1  # the room between columns is known this well, and looked for this finely
_TOUCH_MM = 0.01
_ENDS_SEEN = 0.25  # flat scans have more than this, slanted photos less
_SHARE_STEP, _NEAR_MM, _COARSE_MM = 0.0025, 8.0, 0.25  # the length of columns is looked for near where they are


def pulse_height_mm(row: RowReading) -> float:
    """Height of the row's own calibration pulse, mm, between its plateau and its feet; NaN when there is none.

    What is too low to be a pulse is a side or a foot of one that was seen in part, and tells nothing. The strip may
    show the pulses of its neighbours too: the row's own stands on its zero line, the strip's middle.
    """
    middle = row.seg.shape[1] / 2
    heights = [_plateau_above_feet(pulse.sum(1).astype(float), middle) / ROW_PX_PER_MM for pulse in _pulses(row)]
    heights = [height for height in heights if height > _LEAST_MM]
    return float(np.median(heights)) if heights else float("nan")


def _pulses(row: RowReading) -> list[np.ndarray]:
    """Every pulse that stands on the strip's middle, as a mask [row, col] of the strip."""
    pulse = cv2.morphologyEx((row.seg[ROW_PULSE] > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(pulse, connectivity=8)
    found = []
    for label in range(1, count):
        _, top, width, tall, _ = boxes[label]
        off = abs(top + tall - pulse.shape[0] / 2)
        if off < _FOOT_MM * ROW_PX_PER_MM and width > 2 * ROW_PX_PER_MM and tall > 1.5 * ROW_PX_PER_MM:
            found.append(labels == label)
    return found


def speed_from_pulses(rows: Sequence[RowReading]) -> float | None:
    """The usual speed in mm/s nearest to the pulses' median width, None when none is near."""
    widths = [_width_mm(pulse) for row in rows for pulse in _pulses(row)]
    if not widths:
        return None
    speed = float(np.median(widths)) / _PULSE_S
    nearest = min(SPEEDS_MM_PER_S, key=lambda usual: abs(np.log(speed / usual)))
    return nearest if abs(speed / nearest - 1) < _TOLERANCE else None


def _width_mm(pulse: np.ndarray) -> float:
    """From the middle of a pulse's left side to that of its right one: the columns with most ink."""
    tall = pulse.sum(0).astype(float)
    sides = np.flatnonzero(tall >= 0.5 * tall.max())
    halves = sides[sides < sides.mean()], sides[sides >= sides.mean()]
    return float(halves[1].mean() - halves[0].mean()) / ROW_PX_PER_MM if len(halves[0]) else 0.01


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


def in_place(rows: Sequence[RowReading], layout: Layout) -> Layout:
    """The layout moved along its rows to where its leads begin and end; columns with room between them also apart."""
    starts = sorted({box.box_mm[0] for box in layout.boxes if not box.is_rhythm})
    ends = {box.box_mm[2] for box in layout.boxes}
    if any(min(abs(start - end) for end in ends) > _TOUCH_MM for start in starts[1:]):
        moves = np.arange(-_REACH_MM, _REACH_MM, _STEP_MM)
        wider = [_spread(layout, starts, by) for by in np.arange(-_GAP_REACH_MM, _GAP_REACH_MM, _GAP_STEP_MM)]
        layout = max(wider, key=lambda tried: float(_fits(rows, tried, moves).max()))
    return layout.shifted(start_mm(rows, layout) - layout.extent_mm[0], 0.0)


def length_share(rows: Sequence[RowReading], layout: Layout, within: float) -> float | None:
    """How long the columns were seen beside the layout's, a share not farther than `within` from 1.

    None where the leads do not begin and end as in columns of any such length.
    """
    moves = np.arange(-_NEAR_MM, _NEAR_MM, _COARSE_MM)
    shares = 1 + np.arange(-within, within + _SHARE_STEP / 2, _SHARE_STEP)
    fit = np.array([_fits(rows, _stretched(layout, share), moves) for share in shares])
    best, move = np.unravel_index(int(np.argmax(fit)), fit.shape)
    placed = _stretched(layout, shares[best]).shifted(float(moves[move]), 0.0)
    is_inside = 0 < best < len(shares) - 1
    return float(shares[best]) if is_inside and _ends_seen(rows, placed) > _ENDS_SEEN else None


def _ends_seen(rows: Sequence[RowReading], layout: Layout) -> float:
    """How surely leads begin and end where the layout has them, 0..1."""
    places = [[*(box.box_mm[0] for box in boxes), boxes[-1].box_mm[2]] for boxes in layout.rows()]
    seen = [np.interp(at, row.x_mm, row.edge, 0.0, 0.0) for row, at in zip(rows, places, strict=True)]
    return float(np.concatenate(seen).mean())


def _stretched(layout: Layout, share: float) -> Layout:
    """The layout made longer along its rows."""
    begin = layout.extent_mm[0]
    boxes = []
    for box in layout.boxes:
        x0, y0, x1, y1 = box.box_mm
        boxes.append(replace(box, box_mm=(begin + share * (x0 - begin), y0, begin + share * (x1 - begin), y1)))
    return replace(layout, boxes=tuple(boxes))


def _spread(layout: Layout, starts_mm: Sequence[float], by_mm: float) -> Layout:
    """The layout with so much more room before each column but the first; rhythm strips stay whole."""
    boxes = []
    for box in layout.boxes:
        x0, y0, x1, y1 = box.box_mm
        moved = 0.0 if box.is_rhythm else by_mm * starts_mm.index(x0)
        boxes.append(replace(box, box_mm=(x0 + moved, y0, x1 + moved, y1)))
    return replace(layout, boxes=tuple(boxes))


def start_mm(rows: Sequence[RowReading], layout: Layout) -> float:
    """Where the first column begins: the place, near the layout's, at which its leads begin and end as they were seen.

    What was read as trace has to lie inside the rows as well, which tells a pulse's edge from the first lead's.
    """
    begin = layout.extent_mm[0]
    moves = np.arange(-_REACH_MM, _REACH_MM, _STEP_MM)
    fit = _fits(rows, layout, moves)
    best = int(np.argmax(fit - _STAY * np.abs(moves)))
    if not 0 < best < len(moves) - 1:
        return begin
    return begin + float(moves[best] + _STEP_MM * vertex(*fit[best - 1 : best + 2]))


def _fits(rows: Sequence[RowReading], layout: Layout, moves_mm: np.ndarray) -> np.ndarray:
    """How well the whole layout agrees with what was read when it is moved along the rows, [move]."""
    last_mm = _LAST_SAMPLE_S * layout.mm_per_s
    fits = [_fit(row, boxes, moves_mm, last_mm) for row, boxes in zip(rows, layout.rows(), strict=True)]
    total: np.ndarray = np.sum(fits, axis=0)
    return total


def _fit(row: RowReading, boxes: Sequence[LeadBox], moves_mm: np.ndarray, last_mm: float) -> np.ndarray:
    """How well a row's boxes agree with what was read when they are moved along it, [move].

    The edges are smoothed by the very shape that they have, so that what counts is all of a mark and not its top.
    """
    begins, ends = np.array([box.box_mm[::2] for box in boxes]).T
    is_last = np.append(begins[1:] - ends[:-1] > _TOUCH_MM, True)  # before room, or of the row
    is_first = np.append(True, is_last[:-1])
    joins = begins[~is_first] - last_mm / 2  # the mark of one lead's last sample and of the next one's first
    edges = np.concatenate([begins[is_first], joins, ends[is_last] - last_mm])[:, None] + moves_mm
    step = float(row.x_mm[1] - row.x_mm[0])
    marks = CubicSpline(row.x_mm, gaussian_filter1d(row.edge, EDGE_COLUMNS), extrapolate=False)
    seen: np.ndarray = np.nan_to_num(marks(edges)).sum(0)
    within = np.interp(
        np.concatenate([begins[is_first], ends[is_last]])[:, None] + moves_mm, row.x_mm, np.cumsum(row.presence) * step
    )
    inside = within[is_first.sum() :].sum(0) - within[: is_first.sum()].sum(0)
    return seen + inside / _WORTH_MM
