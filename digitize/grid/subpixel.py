"""Where a maximum lies between the places at which it was measured."""

from __future__ import annotations

import numpy as np

Values = np.ndarray | float

_FLATTEST = -1e-9  # three heights on a line have no top


def vertex(before: Values, at: Values, after: Values) -> np.ndarray:
    """The top of the parabola through a maximum and its neighbours, in steps from it, -0.5..0.5; arrays or numbers."""
    return np.clip(0.5 * (before - after) / np.minimum(before - 2 * at + after, _FLATTEST), -0.5, 0.5)


def summits(heat: np.ndarray, is_peak: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and columns [peak] of a map's marked maxima, but those at its rim, and their tops [peak, (x, y)]."""
    row, col = (places + 1 for places in np.nonzero(is_peak[1:-1, 1:-1]))
    dx = vertex(heat[row, col - 1], heat[row, col], heat[row, col + 1])
    dy = vertex(heat[row - 1, col], heat[row, col], heat[row + 1, col])
    return row, col, np.stack([col + dx, row + dy], axis=-1)
