"""The one warp: a window of the paper as seen from straight above."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ecg.geometry import PageGeometry

_EVERY = 8  # the map is worked out in the middle of squares of so many px, and lies evenly between them


def darkest(flat: np.ndarray) -> np.ndarray:
    """The darkest colour of every place, uint8 [row, col], from uint8 [row, col, RGB]."""
    red, green, blue = cv2.split(flat)
    return np.asarray(cv2.min(cv2.min(red, green), blue))


def lightest(flat: np.ndarray) -> np.ndarray:
    """The lightest colour of every place, uint8 [row, col], from uint8 [row, col, RGB]."""
    red, green, blue = cv2.split(flat)
    return np.asarray(cv2.max(cv2.max(red, green), blue))


def flatten(
    pixels: np.ndarray,
    geometry: PageGeometry,
    window_mm: tuple[float, float, float, float],
    px_per_mm: float,
    interpolation: int = cv2.INTER_LINEAR,
) -> np.ndarray:
    """The paper window (x0, y0, x1, y1) seen from straight above, px = (mm - corner) * px_per_mm - 0.5; one warp."""
    x0, y0, x1, y1 = window_mm
    cols, rows = round((x1 - x0) * px_per_mm), round((y1 - y0) * px_per_mm)
    across, down = ((np.arange(-1, n // _EVERY + 2) + 0.5) * _EVERY / px_per_mm for n in (cols, rows))
    mm = np.stack(np.meshgrid(x0 + across, y0 + down), axis=-1)
    coarse = geometry.to_px(mm).astype(np.float32)
    where = cv2.resize(coarse, None, fx=_EVERY, fy=_EVERY, interpolation=cv2.INTER_LINEAR)[_EVERY:, _EVERY:]
    nothing: Any = None  # the second map: the first one holds both
    return cv2.remap(pixels, where[:rows, :cols], nothing, interpolation, borderMode=cv2.BORDER_REPLICATE)


def shrunk(pixels: np.ndarray, geometry: PageGeometry, px_per_mm: float) -> tuple[np.ndarray, PageGeometry]:
    """A page that is much finer than the warp to come, averaged down by a whole factor so that it does not alias."""
    x0, y0, x1, y1 = geometry.extent_mm
    factor = int(min(geometry.px_per_mm(((x0 + x1) / 2, (y0 + y1) / 2))) / (1.25 * px_per_mm))
    if factor < 2:
        return pixels, geometry
    rows, cols = (n // factor * factor for n in pixels.shape[:2])
    small = cv2.resize(pixels[:rows, :cols], (cols // factor, rows // factor), interpolation=cv2.INTER_AREA)
    scale = 1 / factor
    return small, geometry.after(np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, 0.5 * scale - 0.5], [0, 0, 1.0]]))
