"""Following the printed lines: crumpled paper bends between two crossings, and every line tells how along its way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitize.grid.lattice import STEP_MM as LINES_MM
from digitize.grid.rectify import darkest, flatten, lightest
from digitize.grid.smooth_field import Extent, field_nodes, field_shape, smooth_field
from ecg.geometry import PageGeometry

_PX_PER_MM, _FINE_PX_PER_MM = 6.0, 12.0  # of the flattened picture; finer than most pages, for all lines together
_REACH_MM = 1.0  # a line is looked for this far on either side of its place
_ASIDE_MM = np.arange(-_REACH_MM, _REACH_MM + 1e-9, 0.1)
_PEAK = 3  # steps aside on either side of a line's middle that take part in its centre of gravity
_ALONG_MM = 1.0  # between two places of a line
_SPREAD_MM = 0.7  # of the Gaussian along a line over which its darkness is averaged
_CLIMB = 1.5 * np.abs(_ASIDE_MM[:, None] - _ASIDE_MM)  # what a step aside costs, in units of a line's usual contrast
_MOST = 1.5  # in the same units: nothing counts more than this
_LOUD, _CLEAR_CUT = 1.6, 4.0  # lines stand out by so much more than what is between them, to be followed, to be trusted
_ABSENT, _MANY_TIMES = 1.5, 2.5  # a line that stands out less than this, by far less than the other ones, is not there
_STROKE_MM = 3.0  # no stroke of a pen is as thick
_GROUND_MM = 4.0  # paper around a line that tells how dark it is
_INK = 0.65  # what is darker than this share of the ink, in every colour, belongs to a trace or a letter
_CLEAR = 0.3  # of a place must be free of ink
_TAKEN = 2.5  # a grid that stands out by so much more together with the ink was taken for it
NODES_MM, _SMOOTH = 3.0, 1.0  # of the bend
_ROUNDS = 3  # lines that were not found at once are looked for where their neighbours lead
_OUTLIER = 3.0  # places of a straight line further off than so many times the mean are left out
_SILENT = 1e-4  # how much a place counts where no line is seen


@dataclass(frozen=True, eq=False)
class _Lines:
    """The lines that run down a flattened picture: `x_mm` [line] is where they should be, `y_mm` [place] along them.

    `dark` [place, col] is the darkness beside those places without ink, `clear` [place, col] how much is not ink.
    """

    x_mm: np.ndarray
    y_mm: np.ndarray
    dark: np.ndarray
    clear: np.ndarray
    extent_mm: Extent
    px_per_mm: float

    @property
    def places(self) -> np.ndarray:
        """Where the lines should be, mm [place, line]."""
        return np.broadcast_to(self.x_mm, (len(self.y_mm), len(self.x_mm)))


def follow_lines(pixels: np.ndarray, geometry: PageGeometry) -> PageGeometry | None:
    """The map moved onto every 5 mm line along its whole length, to a few hundredths of a mm.

    `geometry` has to be right to about 1 mm somewhere; from there the lines are followed to where it is worse.
    None where no 5 mm lines stand out.
    """
    right, down = (_shift(lines) for lines in _both_ways(pixels, geometry))
    if right is None or down is None:
        return None
    nodes = field_nodes(geometry.extent_mm, NODES_MM)
    moved = nodes + np.stack([right, down.T], axis=-1)
    return replace(geometry, bend_mm=moved + geometry.bend(moved) - nodes)


def stretched(pixels: np.ndarray, geometry: PageGeometry) -> PageGeometry:
    """The map of a flat sheet moved, turned and stretched as all its 5 mm lines together say; as it was without any.

    Renderers round each line to whole dots: one by one they say less than all of them.
    """
    right, down = (_straight_shift(lines) for lines in _both_ways(pixels, geometry, _FINE_PX_PER_MM))
    if right is None or down is None:
        return geometry
    (ax, bx, cx), (ay, cy, by) = right, down
    moved = np.array([[1 + bx, cx, ax], [by, 1 + cy, ay], [0.0, 0.0, 1.0]])
    return replace(geometry, homography=geometry.homography @ moved)


def every_other(pixels: np.ndarray, geometry: PageGeometry) -> PageGeometry:
    """The map at half its scale along an axis where only every other line is there: they were counted twice as finely.

    Dots between the lines can look like lines from afar. Elsewhere the map as it was.
    """
    first = [_first_of_two(lines) for lines in _both_ways(pixels, geometry)]
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


def _both_ways(pixels: np.ndarray, geometry: PageGeometry, px_per_mm: float = _PX_PER_MM) -> tuple[_Lines, _Lines]:
    """The lines that run down the flattened page, and those that run across it with x and y exchanged."""
    x0, y0, x1, y1 = geometry.extent_mm
    flat = flatten(pixels, geometry, (x0, y0, x1, y1), px_per_mm)
    dark, clear = _signed_darkness(flat, px_per_mm), _clear_of_ink(flat, px_per_mm)
    return _find(dark, clear, (x0, y0, x1, y1), px_per_mm), _find(dark.T, clear.T, (y0, x0, y1, x1), px_per_mm)


def _first_of_two(lines: _Lines) -> int | None:
    """0 or 1: whether the even or the odd lines are there when the others are not; None when both are, or neither."""
    if len(lines.x_mm) < 2:
        return None
    loud = np.median(_contrast(lines, lines.places).max(-1), axis=0)
    chance = float(np.median(_contrast(lines, lines.places + LINES_MM / 2).max(-1))) + 1e-6
    number = np.round(lines.x_mm / LINES_MM).astype(int) % 2
    even, odd = (float(np.median(loud[number == k])) / chance for k in (0, 1))
    if max(even, odd) < _LOUD or min(even, odd) > _ABSENT or max(even, odd) < _MANY_TIMES * min(even, odd):
        return None
    return int(odd > even)


def _signed_darkness(flat: np.ndarray, px_per_mm: float) -> np.ndarray:
    """How much darker than its surroundings each place is in its darkest colour, float32 [row, col]; paler ones < 0."""
    grey = darkest(flat).astype(np.float32)
    side = _odd_px(_GROUND_MM * px_per_mm)
    return np.asarray(cv2.blur(cv2.blur(grey, (side, side)), (side, side)) - grey)


def _clear_of_ink(flat: np.ndarray, px_per_mm: float) -> np.ndarray:
    """1 where no trace and no letter is, else 0, float32 [row, col]; a coloured grid is not dark in every colour."""
    light = lightest(flat)
    side = _odd_px(_STROKE_MM * px_per_mm)
    ground = cv2.blur(cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), (side, side))
    dark = cv2.subtract(ground, light)
    ink = dark > _INK * np.percentile(dark[::2, ::2], 99.7)
    return 1 - cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)


def _odd_px(px: float) -> int:
    """The side of a window with a middle, about so long."""
    return 2 * (round(px) // 2) + 1


def _find(dark: np.ndarray, clear: np.ndarray, extent_mm: Extent, px_per_mm: float) -> _Lines:
    """The lines beside the ink; a grid as dark as the ink would go with it, and is looked at as it is."""
    beside, all_of_it = (_gather(dark, seen, extent_mm, px_per_mm) for seen in (clear, np.ones_like(clear)))
    least, most = (np.median(_contrast(lines, lines.places).max(-1)) for lines in (beside, all_of_it))
    return all_of_it if most > _TAKEN * least else beside


def _gather(dark: np.ndarray, clear: np.ndarray, extent_mm: Extent, px_per_mm: float) -> _Lines:
    x0, y0, x1, y1 = extent_mm
    first, last = np.ceil((x0 + _REACH_MM) / LINES_MM), np.floor((x1 - _REACH_MM) / LINES_MM)
    places = np.arange(y0 + _ALONG_MM / 2, y1, _ALONG_MM)
    y = y0 + (np.arange(len(dark)) + 0.5) / px_per_mm
    near = np.exp(-(((places[:, None] - y) / _SPREAD_MM) ** 2) / 2).astype(np.float32)
    near /= near.sum(1, keepdims=True)
    share = near @ clear
    average = near @ (dark * clear) / np.maximum(share, 0.05)
    return _Lines(np.arange(first, last + 1) * LINES_MM, places, average, share, extent_mm, px_per_mm)


def _shift(lines: _Lines) -> np.ndarray | None:
    """How far aside of their places the lines lie, mm, at the bend's nodes [row, col]; None where none stands out."""
    points = np.stack(np.meshgrid(lines.x_mm, lines.y_mm), axis=-1).reshape(-1, 2)
    shift = np.zeros(field_shape(lines.extent_mm, NODES_MM))
    for _ in range(_ROUNDS):
        seen = _look(lines, _at_lines(shift, lines))
        if seen is None:
            return None
        more, trust = seen[0], seen[1].ravel() + _SILENT
        shift += smooth_field(points, more.reshape(-1, 1), lines.extent_mm, _SMOOTH, trust, NODES_MM)[..., 0]
    return shift


def _straight_shift(lines: _Lines) -> np.ndarray | None:
    """(a, b, c): a line that should be at x lies at x + a + b x + c y, mm; None where no lines stand out."""
    seen = _look(lines, np.zeros_like(lines.places))
    if seen is None:
        return None
    y, x = np.meshgrid(lines.y_mm, lines.x_mm, indexing="ij")
    terms, aside, weight = np.stack([np.ones(x.size), x.ravel(), y.ravel()], axis=1), seen[0].ravel(), seen[1].ravel()
    found = np.zeros(3)
    for _ in range(_ROUNDS):
        off = np.abs(aside - terms @ found)
        sure = np.sqrt(weight * (off < _OUTLIER * np.average(off, weights=weight + 1e-9)))
        found = np.linalg.lstsq(terms * sure[:, None], aside * sure, rcond=None)[0]
    return np.asarray(found)


def _at_lines(field: np.ndarray, lines: _Lines) -> np.ndarray:
    """A field [row, col] over the extent at the lines' places, float32 [place, line]."""
    x0, y0, x1, y1 = lines.extent_mm
    rows, cols = field.shape
    where = np.meshgrid((lines.x_mm - x0) / (x1 - x0) * (cols - 1), (lines.y_mm - y0) / (y1 - y0) * (rows - 1))
    x, y = (part.astype(np.float32) for part in where)
    return np.asarray(cv2.remap(field.astype(np.float32), x, y, cv2.INTER_LINEAR))


def _look(lines: _Lines, shift_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """How far the lines lie beside where `shift_mm` [place, line] puts them, mm, and how clearly each is seen, 0..1.

    What stands out between the lines by chance, or as a thinner line, tells how much a line has to.
    """
    contrast, between = (_contrast(lines, lines.x_mm + shift_mm + aside) for aside in (0.0, LINES_MM / 2))
    usual, chance = (float(np.median(part.max(-1))) + 1e-6 for part in (contrast, between))
    if usual < _LOUD * chance:
        return None
    contrast = np.minimum(contrast / usual, _MOST)
    way = _likeliest(contrast)
    height = np.take_along_axis(contrast, way[..., None], -1)[..., 0]
    heard = np.clip((height - chance / usual) / (1 - chance / usual), 0, 1)
    return _middle(contrast, way), (heard * min(1.0, usual / chance / _CLEAR_CUT)) ** 2


def _contrast(lines: _Lines, x_mm: np.ndarray) -> np.ndarray:
    """How much darker every step aside of `x_mm` [place, line] is than most of them, [place, line, step]."""
    at_mm = x_mm[..., None] + _ASIDE_MM - lines.extent_mm[0]
    col = (at_mm * lines.px_per_mm - 0.5).astype(np.float32).reshape(len(x_mm), -1)
    row = np.repeat(np.arange(len(col), dtype=np.float32)[:, None], col.shape[1], axis=1)
    dark, clear = (cv2.remap(part, col, row, cv2.INTER_LINEAR) for part in (lines.dark, lines.clear))
    seen = np.where(clear > _CLEAR, dark, 0).reshape(at_mm.shape)
    return np.asarray(np.maximum(seen - np.median(seen, axis=-1, keepdims=True), 0))


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
    near = np.clip(way[..., None] + np.arange(-_PEAK, _PEAK + 1), 0, len(_ASIDE_MM) - 1)
    weight = np.take_along_axis(contrast, near, -1)
    weight = np.maximum(weight - 0.3 * weight.max(-1, keepdims=True), 0) + 1e-9
    return np.asarray((weight * _ASIDE_MM[near]).sum(-1) / weight.sum(-1))
