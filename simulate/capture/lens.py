"""What lens and sensor do to a picture. Effects: image, strength in 0..1, rng -> image."""

from __future__ import annotations

import cv2
import numpy as np

from simulate.raster.float_image import Image, three

_BAND_PX = 400  # rows after which noise begins anew


def defocus(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Blur of the lens or of a bad scan, up to about 1.6 px."""
    return cv2.GaussianBlur(image, (0, 0), 0.3 + 1.3 * strength)


def motion(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A shaken hand: a short line kernel in any direction."""
    length = 1 + 4 * strength
    angle, kernel = rng.uniform(0, np.pi), np.zeros((11, 11), np.float32)
    for t in np.linspace(-length / 2, length / 2, 21):
        kernel += _tent(5 + t * np.cos(angle), 5 + t * np.sin(angle))
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def _tent(x: float, y: float) -> np.ndarray:
    at = np.arange(11)
    return np.outer(np.clip(1 - np.abs(at - y), 0, 1), np.clip(1 - np.abs(at - x), 0, 1)).astype(np.float32)


def moire(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A screen's pixels seen by a sensor: a fine grating whose beat with the sensor's own shows as coloured bands."""
    rows, cols = image.shape[:2]
    down, across = np.ones((rows, 1)), np.ones((1, cols * 3))
    for period_px, depth in ((rng.uniform(25, 160), 0.05), (rng.uniform(2.2, 5), 0.10)):
        pace, angle, bow = 2 * np.pi / period_px, rng.normal(0, 0.4), 0.2 * rng.normal(0, 0.5) / max(rows, cols)
        x, y = np.arange(cols)[:, None], np.arange(rows)
        right = pace * (x * np.cos(angle) + bow * x * x) + rng.uniform(0, 2.1) * np.arange(3)  # a phase for each colour
        below = pace * (y * np.sin(angle) + bow * y * y)
        # cos(right + below) is a sum of products of what each column and each row has, and so is the product of both.
        row_parts = np.stack([np.ones(rows), np.cos(below), np.sin(below)], -1)
        col_parts = np.stack([np.ones(right.shape), np.cos(right), -np.sin(right)]).reshape(3, -1)
        col_parts[1:] *= depth * strength
        down = (down[:, :, None] * row_parts[:, None]).reshape(rows, -1)
        across = (across[:, None] * col_parts).reshape(-1, cols * 3)
    none = np.empty(0, np.float32)
    grating = cv2.gemm(down.astype(np.float32), across.astype(np.float32), 1, none, 0).reshape(image.shape)
    return cv2.multiply(image, grating, dst=grating)


def noise(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Sensor noise, part of it in grains larger than a pixel."""
    rows, cols = shape = image.shape[:2]
    few, sigma = (rows // 2 + 1, cols // 2 + 1), strength * 0.06
    coarse = three(_normal(rng, few, 1, rng.uniform(0, 1.5) * sigma))
    if rng.random() < 0.3:  # a scanner: three lines of sensors that know nothing of each other
        one = _normal(rng, shape, 1, sigma)
        fine = cv2.merge([one, np.roll(one, (311, 97), (0, 1)), np.roll(one, (97, 523), (0, 1))])
    else:  # a camera guesses two colours of every pixel from its neighbours: fine in brightness, coarse in hue
        fine = three(_normal(rng, shape, 1, 0.8 * sigma))
        coarse += _normal(rng, few, 3, 0.9 * sigma)
    fine = cv2.add(fine, cv2.resize(coarse, (cols, rows), interpolation=cv2.INTER_LINEAR), dst=fine)
    return cv2.add(image, fine, dst=fine)


def _normal(rng: np.random.Generator, shape: tuple[int, int], channels: int, sigma: float) -> np.ndarray:
    """Normal float32 [row, col, channel]: a band of noise, and below it the same band moved aside by chance."""
    rows, cols = shape[0], shape[1] * channels
    cv2.setRNGSeed(int(rng.integers(2**31)))  # OpenCV draws them in a third of numpy's time
    band = cv2.randn(np.empty((min(rows, _BAND_PX), cols), np.float32), np.zeros(1), np.full(1, sigma))
    moved = [np.roll(band, int(rng.integers(cols)), axis=1) for _ in range(-(-rows // _BAND_PX) - 1)]
    return np.concatenate([band, *moved])[:rows].reshape(*shape, channels)
