"""The one warp: a window of the paper as seen from straight above."""

from __future__ import annotations

import cv2
import numpy as np

from ecg.geometry import PageGeometry


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
    every = 8
    gx, gy = np.arange(0, cols + every, every), np.arange(0, rows + every, every)
    mm = (np.stack(np.meshgrid(gx, gy), axis=-1) + 0.5) / px_per_mm + np.array([x0, y0])
    coarse = geometry.to_px(mm).astype(np.float32)
    fine = np.meshgrid(np.arange(cols, dtype=np.float32) / every, np.arange(rows, dtype=np.float32) / every)
    where = cv2.remap(coarse, *fine, cv2.INTER_LINEAR)
    return cv2.remap(pixels, where[..., 0], where[..., 1], interpolation, borderMode=cv2.BORDER_REPLICATE)
