"""The rows of a page: the heights of their zero lines, and how far their ink goes from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.signal import find_peaks

STEP_MM = 0.5
PX_PER_MM = 1 / STEP_MM


@dataclass(frozen=True)
class RowThresholds:
    """What makes a row, in maps of the paper in steps of 1/2 mm; set on simulated pages and on scans."""

    min_baseline: float = 0.05  # of the zero lines' map, averaged along a row: where all is below it there are no rows
    min_height: float = 0.3  # share of the clearest row's zero line that any other one's has at least
    min_prominence: float = 0.15  # share of it by which a row stands out of what is above and below
    nearest_rows_mm: float = 4.0  # zero lines are at least so far apart
    ink_reach_mm: float = 8.0  # ink of a row lies so near to its zero line,
    min_ink: float = 0.5  # and is at least this share of the most inked row's
    above_mm: float = 12.0  # paper above a zero line on which the grid is looked for
    below_mm: float = 8.0  # and below it
    piece_mm: float = 10.0  # the grid's crossings are looked for in pieces of a row so long
    faint_grid: float = 0.1  # a grid that is seen no better than this tells nothing
    min_grid: float = 0.8  # share of the clearest row's grid that other rows stand on
    near_mm: float = 3.0  # ink this near to a zero line belongs to its row
    min_reach_ink: float = 0.3  # of the ink map, from which on a place is inked
    max_reach_mm: float = 45.0  # no trace leaves its zero line further than this
    max_reach_rows: float = 1.5  # where beats of neighbouring rows touch, no trace goes further than so many rows


_ROWS = RowThresholds()


def find_rows(baseline: np.ndarray, ink: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Heights of the zero lines, px from the top, of rows that stand on the grid; all maps [row, col] in 0..1."""
    return _on_grid(_rows(baseline, ink), grid)


def _on_grid(lines: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The rows that stand on the grid; others are a rule under the header, a signature, a table's edge."""
    if not len(lines):
        return lines
    crossings = np.array([_usual_peak(_band(grid, line)) for line in lines])
    return lines[crossings >= _ROWS.min_grid * crossings.max()] if crossings.max() > _ROWS.faint_grid else lines


def _usual_peak(band: np.ndarray) -> float:
    """The median, over pieces along a row, of the highest value in each: text peaks here and there only."""
    pieces = np.array_split(band, max(1, band.shape[1] // round(_ROWS.piece_mm * PX_PER_MM)), axis=1)
    return float(np.median([piece.max(initial=0.0) for piece in pieces]))


def _band(plane: np.ndarray, line: float) -> np.ndarray:
    """The part of a map around a zero line on which the grid is looked for."""
    top, bottom = round(line - _ROWS.above_mm * PX_PER_MM), round(line + _ROWS.below_mm * PX_PER_MM)
    return plane[max(0, top) : max(1, bottom)]


def _rows(heat: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Heights of the zero lines, px from the top, sub-pixel: peaks of the baseline map along x that have ink near."""
    profile = cv2.GaussianBlur(np.sort(heat, axis=1)[:, ::-1][:, : heat.shape[1] // 2].mean(1)[:, None], (1, 5), 1.0)[
        :, 0
    ]
    if profile.max() < _ROWS.min_baseline:
        return np.array([])
    peaks, _ = find_peaks(
        profile,
        height=_ROWS.min_height * profile.max(),
        distance=round(_ROWS.nearest_rows_mm * PX_PER_MM),
        prominence=_ROWS.min_prominence * profile.max(),
    )
    reach = round(_ROWS.ink_reach_mm * PX_PER_MM)
    inked = [ink[max(0, p - reach) : p + reach].max(0).mean() for p in peaks]
    peaks = peaks[np.array(inked) > _ROWS.min_ink * max(inked, default=0)] if len(peaks) else peaks
    lines = []
    for p in peaks:
        near = slice(max(0, p - 3), p + 4)
        lines.append(float(np.average(np.arange(len(profile))[near], weights=profile[near] ** 2)))
    return np.array(lines)


def reach_mm(ink: np.ndarray, y0_mm: float, baselines_mm: Sequence[float]) -> list[float]:
    """How far the ink that starts near each row's zero line goes straight up or down from it, mm.

    `ink` [row, col] is all ink on the paper in 0..1, from `y0_mm` on.
    """
    pitch = float(np.median(np.diff(baselines_mm))) if len(baselines_mm) > 1 else _ROWS.max_reach_mm
    mask = (
        cv2.morphologyEx((ink > _ROWS.min_reach_ink).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0
    )
    near, far = (
        round(_ROWS.near_mm * PX_PER_MM),
        round(min(_ROWS.max_reach_mm, _ROWS.max_reach_rows * pitch) * PX_PER_MM),
    )
    padded = np.pad(mask, ((far + 1, far + 1), (0, 0)))
    reaches = []
    for baseline in baselines_mm:
        row = round((baseline - y0_mm) * PX_PER_MM - 0.5) + far + 1
        reaches.append(max(_climb(padded, row, step, near, far) for step in (-1, 1)) / PX_PER_MM)
    return reaches


def _climb(mask: np.ndarray, row: int, step: int, near: int, far: int) -> int:
    """How many rows on, in steps of `step`, some column is still inked without a gap from within `near` of `row`."""
    alive = np.zeros(mask.shape[1], bool)
    for off in range(far):
        inked = mask[row + step * off]
        alive = inked & (alive | (off <= near))
        if off > near and not alive.any():
            return off - 1
    return far
