"""What lies on a sheet after it was printed, in paper mm, each painted alike in any window of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from simulate.text import text_mask

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in paper mm
RGB = tuple[float, float, float]


class Layer(Protocol):
    """Something on the paper; `hides_mm` are the polygons [corner, (x, y)] under which nothing can be read."""

    @property
    def hides_mm(self) -> tuple[np.ndarray, ...]: ...
    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray: ...


def lattice(window_mm: Box, step_mm: float) -> np.ndarray:
    """Points [row, col, (x, y)] at whole multiples of `step_mm` that reach beyond a window on every side."""
    x0, y0, x1, y1 = window_mm
    x, y = (np.arange(np.floor(a / step_mm) - 1, np.ceil(b / step_mm) + 2) * step_mm for a, b in ((x0, x1), (y0, y1)))
    return np.stack(np.meshgrid(x, y), axis=-1)


def over(field: np.ndarray, window_mm: Box, px_per_mm: float, step_mm: float, shape: tuple[int, ...]) -> np.ndarray:
    """A field on the `lattice` of a window, seen in its pixels; float32 [row, col]."""
    corner = (np.floor(np.array(window_mm[:2]) / step_mm) - 1) * step_mm
    scale = 1 / (px_per_mm * step_mm)
    shift = (np.array(window_mm[:2]) + 0.5 / px_per_mm - corner) / step_mm
    where = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(field.astype(np.float32), where, shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)


@dataclass(frozen=True, eq=False)
class Blot:
    """A tinted spot with a ragged edge: `ring` darkens its rim, as where water dried."""

    centre_mm: tuple[float, float]
    radius_mm: float
    rgb: RGB
    ring: float
    ragged: np.ndarray
    hides_mm: tuple[np.ndarray, ...] = ()

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        reach = 1.8 * self.radius_mm
        far = (np.abs(np.clip(self.centre_mm, window_mm[:2], window_mm[2:]) - self.centre_mm) > reach).any()
        if far:
            return image
        step = 1.0
        away = lattice(window_mm, step) - self.centre_mm
        around, (lobe, phase) = np.arctan2(away[..., 1], away[..., 0]), self.ragged
        edge = 1 + np.cos(around[..., None] * np.arange(1, 1 + len(lobe)) + phase) @ lobe
        depth = (1 - np.hypot(away[..., 0], away[..., 1]) / (self.radius_mm * edge)) * 8
        body = np.clip(depth, 0, 1) * (1 - self.ring) + self.ring * np.exp(-((depth - 1) ** 2))
        alpha = over(body, window_mm, px_per_mm, step, image.shape)
        return np.asarray(cv2.multiply(image, cv2.merge([1 - alpha * (1 - part) for part in self.rgb])))


@dataclass(frozen=True, eq=False)
class Mark:
    """A line with a pen (`pen_mm` > 0) or a filled shape (0) in a colour; `soft_mm` blurs its edge.

    `opacity` is how much of what is below it replaces; with `stains` it multiplies instead, as a highlighter does.
    """

    points_mm: np.ndarray
    pen_mm: float
    rgb: RGB
    opacity: float = 1.0
    soft_mm: float = 0.0
    stains: bool = False
    hides: bool = False

    @property
    def hides_mm(self) -> tuple[np.ndarray, ...]:
        return (self.points_mm,) if self.hides else ()

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        px = (self.points_mm - window_mm[:2]) * px_per_mm - 0.5
        reach = (self.pen_mm / 2 + 3 * self.soft_mm) * px_per_mm + 2
        x0, y0 = np.maximum(np.floor(px.min(0) - reach), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(px.max(0) + reach), image.shape[1::-1]).astype(int)
        if x0 >= x1 or y0 >= y1:
            return image
        part = image[y0:y1, x0:x1]
        alpha = self._cover(px - (x0, y0), part.shape, px_per_mm)[..., None]
        colour = np.array(self.rgb, np.float32)
        part += alpha * ((part * colour if self.stains else colour) - part)
        return image

    def _cover(self, px: np.ndarray, shape: tuple[int, ...], px_per_mm: float) -> np.ndarray:
        mask = np.zeros(shape[:2], np.uint8)
        fixed = np.clip(np.round(px * 32), -(2**28), 2**28).astype(np.int32)
        if self.pen_mm > 0:
            cv2.polylines(mask, [fixed], False, 255, max(1, round(self.pen_mm * px_per_mm)), cv2.LINE_AA, 5)
        else:
            cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, 5)
        if self.soft_mm * px_per_mm > 0.2:
            cv2.GaussianBlur(mask, (0, 0), self.soft_mm * px_per_mm, dst=mask)
        return mask.astype(np.float32) * np.float32(self.opacity / 255)


@dataclass(frozen=True, eq=False)
class Lettering:
    """A line of text in a colour, turned about its upper left corner."""

    text: str
    at_mm: tuple[float, float]
    height_mm: float
    font: int
    rgb: RGB
    opacity: float
    angle_deg: float = 0.0
    hides_mm: tuple[np.ndarray, ...] = ()

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        mask = text_mask(self.text, self.height_mm * px_per_mm, self.font)
        corner = (np.array(self.at_mm) - window_mm[:2]) * px_per_mm
        c, s = np.cos(np.radians(self.angle_deg)), np.sin(np.radians(self.angle_deg))
        corners = (
            np.array([[0, 0], mask.shape[::-1], [mask.shape[1], 0], [0, mask.shape[0]]]) @ [[c, s], [-s, c]] + corner
        )
        x0, y0 = np.maximum(np.floor(corners.min(0)), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(corners.max(0)), image.shape[1::-1]).astype(int)
        if x0 >= x1 or y0 >= y1:
            return image
        matrix = np.array([[c, -s, corner[0] - x0], [s, c, corner[1] - y0]])
        alpha = cv2.warpAffine(mask, matrix, (int(x1 - x0), int(y1 - y0))).astype(np.float32) * (self.opacity / 255)
        part = image[y0:y1, x0:x1]
        part += alpha[..., None] * (np.array(self.rgb, np.float32) - part)
        return image
