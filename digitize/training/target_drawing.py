"""How targets are drawn from curves [point, (x, y)] in px: as ink, as heights of columns, as soft marks."""

from __future__ import annotations

import cv2
import numpy as np

from digitize.nets.inputs import EDGE_COLUMNS
from simulate.printed.rasterize import finite_pieces

_FAR_PX = 4000  # no picture is as large; further out OpenCV's fixed-point coordinates would overflow
_SHIFT_BITS = 5


def gaussian(distance_px: np.ndarray, sigma_px: float) -> np.ndarray:
    """1 at distance 0, falling off with `sigma_px`."""
    return np.exp(-(distance_px**2) / (2 * sigma_px**2))


def draw_polyline(canvas: np.ndarray, points_px: np.ndarray, value: int, pen_px: int = 2) -> None:
    """Draw a curve with its gaps into a class map, uint8 [row, col]."""
    for piece in finite_pieces(points_px):
        fixed = np.round(np.clip(piece, -_FAR_PX, _FAR_PX) * 2**_SHIFT_BITS).astype(np.int32)
        cv2.polylines(canvas, [fixed], False, value, pen_px, cv2.LINE_8, _SHIFT_BITS)


def edge_heat(places_px: np.ndarray, columns_px: np.ndarray) -> np.ndarray:
    """1 where a lead begins or ends, falling off within two columns, float32 [column]; places may be NaN (hidden)."""
    step = columns_px[1] - columns_px[0]
    places_px = places_px[np.isfinite(places_px)]
    if not places_px.size:
        return np.zeros(columns_px.size, np.float32)
    away = np.abs(columns_px - places_px[:, None]).min(0) / step
    return gaussian(away, EDGE_COLUMNS).astype(np.float32)


def column_heights(points_px: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Height of a curve at the columns' x, NaN outside it and in its gaps."""
    out = np.full(columns.shape, np.nan)
    for piece in finite_pieces(points_px):
        order = np.argsort(piece[:, 0], kind="stable")
        inside = (columns >= piece[order[0], 0]) & (columns <= piece[order[-1], 0])
        out[inside] = np.interp(columns[inside], piece[order, 0], piece[order, 1])
    return out
