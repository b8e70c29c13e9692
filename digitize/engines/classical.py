"""A plain digitizer without a network, to compare with: thresholds, projections and a shortest path.

It takes the page as upright and flat paper of even scale with 5 mm lines, and as 3x4+1 at 25 mm/s and 10 mm/mV unless
told otherwise. Everything it does is in this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from digitize.errors import NotAnEcg
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template, template
from ecg.notes import Note
from ecg.page import Page, Trace, traces_to_record
from ecg.reading import Reading

_LONG_SIDE_PX = 3000  # a finer picture is made smaller first: its traces are wide enough
_PAGE_MM = (180.0, 450.0)  # a page is about so wide, which tells lines of 5 mm from those of 1 mm
_LEAST_REPEAT = 0.05  # correlation of the page with itself 5 mm on, below which there is no grid
_SKEW_PX = 800  # wide is the picture that the angle is sought in
_SKEW_DEG = np.arange(-4, 4.01, 0.25)
_INK_SHARE, _FAINT = 0.06, 0.25  # ink covers no more of a page, and is at least so dark
_FRAME_PX = 4  # a page's own edge is not ink
_NEAR_MM = 3.0  # most of a row's columns have ink this near to its zero line
_APART_MM = 14.0  # rows are no nearer to each other
_HALF_ROW_MM = 22.0
_PULSE_MM, _PULSE_WIDE_MM = (10.0, 20.0, 5.0), (2.0, 9.0)
_GAP_COST, _SPECK_COST = 1.0, 2.0  # px a column without ink; px for a run that is thinner than half a pen


@dataclass(frozen=True)
class Classical:
    """Call it with a `Page` to get a `Reading`; raises NotAnEcg where no grid or too few rows are seen."""

    def __call__(
        self,
        page: Page,
        layout: Template | str | None = None,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
    ) -> Reading:
        kind = template(layout or "3x4+1") if not isinstance(layout, Template) else layout
        speed = mm_per_s or 25.0
        picture, turned = straightened(page.pixels)
        across, down = (px_per_mm(picture, axis) for axis in (1, 0))
        ink = darkness(picture, 6 * max(across, down))
        mask = ink > threshold(ink)
        mask[:_FRAME_PX] = mask[-_FRAME_PX:] = mask[:, :_FRAME_PX] = mask[:, -_FRAME_PX:] = False
        lines = zero_lines(mask, across, down, kind.row_count)
        curves = np.array([follow_row(ink, mask, line, down) for line in lines])
        start = first_column(curves, lines, across, down, kind.duration_s * speed)
        origin = (start / across, 0.0)
        placed = kind.place(origin, 25.0, speed, mm_per_mv or 10.0, [line / down for line in lines])
        geometry = PageGeometry(np.linalg.inv(turned) @ np.diag([across, down, 1.0]))
        return _reading(page, geometry, placed, curves, lines, (across, down))


def load(device: str = "cpu") -> Classical:
    """The engine; it computes on the CPU whatever the device."""
    return Classical()


def _reading(
    page: Page,
    geometry: PageGeometry,
    layout: Layout,
    curves: np.ndarray,
    lines: list[float],
    scale: tuple[float, float],
) -> Reading:
    """The reading of curves [row, col] in px of the straightened picture."""
    of_line = {round(line / scale[1], 3): curve for line, curve in zip(lines, curves, strict=True)}
    traces = tuple(_cut(box, of_line[round(box.baseline_mm, 3)], scale, geometry) for box in layout.boxes)
    facts = {"mm_per_s": layout.mm_per_s, "mm_per_mv": layout.mm_per_mv, "px_per_mm": list(scale)}
    record = traces_to_record(traces, geometry, layout)
    notes = (Note("layout-assumed", "layout, speed and gain are assumed"),)
    return Reading(record, page, geometry, layout, traces, notes, facts)


def _cut(box: LeadBox, curve: np.ndarray, scale: tuple[float, float], geometry: PageGeometry) -> Trace:
    first, last = (np.clip(round(x * scale[0]), 0, len(curve)) for x in (box.box_mm[0], box.box_mm[2]))
    cols = np.arange(first, max(last, first + 1)).clip(max=len(curve) - 1)
    seen = np.isfinite(curve[cols])
    px = geometry.to_px(np.stack([cols / scale[0], np.where(seen, curve[cols], 0.0) / scale[1]], axis=-1))
    return Trace(box.lead, px[:, 0], np.where(seen, px[:, 1], np.nan), seen.astype(float))


def straightened(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture at a workable size with its grid upright, and the matrix [3, 3] from old to new px.

    The angle is the one at which the picture's columns and rows differ most from each other.
    """
    height, width = pixels.shape[:2]
    factor = min(1.0, _LONG_SIDE_PX / max(height, width))
    small = cv2.resize(pixels.min(-1), None, fx=_SKEW_PX / width, fy=_SKEW_PX / width, interpolation=cv2.INTER_AREA)
    angle = float(max(_SKEW_DEG, key=lambda degrees: _spread(_rotated(small, degrees))))
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, factor)
    size = (round(width * factor), round(height * factor))
    turn[:2, 2] += [(size[0] - width) / 2, (size[1] - height) / 2]
    if angle == 0 and factor == 1:
        return pixels, turn
    return cv2.warpAffine(pixels, turn[:2], size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE), turn


def _rotated(grey: np.ndarray, degrees: float) -> np.ndarray:
    middle = ((grey.shape[1] - 1) / 2, (grey.shape[0] - 1) / 2)
    return cv2.warpAffine(grey, cv2.getRotationMatrix2D(middle, degrees, 1), grey.shape[::-1])


def _spread(grey: np.ndarray) -> float:
    inner = grey[grey.shape[0] // 6 : -grey.shape[0] // 6, grey.shape[1] // 6 : -grey.shape[1] // 6]
    return float(np.diff(inner.mean(0)).var() + np.diff(inner.mean(1)).var())


def px_per_mm(picture: np.ndarray, axis: int) -> float:
    """From the repeat of the grid's lines along an axis (0 down, 1 across). Raises NotAnEcg where nothing repeats."""
    profile = picture.min(-1).mean(1 - axis, dtype=np.float64)
    profile -= cv2.blur(profile[:, None], (1, 2 * len(profile) // 40 + 1))[:, 0]
    low, high = (5 * picture.shape[1] / mm for mm in reversed(_PAGE_MM))
    spectrum = np.fft.rfft(profile, 2 * len(profile))
    repeat = np.fft.irfft(np.abs(spectrum) ** 2)[: len(profile)]
    lags = np.arange(max(2, int(low)), min(int(high) + 1, len(repeat) // 4))
    strength = repeat[lags] / max(repeat[0], 1e-9)
    if strength.max(initial=0.0) < _LEAST_REPEAT:
        raise NotAnEcg("the classical engine found no grid: nothing repeats every 5 mm")
    return _fine_period(profile, float(lags[strength.argmax()])) / 5


def _fine_period(profile: np.ndarray, period: float) -> float:
    """The period within 3 % whose first five waves a profile holds most of."""
    periods = period * np.linspace(0.97, 1.03, 601)
    waves = np.exp(-2j * np.pi * np.arange(1, 6)[:, None, None] * np.arange(len(profile)) / periods[:, None])
    return float(periods[np.abs(waves @ profile).sum(0).argmax()])


def darkness(picture: np.ndarray, around_px: float) -> np.ndarray:
    """How dark a pixel is beside the paper around it, 0..1, by its strongest channel: a coloured grid is light."""
    light = picture.max(-1)
    side = round(around_px / 8) * 2 + 1
    few = cv2.resize(light, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.blur(cv2.dilate(few, np.ones((side, side), np.uint8)), (side, side))
    paper = cv2.resize(paper, light.shape[::-1]).astype(np.float32)
    return np.clip(1 - light / np.maximum(paper, 1), 0, 1)


def threshold(ink: np.ndarray) -> float:
    """Between the paper and the ink: Otsu's, repeated among the darker pixels while these are too many to be ink."""
    grey = (255 * ink).astype(np.uint8).ravel()
    dark = grey
    for _ in range(3):
        limit, _ = cv2.threshold(dark[:, None], 0, 255, cv2.THRESH_OTSU)
        dark = grey[grey > limit]
        if dark.size < _INK_SHARE * grey.size:
            break
    return max(limit / 255, _FAINT)


def zero_lines(mask: np.ndarray, across: float, down: float, count: int) -> list[float]:
    """The heights, px, near which most of the columns hold ink. Raises NotAnEcg where fewer than `count` are seen."""
    tall = 2 * round(_NEAR_MM * down) + 1
    near = cv2.dilate(mask.astype(np.uint8), np.ones((tall, max(1, round(across))), np.uint8))
    covered = cv2.blur(near.mean(1, dtype=np.float64)[:, None], (1, tall // 2 * 2 + 1))[:, 0]
    lines: list[float] = []
    rest = covered.copy()
    while len(lines) < count and rest.max() > 0.3 * covered.max():
        line = int(rest.argmax())
        plateau = np.flatnonzero(rest > 0.98 * rest[line])
        line = int(plateau[np.abs(plateau - line) < tall].mean())
        lines.append(float(line))
        rest[max(0, round(line - _APART_MM * down)) : round(line + _APART_MM * down)] = 0
    if len(lines) < count:
        raise NotAnEcg(f"the classical engine saw {len(lines)} rows of ink, {count} expected")
    return sorted(lines)


def follow_row(ink: np.ndarray, mask: np.ndarray, line: float, down: float) -> np.ndarray:
    """The curve of a row, px [col]; NaN where its columns hold no ink.

    Every column offers its runs of ink; of all ways through them the one that moves least is taken. At the top of a
    peak the curve lies half a pen below the run's end, elsewhere in its centre of darkness.
    """
    top = max(0, round(line - _HALF_ROW_MM * down))
    band = mask[top : round(line + _HALF_ROW_MM * down)]
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
    own = _SPECK_COST * (ends - begins < pen / 2)
    starts = np.flatnonzero(np.diff(cols, prepend=-1))
    groups = np.split(np.arange(len(cols)), starts[1:])
    cost, back = np.abs(middle - line) / 4 + own, np.full(len(cols), -1)
    for last, group in pairwise(groups):
        gap = np.maximum(begins[group, None] - ends[last] + 1, begins[last] - ends[group, None] + 1).clip(min=0)
        step = gap + 0.1 * np.abs(middle[group, None] - middle[last]) + _GAP_COST * (cols[group[0]] - cols[last[0]] - 1)
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
    for pulse_mm in _PULSE_MM:
        near = np.abs(height - pulse_mm) < 0.8
        edges = np.flatnonzero(np.diff(np.pad(near.astype(np.int8), 1)))
        for begin, end in edges.reshape(-1, 2):
            if _PULSE_WIDE_MM[0] < (end - begin) / across < _PULSE_WIDE_MM[1] and np.ptp(height[begin:end]) < 0.3:
                found[max(0, begin - round(across)) : end + round(across)] = True
    return found
