"""What light does to a page, and how a camera weighs its colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from simulate.raster.float_image import Image, three

# --- lights: strength in 0..1, rng -> what the picture is multiplied by and what is added, [row, col, RGB], small --

Light = tuple[np.ndarray, np.ndarray]
_FEW = 96


def tinted(strength: float, rng: np.random.Generator) -> Light:
    """Coloured paper or a strong colour cast."""
    return _everywhere(1 - strength * rng.uniform(0, 0.55, 3)), _everywhere(np.zeros(3))


def light(strength: float, rng: np.random.Generator) -> Light:
    """Uneven light: a slope and a broad bright or dark spot."""
    x = np.linspace(-1, 1, _FEW)
    y = x[:, None]
    a, b, cx, cy = rng.uniform(-1, 1, 4)
    spot = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / rng.uniform(0.3, 1.5))
    field = 1 + strength * 0.35 * (a * x + b * y + rng.uniform(-0.6, 1.0) * spot)
    return _alike(np.clip(field, 0.3, 1.6)), _everywhere(np.zeros(3))


def shadow(strength: float, rng: np.random.Generator) -> Light:
    """The shadow of a hand, an arm or a phone: a rounded or a straight-edged darkness with a soft or hard rim."""
    mask = np.zeros((_FEW, _FEW), np.float32)
    turns = np.linspace(0, 2 * np.pi, 49)[:-1]
    if rng.random() < 0.6:
        waves = rng.normal(0, 0.16, 4) @ np.cos(np.outer(np.arange(1, 5), turns) + rng.uniform(0, 6, (4, 1)))
        outline = np.stack([np.cos(turns), np.sin(turns)], -1) * (1 + waves)[:, None] * rng.uniform(15, 60, 2)
    else:
        outline = np.array([[-200, -1], [200, -1], [200, 1], [-200, 1]]) * [1, rng.uniform(8, 60)]
    angle = rng.uniform(0, 2 * np.pi)
    c, s = np.cos(angle), np.sin(angle)
    points = outline @ np.array([[c, s], [-s, c]]) + rng.uniform(0, _FEW, 2)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.6, 8)))
    return _alike(1 - strength * rng.uniform(0.25, 0.65) * soft), _everywhere(np.zeros(3))


def glare(strength: float, rng: np.random.Generator) -> Light:
    """A lamp mirrored in the paper or the screen: a bright veil over print and paper alike."""
    x = np.linspace(-1, 1, _FEW)
    u, v = (a - rng.uniform(-0.8, 0.8) for a in (x, x[:, None]))
    angle, long, wide = rng.uniform(0, np.pi), rng.uniform(0.2, 0.9), rng.uniform(0.08, 0.3)
    along, across = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
    veil = _alike(strength * 0.75 * np.exp(-((along / long) ** 2) - (across / wide) ** 2))
    return 1 - veil, veil


def dim(strength: float, rng: np.random.Generator) -> Light:
    """Too little light: dark, flat, and warm from a lamp."""
    lamp = np.array([1.0, 1 - 0.15 * strength * rng.random(), 1 - 0.4 * strength * rng.random()])
    return _everywhere((1 - 0.65 * strength) * lamp), _everywhere(np.zeros(3))


LIGHTS: Mapping[str, Callable[[float, np.random.Generator], Light]] = {
    "tinted": tinted, "light": light, "shadow": shadow, "glare": glare, "dim": dim,
}  # fmt: skip


def lit(image: Image, lights: list[Light]) -> Image:
    """The picture in one light after the other, at the cost of one."""
    if not lights:
        return image
    times, plus = lights[0]
    for more, veil in lights[1:]:
        times, plus = times * more, plus * more + veil
    full = cv2.resize(times, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    seen = cv2.multiply(image, full, dst=full)
    return cv2.add(seen, cv2.resize(plus, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)) if plus.any() else seen


def _everywhere(rgb: np.ndarray) -> np.ndarray:
    return np.full((_FEW, _FEW, 3), rgb, np.float32)


def _alike(field: np.ndarray) -> np.ndarray:
    """The same for each colour."""
    return three(field.astype(np.float32))


# --- effects: image, strength in 0..1, rng -> image -------------------------------------------------------------------


def colour(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """White balance, exposure, contrast and gamma."""
    cast = 1 + strength * rng.normal(0, 0.12, 3)
    gain = cast * (1 + strength * rng.uniform(-0.35, 0.15))
    gamma = float(np.exp(strength * rng.normal(0, 0.25)))
    slope = 1 + strength * rng.uniform(-0.45, 0.25)
    shift = 0.5 - 0.5 * slope + strength * rng.uniform(-0.08, 0.08)
    return cv2.transform(cv2.pow(image, gamma), np.column_stack([np.diag(slope * gain**gamma), np.full(3, shift)]))


def grey(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A black-and-white copy."""
    mixed = strength * np.array([0.299, 0.587, 0.114]) + (1 - strength) * np.eye(3)
    return cv2.transform(image, mixed)
