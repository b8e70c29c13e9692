"""A sharp fold in the paper: a line that runs over traces and grid, with light falling off on either side."""

from __future__ import annotations

import numpy as np

from simulate.raster.float_image import Image, shaded

_UPRIGHT = 0.7  # of the folds run nearly up and down, as steep beats do
_DARK = 0.75  # of them hold dirt or shadow, the others lost their ink and shine


def creased(image: Image, px_per_mm: float, rng: np.random.Generator) -> Image:
    """The picture with one or two folds somewhere across it."""
    rows, cols = image.shape[:2]
    x, y = (np.arange(n, dtype=np.float32) / np.float32(px_per_mm) for n in (cols, rows))
    shade = np.ones((rows, cols), np.float32)
    for _ in range(1 + (rng.random() < 0.25)):
        shade *= _fold(x, y[:, None], rng)
    return shaded(image, np.maximum(shade, 0))


def _fold(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What one fold multiplies the light by at places x [col], y [row, 1] in mm."""
    angle = rng.normal(0, 0.1) if rng.random() < _UPRIGHT else rng.uniform(0, np.pi)
    across = (x - rng.uniform(0, x[-1])) * np.cos(angle) + (y - rng.uniform(0, y[-1, 0])) * np.sin(angle)
    along = (y - y.mean()) * np.cos(angle) - (x - x.mean()) * np.sin(angle)
    across = across + rng.uniform(0, 0.3) * np.sin(along / rng.uniform(3, 20) + rng.uniform(0, 2 * np.pi))
    depth = rng.uniform(0.1, 0.65) if rng.random() < _DARK else -rng.uniform(0.05, 0.3)
    line = depth * np.exp(-((across / np.exp(rng.uniform(np.log(0.1), np.log(0.7)))) ** 2))
    rim = rng.uniform(0, 0.15) * np.exp(-(((across - rng.normal(0, 1.5)) / rng.uniform(0.4, 1.5)) ** 2))
    side = rng.uniform(-0.12, 0.12) * np.tanh(across / rng.uniform(0.2, 2)) * np.exp(-np.abs(across) / 40)
    return np.asarray(1 - line + rim + side, np.float32)
