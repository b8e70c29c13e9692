"""Following the printed lines: crumpled paper bends between two crossings, and every line tells how along its way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitize.grid.lattice import STEP_MM as LINES_MM
from digitize.grid.line_profile import ASIDE_MM, FINE_PX_PER_MM, Lines, contrast_aside, lines_both_ways
from digitize.grid.smooth_field import field_nodes, field_shape, smooth_field
from ecg.geometry import PageGeometry

NODES_MM = 3.0  # between the nodes of the bend


@dataclass(frozen=True)
class TrackingThresholds:
    """When lines are followed, and how closely; set on simulated pages, flat, rolled and crumpled."""

    peak_steps: int = 3  # steps aside on either side of a line's middle that take part in its centre of gravity
    peak_floor: float = 0.3  # share of the peak below which nothing takes part in it
    climb_cost: float = 1.5  # what a mm aside costs, in units of a line's usual contrast
    max_contrast: float = 1.5  # in the same units: nothing counts more than this
    min_clarity: float = 1.6  # lines stand out by so much more than what is between them, to be followed,
    trusted_clarity: float = 4.0  # and to be trusted
    absent_clarity: float = 1.5  # a line that stands out less than this,
    absent_ratio: float = 2.5  # by far less than the other ones, is not there
    smooth: float = 1.0  # curvature of the bend is held as small
    rounds: int = 3  # lines that were not found at once are looked for where their neighbours lead
    outlier: float = 3.0  # places of a straight line further off than so many times the mean are left out
    unseen_weight: float = 1e-4  # how much a place counts where no line is seen


_TRACKING = TrackingThresholds()
_CLIMB = _TRACKING.climb_cost * np.abs(ASIDE_MM[:, None] - ASIDE_MM)


def follow_lines(pixels: np.ndarray, geometry: PageGeometry) -> PageGeometry | None:
    """The map moved onto every 5 mm line along its whole length, to a few hundredths of a mm.

    `geometry` has to be right to about 1 mm somewhere; from there the lines are followed to where it is worse.
    None where no 5 mm lines stand out.
    """
    right, down = (_shift(lines) for lines in lines_both_ways(pixels, geometry))
    if right is None or down is None:
        return None
    nodes = field_nodes(geometry.extent_mm, NODES_MM)
    moved = nodes + np.stack([right, down.T], axis=-1)
    return replace(geometry, bend_mm=moved + geometry.bend(moved) - nodes)


def stretched(pixels: np.ndarray, geometry: PageGeometry) -> PageGeometry:
    """The map of a flat sheet moved, turned and stretched as all its 5 mm lines together say; as it was without any.

    Renderers round each line to whole dots: one by one they say less than all of them.
    """
    right, down = (_straight_shift(lines) for lines in lines_both_ways(pixels, geometry, FINE_PX_PER_MM))
    if right is None or down is None:
        return geometry
    (ax, bx, cx), (ay, cy, by) = right, down
    moved = np.array([[1 + bx, cx, ax], [by, 1 + cy, ay], [0.0, 0.0, 1.0]])
    return replace(geometry, homography=geometry.homography @ moved)


def every_other(pixels: np.ndarray, geometry: PageGeometry) -> PageGeometry:
    """The map at half its scale along an axis where only every other line is there: they were counted twice as finely.

    Dots between the lines can look like lines from afar. Elsewhere the map as it was.
    """
    first = [_first_of_two(lines) for lines in lines_both_ways(pixels, geometry)]
    scale = np.array([1.0 if line is None else 0.5 for line in first])
    origin_mm = np.array([line or 0 for line in first]) * LINES_MM
    coarser = np.vstack([np.column_stack([np.diag(1 / scale), origin_mm]), [0.0, 0.0, 1.0]])
    low, high = (scale * (np.array(corner) - origin_mm) for corner in (geometry.extent_mm[:2], geometry.extent_mm[2:]))
    return replace(
        geometry,
        homography=geometry.homography @ coarser,
        bend_mm=None if geometry.bend_mm is None else scale * geometry.bend_mm,
        extent_mm=(*low.tolist(), *high.tolist()),
    )


def _first_of_two(lines: Lines) -> int | None:
    """0 or 1: whether the even or the odd lines are there when the others are not; None when both are, or neither."""
    if len(lines.x_mm) < 2:
        return None
    clarity = np.median(contrast_aside(lines, lines.places).max(-1), axis=0)
    chance = float(np.median(contrast_aside(lines, lines.places + LINES_MM / 2).max(-1))) + 1e-6
    number = np.round(lines.x_mm / LINES_MM).astype(int) % 2
    even, odd = (float(np.median(clarity[number == k])) / chance for k in (0, 1))
    high, low = max(even, odd), min(even, odd)
    is_there = high >= _TRACKING.min_clarity
    is_absent = low <= _TRACKING.absent_clarity and high >= _TRACKING.absent_ratio * low
    if not (is_there and is_absent):
        return None
    return int(odd > even)


def _shift(lines: Lines) -> np.ndarray | None:
    """How far aside of their places the lines lie, mm, at the bend's nodes [row, col]; None where none stands out."""
    points = np.stack(np.meshgrid(lines.x_mm, lines.y_mm), axis=-1).reshape(-1, 2)
    shift = np.zeros(field_shape(lines.extent_mm, NODES_MM))
    for _ in range(_TRACKING.rounds):
        seen = _look(lines, _at_lines(shift, lines))
        if seen is None:
            return None
        more, trust = seen[0], seen[1].ravel() + _TRACKING.unseen_weight
        shift += smooth_field(points, more.reshape(-1, 1), lines.extent_mm, _TRACKING.smooth, trust, NODES_MM)[..., 0]
    return shift


def _straight_shift(lines: Lines) -> np.ndarray | None:
    """(a, b, c): a line that should be at x lies at x + a + b x + c y, mm; None where no lines stand out."""
    seen = _look(lines, np.zeros_like(lines.places))
    if seen is None:
        return None
    y, x = np.meshgrid(lines.y_mm, lines.x_mm, indexing="ij")
    terms, aside, weight = np.stack([np.ones(x.size), x.ravel(), y.ravel()], axis=1), seen[0].ravel(), seen[1].ravel()
    found = np.zeros(3)
    for _ in range(_TRACKING.rounds):
        off = np.abs(aside - terms @ found)
        root = np.sqrt(weight * (off < _TRACKING.outlier * np.average(off, weights=weight + 1e-9)))
        found = np.linalg.lstsq(terms * root[:, None], aside * root, rcond=None)[0]
    return np.asarray(found)


def _at_lines(field: np.ndarray, lines: Lines) -> np.ndarray:
    """A field [row, col] over the extent at the lines' places, float32 [place, line]."""
    x0, y0, x1, y1 = lines.extent_mm
    rows, cols = field.shape
    where = np.meshgrid((lines.x_mm - x0) / (x1 - x0) * (cols - 1), (lines.y_mm - y0) / (y1 - y0) * (rows - 1))
    x, y = (part.astype(np.float32) for part in where)
    return np.asarray(cv2.remap(field.astype(np.float32), x, y, cv2.INTER_LINEAR))


def _look(lines: Lines, shift_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """How far the lines lie beside where `shift_mm` [place, line] puts them, mm, and how clearly each is seen, 0..1.

    What stands out between the lines by chance, or as a thinner line, tells how much a line has to.
    """
    contrast, between = (contrast_aside(lines, lines.x_mm + shift_mm + aside) for aside in (0.0, LINES_MM / 2))
    usual, chance = (float(np.median(part.max(-1))) + 1e-6 for part in (contrast, between))
    if usual < _TRACKING.min_clarity * chance:
        return None
    contrast = np.minimum(contrast / usual, _TRACKING.max_contrast)
    way = _likeliest(contrast)
    height = np.take_along_axis(contrast, way[..., None], -1)[..., 0]
    clarity = np.clip((height - chance / usual) / (1 - chance / usual), 0, 1)
    return _middle(contrast, way), (clarity * min(1.0, usual / chance / _TRACKING.trusted_clarity)) ** 2


def _likeliest(contrast: np.ndarray) -> np.ndarray:
    """Each line's way [place, line] through the steps aside: the most contrast [place, line, step], the least climb."""
    gained = contrast[0]
    came_from = np.empty(contrast.shape, np.int64)
    for place in range(1, len(contrast)):
        reached = gained[:, None, :] - _CLIMB  # [line, to, from]
        came_from[place] = reached.argmax(-1)
        gained = contrast[place] + reached.max(-1)
    way = np.empty(contrast.shape[:2], np.int64)
    way[-1] = gained.argmax(-1)
    for place in range(len(contrast) - 1, 0, -1):
        way[place - 1] = np.take_along_axis(came_from[place], way[place][:, None], -1)[:, 0]
    return way


def _middle(contrast: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Each line's centre of gravity near its way, mm [place, line]."""
    near = np.clip(way[..., None] + np.arange(-_TRACKING.peak_steps, _TRACKING.peak_steps + 1), 0, len(ASIDE_MM) - 1)
    weight = np.take_along_axis(contrast, near, -1)
    weight = np.maximum(weight - _TRACKING.peak_floor * weight.max(-1, keepdims=True), 0) + 1e-9
    return np.asarray((weight * ASIDE_MM[near]).sum(-1) / weight.sum(-1))
