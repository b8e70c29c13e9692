"""The page turned so that its rows run level: what the zero lines alone tell where there is no grid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.signal import find_peaks

from digitize.grid.page_view import PageView
from ecg.geometry import project


@dataclass(frozen=True)
class LevelThresholds:
    """How zero lines tell the level; set on simulated pages on plain paper."""

    min_baseline: float = 0.2  # a zero line is where its map is above this
    min_px: int = 100  # px of zero lines, less than which tell nothing
    max_slope: float = 0.3  # of rows in the view
    slope_steps: tuple[float, ...] = (0.02, 0.004, 0.0008)  # between slopes, looked for ever more finely
    apart_px: int = 6  # zero lines are at least so far apart
    min_row: float = 0.3  # share of the clearest row's zero line that is seen of any other


_LEVEL = LevelThresholds()


def level(view: PageView) -> np.ndarray | None:
    """The matrix [3, 3] from page px to a frame as fine as the view in which rows run level; None without rows."""
    rows, cols = np.nonzero(view.baseline > _LEVEL.min_baseline)
    if len(rows) < _LEVEL.min_px:
        return None
    weight, slope, reach = view.baseline[rows, cols], 0.0, _LEVEL.max_slope
    for step in _LEVEL.slope_steps:
        tried = slope + np.arange(-reach, reach + step / 2, step)
        slope = max(tried, key=lambda b: float((_profile(rows - b * cols, weight) ** 2).sum()))
        reach = step
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D((0, 0), float(np.degrees(np.arctan(slope))), 1.0)
    return turn @ view.matrix


def row_heights_px(view: PageView, matrix: np.ndarray) -> np.ndarray:
    """Heights of the zero lines in the levelled frame, px, from the top."""
    rows, cols = np.nonzero(view.baseline > _LEVEL.min_baseline)
    y = project(matrix @ np.linalg.inv(view.matrix), np.stack([cols, rows], axis=-1).astype(float))[:, 1]
    profile = np.pad(_profile(y, view.baseline[rows, cols]), 2)
    smooth = cv2.GaussianBlur(profile[:, None], (1, 7), 1.0)[:, 0]
    peaks, _ = find_peaks(smooth, height=_LEVEL.min_row * smooth.max(), distance=_LEVEL.apart_px)
    found: np.ndarray = peaks - 2 + float(y.min())
    return found


def _profile(y_px: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights by height [px] from the topmost on; what lies between two px counts for both."""
    down = y_px - y_px.min()
    low = down.astype(int)
    share, size = down - low, int(down.max()) + 2
    return np.bincount(low, weight * (1 - share), size) + np.bincount(low + 1, weight * share, size)
