"""What lies on a sheet after it was printed, in paper mm, each painted alike in any window of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

import cv2
import numpy as np

from simulate.raster.float_image import between, three
from simulate.raster.text import text_mask

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in paper mm
RGB = tuple[float, float, float]
_MUCH = 0.15  # the share of its pixels from which on all of a picture is computed with
_GRAIN = 256


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
    cols, rows = (
        (low + (np.arange(count) + 0.5) / px_per_mm) / step_mm - np.floor(low / step_mm) + 1
        for low, count in zip(window_mm[:2], shape[1::-1], strict=True)
    )
    return between(field, rows, cols)


def part_of(image: np.ndarray, low_px: np.ndarray, high_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What an image shows between two points (x, y) in px, as a view that may be empty, and its corner in px."""
    x0, y0 = corner = np.clip(np.floor(low_px), 0, image.shape[1::-1]).astype(int)
    x1, y1 = np.clip(np.ceil(high_px), corner, image.shape[1::-1]).astype(int)
    return image[y0:y1, x0:x1], corner


def lay(image: np.ndarray, cover: np.ndarray, rgb: RGB, opacity: float = 1.0, stains: bool = False) -> None:
    """Put a colour on an image, in place, wherever `cover` (uint8 [row, col], 255 = all of the pixel) is not 0.

    It replaces what is there, or multiplies it where it `stains`.
    """
    if cv2.countNonZero(cover) > _MUCH * cover.size:
        alpha = np.multiply(cover, np.float32(opacity / 255), dtype=np.float32)
        image *= cv2.merge([1 - alpha * (1 - part) for part in rgb]) if stains else three(1 - alpha)
        if not stains:
            image += cv2.merge([alpha * part for part in rgb])
        return
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
        away_x, away_y = cv2.split((lattice(around_mm, step) - self.centre_mm).astype(np.float32))
        away, around = cv2.cartToPolar(away_x, away_y)
        lobe, phase = self.ragged
        turns = np.linspace(0, 2 * np.pi, 181)
        edge = 1 + np.cos(turns[:, None] * np.arange(1, 1 + len(lobe)) + phase) @ lobe
        depth = (1 - away / (self.radius_mm * np.interp(around, turns, edge))) * 8
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
        pen, soft = self.pen_mm * px_per_mm, self.soft_mm * px_per_mm
        few = max(1, int(min(soft, pen or soft)))  # what is soft is drawn in fewer pixels
        rows, cols = (-(-count // few) for count in shape[:2])
        mask = np.zeros((rows, cols), np.uint8)
        fixed = np.clip(np.round(((px + 0.5) / few - 0.5) * 32), -(2**28), 2**28).astype(np.int32)
        if pen > 0:
            cv2.polylines(mask, [fixed], False, 255, max(1, round(pen / few)), cv2.LINE_AA, 5)
        else:
            cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, 5)
        if soft > 0.2:
            cv2.GaussianBlur(mask, (0, 0), soft / few, dst=mask)
        full = mask if few == 1 else cv2.resize(mask, (cols * few, rows * few), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(full[: shape[0], : shape[1]])


@dataclass(frozen=True, eq=False)
class Opaque:
    """A shape in one colour that hides what is below."""

    points_mm: np.ndarray
    rgb: RGB

    @property
    def hides_mm(self) -> tuple[np.ndarray, ...]:
        return (self.points_mm,)

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        return Mark(self.points_mm, 0.0, self.rgb).paint(image, window_mm, px_per_mm)


class Cut(Opaque):
    """A piece that is missing; where nothing is known of what lies below the paper, it shows `rgb`."""


@dataclass(frozen=True, eq=False)
class Cover(Opaque):
    """Something that lies over the paper and its edge, with a soft shadow around it and `marks` upon it."""

    marks: tuple[Mark, ...] = ()

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        image = Mark(self.points_mm + 1.0, 0.0, (0.0, 0.0, 0.0), 0.4, 1.5).paint(image, window_mm, px_per_mm)
        image = super().paint(image, window_mm, px_per_mm)
        for mark in self.marks:
            image = mark.paint(image, window_mm, px_per_mm)
        return image


@dataclass(frozen=True, eq=False)
class Fibre:
    """A fine grain of the paper: brightness changes by about `depth` from one `pitch_mm` to the next."""

    depth: float
    pitch_mm: float
    seed: int
    hides_mm: tuple[np.ndarray, ...] = ()

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        tile = 1 + np.float32(self.depth) * _grain()
        across, down = divmod(self.seed, _GRAIN)  # where in the grain the paper begins
        cols, rows = (
            ((low + np.arange(count) / px_per_mm) / self.pitch_mm + first) % _GRAIN
            for low, count, first in zip(window_mm[:2], image.shape[1::-1], (across, down), strict=True)
        )
        grain = three(between(tile, rows, cols))
        return np.asarray(cv2.multiply(image, grain, dst=image))


@cache
def _grain() -> np.ndarray:
    """The same everywhere; its last row and column are its first."""
    return np.pad(np.random.default_rng(32).standard_normal((_GRAIN, _GRAIN), np.float32), (0, 1), "wrap")


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
