"""Paper millimetres laid on four corners that were given by hand: the lines between them are counted."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from digitize.errors import NoGrid
from digitize.grid.corners import Corners, check_corners, side_px, to_rectangle
from digitize.grid.fine_grid import fine_geometry, lines_per_px
from digitize.grid.page_view import PageView
from digitize.grid.periodicity import line_strength
from digitize.grid.phase_refinement import refine
from ecg.geometry import PageGeometry

_LONG_PX = 1900.0  # the rectangle is looked at no longer than this
_LONG_MM = (60.0, 600.0)  # a rectangle on an ECG page is so long
_AS_GOOD = 0.75  # share of the best strength from which on a refined sheet, and first that of the corners, is taken
# Lines are 5 mm or 1 mm apart, or by the half, the third ... of it where a harmonic is what is seen best.
_STEPS_MM = (5.0, 5 / 2, 5 / 3, 5 / 4, 1.0, 1 / 2)
_ADVICE = (
    "no grid lines could be counted between the corners: put them on four crossings of the printed grid, as far apart "
    "as it goes"
)


def corner_geometry(pixels: np.ndarray, corners_px: Corners, view: PageView) -> PageGeometry:
    """Paper millimetres on the rectangle, moved onto the grid's lines where they are seen better so.

    `pixels` is the page, uint8 [row, col, RGB], `view` a look at it with the rectangle upright. The scale, among those
    that the lines may mean, and the sheet, by the corners or by its own lines, are those that a usual grid stands out
    by most. Raises NoGrid where no lines can be counted between the corners.
    """
    corners = check_corners(corners_px)
    given = [geometry for geometry in _by_corners(pixels, corners) if _is_usual(geometry)]
    if not given:
        raise NoGrid(_ADVICE)
    seen = [geometry for geometry in _by_lines(pixels, view) if _is_usual(geometry)]

    def strength(geometry: PageGeometry) -> float:
        mm = geometry.to_mm(corners)
        return line_strength(pixels, geometry, (*mm.min(0).tolist(), *mm.max(0).tolist()))

    best = [max(sheets, key=strength) for sheets in (given, seen) if sheets]
    sheets = [*(refine(pixels, sheet) for sheet in best), *best]
    strengths = [strength(sheet) for sheet in sheets]
    return next(s for s, found in zip(sheets, strengths, strict=True) if found >= _AS_GOOD * max(strengths))


def _by_corners(pixels: np.ndarray, corners: np.ndarray) -> Iterator[PageGeometry]:
    across, down = _count_lines(pixels, corners)
    for step_mm in _STEPS_MM:
        yield _laid_on(corners, (across * step_mm, down * step_mm))


def _by_lines(pixels: np.ndarray, view: PageView) -> Iterator[PageGeometry]:
    """The sheet on which the fine lines lie evenly, whatever the corners were off by."""
    sheet = fine_geometry(pixels, view)
    if sheet is not None:
        yield from (sheet.scaled(step_mm / other_mm) for step_mm in _STEPS_MM for other_mm in (1.0, 5.0))


def _is_usual(geometry: PageGeometry) -> bool:
    x0, y0, x1, y1 = geometry.extent_mm
    return _LONG_MM[0] <= max(x1 - x0, y1 - y0) <= _LONG_MM[1]


def _laid_on(corners: np.ndarray, size_mm: tuple[float, float]) -> PageGeometry:
    """The rectangle as flat paper of a size, in whole millimetres: the corners are crossings."""
    size = (float(round(size_mm[0])), float(round(size_mm[1])))
    return PageGeometry(np.linalg.inv(to_rectangle(corners, size)), None, (0.0, 0.0, *size))


def _count_lines(pixels: np.ndarray, corners: np.ndarray) -> tuple[float, float]:
    """How many lines, of whichever kind, pass in the rectangle across and down. Raises NoGrid."""
    sides = side_px(corners)
    zoom = min(1.0, _LONG_PX / max(sides))
    size = (round(sides[0] * zoom), round(sides[1] * zoom))
    shrink = max(1, int(1 / zoom))
    small = cv2.resize(pixels, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    matrix = to_rectangle(corners / shrink, size)
    found = lines_per_px(cv2.warpPerspective(small, matrix, size, borderMode=cv2.BORDER_REPLICATE))
    if found is None:
        raise NoGrid(_ADVICE)
    return found[0] * size[0], found[1] * size[1]
