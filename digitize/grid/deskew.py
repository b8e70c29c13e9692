"""The page turned so that its rows run level: what the zero lines alone tell where there is no grid."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.signal import find_peaks

from digitize.grid.page_view import PageView
from ecg.geometry import project

_SEEN = 0.2  # a zero line is where its map is above this
_FEWEST = 100  # px of zero lines
_STEEPEST, _STEPS = 0.3, (0.02, 0.004, 0.0008)  # slopes, looked for ever more finely
_APART_PX = 6
_LEAST = 0.3  # so much of the clearest row's zero line is seen of any other


def level(view: PageView) -> np.ndarray | None:
    """The matrix [3, 3] from page px to a frame as fine as the view in which rows run level; None without rows."""
    rows, cols = np.nonzero(view.baseline > _SEEN)
    if len(rows) < _FEWEST:
        return None
    weight, slope, reach = view.baseline[rows, cols], 0.0, _STEEPEST
    for step in _STEPS:
        tried = slope + np.arange(-reach, reach + step / 2, step)
        slope = max(tried, key=lambda b: float((_profile(rows - b * cols, weight) ** 2).sum()))
        reach = step
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D((0, 0), float(np.degrees(np.arctan(slope))), 1.0)
    return turn @ view.matrix


def row_heights_px(view: PageView, matrix: np.ndarray) -> np.ndarray:
    """Heights of the zero lines in the levelled frame, px, from the top."""
    rows, cols = np.nonzero(view.baseline > _SEEN)
    y = project(matrix @ np.linalg.inv(view.matrix), np.stack([cols, rows], axis=-1).astype(float))[:, 1]
    profile = np.pad(_profile(y, view.baseline[rows, cols]), 2)
    smooth = cv2.GaussianBlur(profile[:, None], (1, 7), 1.0)[:, 0]
    peaks, _ = find_peaks(smooth, height=_LEAST * smooth.max(), distance=_APART_PX)
    found: np.ndarray = peaks - 2 + float(y.min())
    return found


def _profile(y_px: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights by height [px] from the topmost on; what lies between two px counts for both."""
    down = y_px - y_px.min()
    low = down.astype(int)
    share, size = down - low, int(down.max()) + 2
    return np.bincount(low, weight * (1 - share), size) + np.bincount(low + 1, weight * share, size)
