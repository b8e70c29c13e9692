"""Paper millimetres laid on four corners given by hand: the lines between them tell how long the sides are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from digitize.errors import NoGrid
from digitize.grid.corners import Corners, check_corners, side_px, to_rectangle
from digitize.grid.periodicity import line_strength
from digitize.grid.phase_refinement import refine
from digitize.grid.side_lengths import SideLengths, side_lengths
from ecg.geometry import PageGeometry

_LONG_PX = 1900.0  # the rectangle is looked at no longer than this
_SEEN = 4.0  # lines that stand out by less may be none: without any up to 2.9 was seen
_AS_GOOD = 0.75  # share of the strength before from which on a refined sheet is taken
_RIVAL = 0.65  # share of the best strength from which on another length may be the right one, too
_RIVALS = 3  # so many lengths are tried at most
_ADVICE = (
    "no grid lines could be counted between the corners: put them on four crossings of the printed grid, as far apart "
    "as it goes"
)


@dataclass(frozen=True, eq=False)
class CornerSheet:
    """Paper millimetres on the rectangle; `is_alone` tells that no other scale fits its lines nearly as well."""

    geometry: PageGeometry
    is_alone: bool


def corner_sheets(pixels: np.ndarray, corners_px: Corners) -> Iterator[CornerSheet]:
    """The sheets that the lines of the rectangle allow, the best first, each moved onto these lines as it is asked for.

    `pixels` is the page, uint8 [row, col, RGB]. Raises NoGrid where no lines can be counted between the corners.
    """
    corners = check_corners(corners_px)
    fitting = _of_several_scales(side_lengths(_upright(pixels, corners)))
    for lengths in fitting:
        yield CornerSheet(_settled(pixels, corners, lengths), is_alone=len(fitting) == 1)


def _of_several_scales(found: list[SideLengths]) -> list[SideLengths]:
    """The strongest of each scale that is nearly as strong as the best. Raises NoGrid."""
    if not found or found[0].strength < _SEEN:
        raise NoGrid(_ADVICE)
    kept: list[SideLengths] = []
    for lengths in found:
        if lengths.strength >= _RIVAL * found[0].strength and all(lengths.is_other_scale(other) for other in kept):
            kept.append(lengths)
    return kept[:_RIVALS]


def _settled(pixels: np.ndarray, corners: np.ndarray, lengths: SideLengths) -> PageGeometry:
    """The sheet moved onto its lines, unless they stand out less of it then."""
    size = (lengths.across_mm, lengths.down_mm)
    laid = PageGeometry(np.linalg.inv(to_rectangle(corners, size)), None, (0.0, 0.0, *size))

    def strength(sheet: PageGeometry) -> float:
        mm = sheet.to_mm(corners)
        return line_strength(pixels, sheet, (*mm.min(0).tolist(), *mm.max(0).tolist()))

    refined = refine(pixels, laid)
    return refined if strength(refined) >= _AS_GOOD * strength(laid) else laid


def _upright(pixels: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The rectangle alone, uint8 [row, col, RGB]."""
    sides = side_px(corners)
    zoom = min(1.0, _LONG_PX / max(sides))
    size = (round(sides[0] * zoom), round(sides[1] * zoom))
    shrink = max(1, int(1 / zoom))
    small = cv2.resize(pixels, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    return cv2.warpPerspective(small, to_rectangle(corners / shrink, size), size, borderMode=cv2.BORDER_REPLICATE)
