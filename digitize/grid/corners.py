"""Four crossings of the grid, given by hand, that make a rectangle on the paper."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

Corners = Sequence[Sequence[float]]  # four (x, y) in page px, from the upper left one clockwise as the page is read

_MIN_SIDE_PX = 100.0  # a shorter side is no page
_MIN_SINE = 0.2  # of the angle at a corner: a rectangle is never seen that flat
_MARGIN = 0.06  # of the picture that the page network sees, around the rectangle


def check_corners(corners_px: Corners) -> np.ndarray:
    """The corners float64 [4, (x, y)]. Raises ValueError with words for others than a rectangle can have."""
    what = "corners are four points (x, y) in page px: upper left, upper right, lower right, lower left"
    try:
        corners = np.array(corners_px, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} ({error})") from error
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise ValueError(f"{what}; got {list(corners.shape)} numbers")
    along = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(*along.T)
    if lengths.min() < _MIN_SIDE_PX:
        raise ValueError(f"{what}; a side of {lengths.min():.0f} px is too short, expected {_MIN_SIDE_PX:.0f} or more")
    unit = along / lengths[:, None]
    onward = np.roll(unit, -1, axis=0)
    sines = unit[:, 0] * onward[:, 1] - unit[:, 1] * onward[:, 0]
    if sines.min() < _MIN_SINE:
        raise ValueError(f"{what}; these do not go around a rectangle clockwise")
    return corners


def side_px(corners: np.ndarray) -> tuple[float, float]:
    """Mean length of the rectangle's sides across and down, px."""
    top, right, bottom, left = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T).tolist()
    return (top + bottom) / 2, (left + right) / 2


def to_rectangle(corners: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """The matrix [3, 3] from page px to a rectangle (width, height) whose corners these are."""
    width, height = size
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), target), dtype=np.float64)


def corner_matrix(corners_px: Corners, into_px: tuple[int, int]) -> np.ndarray:
    """The matrix [3, 3] from page px to a frame (width, height) that the rectangle fills, up to a margin."""
    corners = check_corners(corners_px)
    sides, frame = np.array(side_px(corners)), np.array(into_px)
    scale = float((frame * (1 - 2 * _MARGIN) / sides).min())
    offset = (frame - scale * sides) / 2
    place = np.array([[scale, 0, offset[0]], [0, scale, offset[1]], [0, 0, 1.0]])
    return place @ to_rectangle(corners, side_px(corners))
