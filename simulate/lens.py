"""What lens and sensor do to a picture. Effects: image, strength in 0..1, rng -> image."""

from __future__ import annotations

import cv2
import numpy as np

from simulate.planes import Image, three


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
    x, y = np.arange(cols, dtype=np.float32), np.arange(rows, dtype=np.float32)[:, None]
    seen = image
    for period_px, depth in ((rng.uniform(25, 160), 0.05), (rng.uniform(2.2, 5), 0.10)):
        angle, bow = rng.normal(0, 0.4), np.float32(rng.normal(0, 0.5) / max(rows, cols))
        turn = np.float32(2 * np.pi / period_px) * (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)))
        turn += np.float32(2 * np.pi / period_px) * bow * (x * x + y * y) * np.float32(0.2)
        apart = rng.uniform(0, 2.1)
        shifts = depth * strength * np.exp(1j * apart * np.arange(3))  # cos(turn + shift) from one cosine and one sine
        waves = np.column_stack([shifts.real, -shifts.imag, np.ones(3)])
        seen = cv2.multiply(seen, cv2.transform(cv2.merge([np.cos(turn), np.sin(turn)]), waves))
    return seen


def noise(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Sensor noise, part of it in grains larger than a pixel."""
    rows, cols = image.shape[:2]
    fine = _normal(rng, rows, 3 * cols).reshape(rows, cols, 3)
    coarse = _normal(rng, rows // 2 + 1, cols // 2 + 1)
    grain = cv2.resize(coarse, (cols, rows), interpolation=cv2.INTER_LINEAR)
    fine += three(np.float32(rng.uniform(0, 1.5)) * grain)
    fine *= np.float32(strength * 0.06)
    fine += image
    return fine


def _normal(rng: np.random.Generator, rows: int, cols: int) -> np.ndarray:
    """Standard normal float32 [row, col]; OpenCV draws them in a third of numpy's time."""
    out = np.empty((rows, cols), np.float32)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    return np.asarray(cv2.randn(out, np.zeros(1), np.ones(1)))
