"""The rows of the classical engine: where their zero lines are, and the cheapest way along each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from digitize.errors import NotAnEcg


@dataclass(frozen=True)
class RowThresholds:
    """What is a row to the classical engine; set by eye on clean scans, fitted to nothing."""

    near_mm: float = 3.0  # most of a row's columns have ink this near to its zero line
    apart_mm: float = 14.0  # rows are no nearer to each other
    half_row_mm: float = 22.0  # paper above and below a zero line in which its curve is followed
    min_row: float = 0.3  # share of the clearest row's inked columns that any other one has
    pulses_mm: tuple[float, ...] = (10.0, 20.0, 5.0)  # heights of calibration pulses
    pulse_widths_mm: tuple[float, float] = (2.0, 9.0)  # of their plateaus
    gap_cost: float = 1.0  # px a column without ink
    speck_cost: float = 2.0  # px for a run that is thinner than half a pen


_ROWS = RowThresholds()


def zero_lines(mask: np.ndarray, across: float, down: float, count: int) -> list[float]:
    """The heights, px, near which most of the columns hold ink. Raises NotAnEcg where fewer than `count` are seen."""
    tall = 2 * round(_ROWS.near_mm * down) + 1
    near = cv2.dilate(mask.astype(np.uint8), np.ones((tall, max(1, round(across))), np.uint8))
    covered = cv2.blur(near.mean(1, dtype=np.float64)[:, None], (1, tall // 2 * 2 + 1))[:, 0]
    lines: list[float] = []
    rest = covered.copy()
    while len(lines) < count and rest.max() > _ROWS.min_row * covered.max():
        line = int(rest.argmax())
        plateau = np.flatnonzero(rest > 0.98 * rest[line])
        line = int(plateau[np.abs(plateau - line) < tall].mean())
        lines.append(float(line))
        rest[max(0, round(line - _ROWS.apart_mm * down)) : round(line + _ROWS.apart_mm * down)] = 0
    if len(lines) < count:
        raise NotAnEcg(f"the classical engine saw {len(lines)} rows of ink, {count} expected", "no-rows")
    return sorted(lines)


def follow_row(ink: np.ndarray, mask: np.ndarray, line: float, down: float) -> np.ndarray:
    """The curve of a row, px [col]; NaN where its columns hold no ink.

    Every column offers its runs of ink; of all ways through them the one that moves least is taken. At the top of a
    peak the curve lies half a pen below the run's end, elsewhere in its centre of darkness.
    """
    top = max(0, round(line - _ROWS.half_row_mm * down))
    band = mask[top : round(line + _ROWS.half_row_mm * down)]
    edges = np.diff(np.pad(band.astype(np.int8), ((1, 1), (0, 0))), axis=0)
    cols, begins = np.nonzero(edges.T == 1)
    ends = np.nonzero(edges.T == -1)[1]
    curve = np.full(band.shape[1], np.nan)
    if not len(cols):
        return curve
    pen = float(np.median(ends - begins))
    chosen = _shortest(cols, begins, ends, line - top, pen)
    weight = np.cumsum(np.pad(ink[top : top + len(band)], ((1, 0), (0, 0))), axis=0)
    moment = np.cumsum(np.pad(ink[top : top + len(band)] * np.arange(len(band))[:, None], ((1, 0), (0, 0))), axis=0)
    cols, begins, ends = cols[chosen], begins[chosen], ends[chosen]
    centre = (moment[ends, cols] - moment[begins, cols]) / (weight[ends, cols] - weight[begins, cols])
    before, after = np.append(centre[0], centre[:-1]), np.append(centre[1:], centre[-1])
    turns = (ends - begins > 1.5 * pen) & ((before - centre) * (after - centre) > 0)
    tip = np.where(after > centre, begins + (pen - 1) / 2, ends - (pen + 1) / 2)
    height = np.where(turns, tip, centre)
    curve[cols] = height + top
    return curve


def _shortest(cols: np.ndarray, begins: np.ndarray, ends: np.ndarray, line: float, pen: float) -> np.ndarray:
    """Which runs the cheapest way from the first column to the last goes through (dynamic programming)."""
    middle = (begins + ends - 1) / 2
    own = _ROWS.speck_cost * (ends - begins < pen / 2)
    starts = np.flatnonzero(np.diff(cols, prepend=-1))
    groups = np.split(np.arange(len(cols)), starts[1:])
    cost, back = np.abs(middle - line) / 4 + own, np.full(len(cols), -1)
    for last, group in pairwise(groups):
        gap = np.maximum(begins[group, None] - ends[last] + 1, begins[last] - ends[group, None] + 1).clip(min=0)
        step = (
            gap
            + 0.1 * np.abs(middle[group, None] - middle[last])
            + _ROWS.gap_cost * (cols[group[0]] - cols[last[0]] - 1)
        )
        total = cost[last] + step
        back[group] = last[total.argmin(1)]
        cost[group] = total.min(1) + own[group]
    way = [int(groups[-1][cost[groups[-1]].argmin()])]
    while back[way[-1]] >= 0:
        way.append(int(back[way[-1]]))
    return np.array(way[::-1])


def first_column(curves: np.ndarray, lines: list[float], across: float, down: float, wide_mm: float) -> float:
    """Where the leads begin, px: the place at which a window of their width holds most curve and fewest pulses."""
    seen = np.isfinite(curves) & ~np.array(
        [_pulse(c, line, across, down) for c, line in zip(curves, lines, strict=True)]
    )
    total = np.concatenate([[0], np.cumsum(seen.sum(0))])
    wide = round(wide_mm * across)
    slack = max(round(20 * across), seen.shape[1] - wide)
    starts = np.arange(min(-round(2 * across), seen.shape[1] - wide), slack)
    held = total[(starts + wide).clip(0, len(total) - 1)] - total[starts.clip(0, len(total) - 1)]
    best = starts[held >= held.max() - len(curves)]
    return float(best[0] + best[-1]) / 2


def _pulse(curve: np.ndarray, line: float, across: float, down: float) -> np.ndarray:
    """The columns of calibration pulses: flat, and a pulse's height above the zero line; bool [col]."""
    height = (line - curve) / down
    found = np.zeros(len(curve), bool)
    for pulse_mm in _ROWS.pulses_mm:
        near = np.abs(height - pulse_mm) < 0.8
        edges = np.flatnonzero(np.diff(np.pad(near.astype(np.int8), 1)))
        for begin, end in edges.reshape(-1, 2):
            if (
                _ROWS.pulse_widths_mm[0] < (end - begin) / across < _ROWS.pulse_widths_mm[1]
                and np.ptp(height[begin:end]) < 0.3
            ):
                found[max(0, begin - round(across)) : end + round(across)] = True
    return found
