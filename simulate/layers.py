"""What lies on a sheet after it was printed, in paper mm, each painted alike in any window of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
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


def part_of(image: np.ndarray, low_px: np.ndarray, high_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What an image shows between two points (x, y) in px, as a view that may be empty, and its corner in px."""
    x0, y0 = corner = np.clip(np.floor(low_px), 0, image.shape[1::-1]).astype(int)
    x1, y1 = np.clip(np.ceil(high_px), corner, image.shape[1::-1]).astype(int)
    return image[y0:y1, x0:x1], corner


def lay(image: np.ndarray, cover: np.ndarray, rgb: RGB, opacity: float = 1.0, stains: bool = False) -> None:
    """Put a colour on an image, in place, wherever `cover` (uint8 [row, col], 255 = all of the pixel) is not 0.

    It replaces what is there, or multiplies it where it `stains`.
    """
    where = np.flatnonzero(cover > 0)
    rows, cols = np.divmod(where, cover.shape[1])
    below, colour = image[rows, cols], np.array(rgb, np.float32)
    alpha = cover.reshape(-1)[where, None] * np.float32(opacity / 255)
    image[rows, cols] = below + alpha * ((below * colour if stains else colour) - below)


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
        centre, reach = (np.array(self.centre_mm) - window_mm[:2]) * px_per_mm, 1.8 * self.radius_mm * px_per_mm
        part, corner = part_of(image, centre - reach, centre + reach)
        if not part.size:
            return image
        step, (x, y) = 1.0, window_mm[:2] + corner / px_per_mm
        around_mm = (x, y, x + part.shape[1] / px_per_mm, y + part.shape[0] / px_per_mm)
        away = lattice(around_mm, step) - self.centre_mm
        around, (lobe, phase) = np.arctan2(away[..., 1], away[..., 0]), self.ragged
        edge = 1 + np.cos(around[..., None] * np.arange(1, 1 + len(lobe)) + phase) @ lobe
        depth = (1 - np.hypot(away[..., 0], away[..., 1]) / (self.radius_mm * edge)) * 8
        body = np.clip(depth, 0, 1) * (1 - self.ring) + self.ring * np.exp(-((depth - 1) ** 2))
        alpha = over(body, around_mm, px_per_mm, step, part.shape)
        part *= cv2.merge([1 - alpha * (1 - share) for share in self.rgb])
        return image


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
        part, corner = part_of(image, px.min(0) - reach, px.max(0) + reach)
        if part.size:
            lay(part, self._cover(px - corner, part.shape, px_per_mm), self.rgb, self.opacity, self.stains)
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
        return mask


@dataclass(frozen=True, eq=False)
class Cut:
    """A piece that is missing; where nothing is known of what lies below the paper, it shows `rgb`."""

    points_mm: np.ndarray
    rgb: RGB

    @property
    def hides_mm(self) -> tuple[np.ndarray, ...]:
        return (self.points_mm,)

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        return Mark(self.points_mm, 0.0, self.rgb).paint(image, window_mm, px_per_mm)


@dataclass(frozen=True, eq=False)
class Cover:
    """Something that lies over the paper and its edge, with a soft shadow around it."""

    points_mm: np.ndarray
    rgb: RGB

    @property
    def hides_mm(self) -> tuple[np.ndarray, ...]:
        return (self.points_mm,)

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        shadow = Mark(self.points_mm + 1.0, 0.0, (0.0, 0.0, 0.0), 0.4, 1.5)
        return Mark(self.points_mm, 0.0, self.rgb).paint(
            shadow.paint(image, window_mm, px_per_mm), window_mm, px_per_mm
        )


@dataclass(frozen=True, eq=False)
class Fibre:
    """A fine grain of the paper: brightness changes by about `depth` from one `pitch_mm` to the next."""

    depth: float
    pitch_mm: float
    seed: int
    hides_mm: tuple[np.ndarray, ...] = ()

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        scale = 1 / (px_per_mm * self.pitch_mm)
        where = np.array([[scale, 0, window_mm[0] / self.pitch_mm], [0, scale, window_mm[1] / self.pitch_mm]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        tile = 1 + np.float32(self.depth) * _grain(self.seed)
        grain = cv2.warpAffine(tile, where, image.shape[1::-1], flags=flags, borderMode=cv2.BORDER_WRAP)
        return np.asarray(cv2.multiply(image, cv2.merge([grain, grain, grain]), dst=image))


@lru_cache(maxsize=4)
def _grain(seed: int) -> np.ndarray:
    return np.random.default_rng([seed, 32]).standard_normal((256, 256), np.float32)


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
        high, wide = mask.shape
        corners = np.array([[0, 0], [wide, high], [wide, 0], [0, high]]) @ [[c, s], [-s, c]] + corner
        part, (x0, y0) = part_of(image, corners.min(0), corners.max(0))
        if part.size:
            matrix = np.array([[c, -s, corner[0] - x0], [s, c, corner[1] - y0]])
            lay(part, cv2.warpAffine(mask, matrix, part.shape[1::-1]), self.rgb, self.opacity)
        return image
