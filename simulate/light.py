"""What light does to a picture, and how a camera weighs its colours. Effects: image, strength in 0..1, rng -> image."""

from __future__ import annotations

import cv2
import numpy as np

from simulate.planes import Image, shaded, three


def light(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Uneven light: a slope and a broad bright or dark spot."""
    x = np.linspace(-1, 1, 96)
    y = x[:, None]
    a, b, cx, cy = rng.uniform(-1, 1, 4)
    spot = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / rng.uniform(0.3, 1.5))
    field = 1 + strength * 0.35 * (a * x + b * y + rng.uniform(-0.6, 1.0) * spot)
    return shaded(image, np.clip(field, 0.3, 1.6))


def shadow(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """The shadow of a hand, an arm or a phone: a rounded or a straight-edged darkness with a soft or hard rim."""
    mask = np.zeros((96, 96), np.float32)
    turns = np.linspace(0, 2 * np.pi, 49)[:-1]
    if rng.random() < 0.6:
        waves = rng.normal(0, 0.16, 4) @ np.cos(np.outer(np.arange(1, 5), turns) + rng.uniform(0, 6, (4, 1)))
        outline = np.stack([np.cos(turns), np.sin(turns)], -1) * (1 + waves)[:, None] * rng.uniform(15, 60, 2)
    else:
        outline = np.array([[-200, -1], [200, -1], [200, 1], [-200, 1]]) * [1, rng.uniform(8, 60)]
    angle = rng.uniform(0, 2 * np.pi)
    c, s = np.cos(angle), np.sin(angle)
    points = outline @ np.array([[c, s], [-s, c]]) + rng.uniform(0, 96, 2)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 8)))
    return shaded(image, 1 - strength * rng.uniform(0.25, 0.65) * soft)


def glare(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A lamp mirrored in the paper or the screen: a bright veil over print and paper alike."""
    x = np.linspace(-1, 1, 96)
    u, v = (a - rng.uniform(-0.8, 0.8) for a in (x, x[:, None]))
    angle, long, wide = rng.uniform(0, np.pi), rng.uniform(0.2, 0.9), rng.uniform(0.08, 0.3)
    along, across = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
    veil = (strength * 0.75 * np.exp(-((along / long) ** 2) - (across / wide) ** 2)).astype(np.float32)
    return shaded(image, 1 - veil) + three(cv2.resize(veil, image.shape[1::-1], interpolation=cv2.INTER_LINEAR))


def dim(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Too little light: dark, flat, and warm from a lamp."""
    lamp = np.array([1.0, 1 - 0.15 * strength * rng.random(), 1 - 0.4 * strength * rng.random()])
    return cv2.transform(image, np.diag((1 - 0.65 * strength) * lamp))


def colour(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """White balance, exposure, contrast and gamma."""
    cast = 1 + strength * rng.normal(0, 0.12, 3)
    gain = (cast * (1 + strength * rng.uniform(-0.35, 0.15))).astype(np.float32)
    image = (image.reshape(len(image), -1) * np.tile(gain, image.shape[1])).reshape(image.shape)
    np.maximum(image, np.float32(0), out=image)
    image = cv2.pow(image, float(np.exp(strength * rng.normal(0, 0.25))))
    slope = np.float32(1 + strength * rng.uniform(-0.45, 0.25))
    np.multiply(image, slope, out=image)
    return np.add(image, np.float32(0.5 - 0.5 * slope + strength * rng.uniform(-0.08, 0.08)), out=image)


def grey(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A black-and-white copy."""
    mixed = strength * np.array([0.299, 0.587, 0.114]) + (1 - strength) * np.eye(3)
    return cv2.transform(image, mixed)


def tinted(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Coloured paper or a strong colour cast."""
    return cv2.transform(image, np.diag(1 - strength * rng.uniform(0, 0.55, 3)))
