"""Paper millimetres laid on four corners that were given by hand: the lines between them are counted."""

from __future__ import annotations

import cv2
import numpy as np

from digitize.errors import NoGrid
from digitize.grid.corners import Corners, check_corners, side_px, to_rectangle
from digitize.grid.fine_grid import lines_per_px
from digitize.grid.periodicity import line_strength, periodicity
from digitize.grid.phase_refinement import refine
from ecg.geometry import PageGeometry

_LONG_PX = 1900.0  # the rectangle is looked at no longer than this
_LONG_MM = (60.0, 600.0)  # a rectangle on an ECG page is so long
_STEPS_MM = (5.0, 2.5, 1.0, 0.5)  # lines, and halves of their distance where a harmonic is what is seen best
_ADVICE = (
    "no grid lines could be counted between the corners: put them on four crossings of the printed grid, as far apart "
    "as it goes"
)


def corner_geometry(pixels: np.ndarray, corners_px: Corners) -> PageGeometry:
    """Paper millimetres on the rectangle, moved onto the grid's lines where they are seen better so.

    `pixels` is the page, uint8 [row, col, RGB]. Raises NoGrid where no lines can be counted between the corners.
    """
    corners = check_corners(corners_px)
    lines = _count_lines(pixels, corners)
    sizes = [(lines[0] * step_mm, lines[1] * step_mm) for step_mm in _STEPS_MM]
    usual = [size for size in sizes if _LONG_MM[0] <= max(size) <= _LONG_MM[1]]
    if not usual:
        raise NoGrid(_ADVICE)
    given = max((_laid_on(corners, size) for size in usual), key=lambda geometry: line_strength(pixels, geometry))
    moved = refine(pixels, given)
    return moved if periodicity(pixels, moved) >= periodicity(pixels, given) else given


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
