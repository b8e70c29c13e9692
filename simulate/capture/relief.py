"""The paper's relief: curl, folds and crumples as heights above the table, seen in light and from above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import numpy as np
from scipy.spatial import Delaunay

from simulate.raster.float_image import three
from simulate.wear.layers import Box, lattice, over

RELIEF = ("curl", "folds", "crumple")  # the effects that shape it
_NODES_MM = 8.0  # how far apart the nodes of the map lie
_EDGE_MM = 0.6  # half of a fold's rounding
_WRINKLE_MM, _WRINKLE_CELLS = 0.5, 512


@dataclass(frozen=True, eq=False)
class Relief:
    """Heights in mm over the paper: a wave, straight folds, and facets between knots.

    `waves` [wave, (x per mm, y per mm, phase, height)], `folds` [fold, (normal x, normal y, offset mm, slope)],
    `knots_mm` [knot, (x, y)] with their heights `peaks_mm` [knot]. `wrinkles` (slope, x, y) are too low to move
    anything: they have no height and show in the light alone, from a table that begins at x, y.
    """

    waves: np.ndarray
    folds: np.ndarray
    knots_mm: np.ndarray
    peaks_mm: np.ndarray
    wrinkles: tuple[float, int, int] = (0.0, 0, 0)

    def height_mm(self, points_mm: np.ndarray) -> np.ndarray:
        """Heights [...] at points [..., (x, y)]."""
        height = np.zeros(points_mm.shape[:-1])
        for x, y, phase, high in self.waves:
            height += high * np.cos(points_mm @ np.array([x, y]) + phase)
        for x, y, offset, slope in self.folds:
            height += slope * np.hypot(points_mm @ np.array([x, y]) - offset, _EDGE_MM)
        if len(self.knots_mm):
            height += self._facet_height(points_mm.reshape(-1, 2)).reshape(height.shape)
        return height

    @cached_property
    def _facets(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Corners [facet, 3, (x, y)] and their heights [facet, 3] in mm, and the rise [facet, (x, y)] of each."""
        corners = Delaunay(self.knots_mm).simplices
        where, peaks = self.knots_mm[corners], self.peaks_mm[corners]
        return where, peaks, _rise(where, peaks)

    def _facet_height(self, points_mm: np.ndarray) -> np.ndarray:
        """The height at points [point, (x, y)] of the facet that holds each of them."""
        where, peaks, rise = self._facets
        (ux, uy), (vx, vy) = (where[:, 1] - where[:, 0]).T, (where[:, 2] - where[:, 0]).T
        x, y = (points_mm[:, k, None] - where[:, 0, k] for k in (0, 1))
        b, c = (x * vy - y * vx) / (ux * vy - uy * vx), (ux * y - uy * x) / (ux * vy - uy * vx)
        holds = np.minimum(np.minimum(b, c), 1 - b - c).argmax(1)
        every = np.arange(len(points_mm))
        return np.asarray(peaks[holds, 0] + x[every, holds] * rise[holds, 0] + y[every, holds] * rise[holds, 1])

    def slope(self, window_mm: Box, step_mm: float) -> np.ndarray:
        """Rise towards x and y on the lattice of a window, float32 [2, row, col]."""
        points = lattice(window_mm, step_mm).astype(np.float32)
        across, down = points[0, :, 0], points[:, :1, 1]
        rise = np.zeros((2, *points.shape[:-1]), np.float32)
        for x, y, phase, high in self.waves.astype(np.float32):
            wave = high * np.sin(across * x + (down * y + phase))
            rise -= np.stack([x * wave, y * wave])
        for x, y, offset, slope in self.folds.astype(np.float32):
            away = across * x + (down * y - offset)
            away *= slope / np.sqrt(away * away + np.float32(_EDGE_MM**2))
            rise += np.stack([x * away, y * away])
        if len(self.knots_mm):
            rise += self._facet_slopes(points[0, 0], points.shape[:2], step_mm)
        slope, x, y = self.wrinkles
        if slope:
            cols, rows = (np.floor(at / _WRINKLE_MM).astype(int) for at in (across + x, down[:, 0] + y))
            rise += slope * np.take(np.take(_wrinkles(), rows, 1, mode="wrap"), cols, 2, mode="wrap")
        return rise

    def _facet_slopes(self, corner_mm: np.ndarray, shape: tuple[int, int], step_mm: float) -> np.ndarray:
        planes = [np.zeros(shape, np.float32), np.zeros(shape, np.float32)]
        where, _, rises = self._facets
        px = np.round((where - corner_mm) / step_mm * 32).astype(np.int32)
        near = ((px.max(1) >= 0) & (px.min(1) <= 32 * np.array(shape[::-1]))).all(-1)
        _fill(planes, px[near], rises[near])
        return np.stack([_rounded(plane, step_mm) for plane in planes])


def _fill(planes: list[np.ndarray], facets_px: np.ndarray, rises: np.ndarray) -> None:
    """Give every facet [facet, 3, (x, y)], in 1/32 px, its rise [facet, (x, y)] in the two planes."""
    for facet, rise in zip(facets_px, rises.tolist(), strict=True):
        for plane, value in zip(planes, rise, strict=True):
            cv2.fillConvexPoly(plane, facet, value, cv2.LINE_8, 5)


@cache
def _wrinkles() -> np.ndarray:
    """The rise of small sharp facets in clusters, float32 [2, row, col] every `_WRINKLE_MM`, without an end."""
    rng, side = np.random.default_rng(33), _WRINKLE_CELLS
    few = cv2.GaussianBlur(np.tile(rng.standard_normal((16, 16), np.float32), (3, 3)), (0, 0), 1.2)
    knots = rng.uniform(0, side, (1800, 2))
    low, high = np.floor(knots / side * 16).astype(int).T
    peaks = rng.normal(0, 1, len(knots)) * np.clip(5 * few[16 + high, 16 + low], 0.1, 1.5)
    tiles = np.stack(np.meshgrid([0, -1, 1], [0, -1, 1]), -1).reshape(-1, 1, 2) * side
    everywhere = (knots + tiles).reshape(-1, 2)
    near = ((everywhere > -40) & (everywhere < side + 40)).all(1)
    corners = Delaunay(everywhere[near]).simplices
    where, height = everywhere[near][corners], np.tile(peaks, 9)[near][corners]
    planes = [np.zeros((side, side), np.float32) for _ in (0, 1)]
    _fill(planes, np.round(where * 32).astype(np.int32), np.clip(_rise(where, height), -2, 2))
    return np.stack([cv2.GaussianBlur(plane, (0, 0), 0.7) for plane in planes])


def _rise(where: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """The rise [facet, (x, y)] of facets with corners [facet, 3, (x, y)] and their heights [facet, 3]."""
    (ux, uy), (vx, vy) = (where[:, 1] - where[:, 0]).T, (where[:, 2] - where[:, 0]).T
    du, dv = peaks[:, 1] - peaks[:, 0], peaks[:, 2] - peaks[:, 0]
    return np.asarray(np.stack([du * vy - dv * uy, dv * ux - du * vx], -1) / (ux * vy - uy * vx)[:, None])


def _rounded(plane: np.ndarray, step_mm: float) -> np.ndarray:
    """Facets lean into each other over two cm; little of the crease itself stays sharp."""
    few = cv2.resize(plane, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    wide = cv2.resize(cv2.GaussianBlur(few, (0, 0), 7 / step_mm / 4), plane.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.addWeighted(wide, 0.7, cv2.GaussianBlur(plane, (0, 0), 0.6 / step_mm), 0.3, 0)


@dataclass(frozen=True, eq=False)
class Shade:
    """The light on a relief: brighter where it faces `towards` [2], whose length is how low the light stands."""

    relief: Relief
    towards: np.ndarray
    hides_mm: tuple[np.ndarray, ...] = ()

    def paint(self, image: np.ndarray, window_mm: Box, px_per_mm: float) -> np.ndarray:
        step = 0.5
        rise = self.relief.slope(window_mm, step)
        lit = 1 - np.tensordot(self.towards.astype(np.float32), rise, 1)
        seen = over(np.clip(lit, 0.45, 1.35), window_mm, px_per_mm, step, image.shape)
        return np.asarray(cv2.multiply(image, three(seen), dst=image))


def sample_relief(extent_mm: Box, strengths: Mapping[str, float], rng: np.random.Generator) -> Relief | None:
    """The relief of a sheet, each part of `RELIEF` with its strength in 0..1; None where all are 0."""
    curl, folds, crumple = (strengths.get(name, 0.0) for name in RELIEF)
    if not (curl or folds or crumple):
        return None
    knots, peaks = _knots(extent_mm, crumple, rng)
    waves, bent = _waves(extent_mm, curl, rng), _folds(extent_mm, folds, rng)
    x, y = rng.integers(0, 1000, 2).tolist()
    return Relief(waves, bent, knots, peaks, (float(crumple * rng.uniform(0.05, 0.3)), x, y))


def _waves(extent_mm: Box, strength: float, rng: np.random.Generator) -> np.ndarray:
    """A sheet that was rolled: half a wave or more across it, with a weaker one over it."""
    if not strength:
        return np.zeros((0, 4))
    size = np.hypot(extent_mm[2] - extent_mm[0], extent_mm[3] - extent_mm[1])
    pace = np.pi / size * rng.uniform([0.8, 1.5], [2.0, 5.0])
    angle = rng.uniform(0, np.pi, 2)
    high = strength * size * rng.uniform([0.01, 0.001], [0.035, 0.004])
    return np.stack([pace * np.cos(angle), pace * np.sin(angle), rng.uniform(0, 2 * np.pi, 2), high], -1)


def _folds(extent_mm: Box, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Straight folds: even ones across the sheet as for an envelope, or some in any direction."""
    if not strength:
        return np.zeros((0, 4))
    low, high = np.array(extent_mm[:2]), np.array(extent_mm[2:])
    if rng.random() < 0.5:
        count, axis = int(rng.integers(1, 4)), int(rng.integers(2))
        normals = np.tile(np.eye(2)[axis], (count, 1)) + rng.normal(0, 0.015, (count, 2))
        at = low + (high - low) * (np.arange(1, count + 1) / (count + 1))[:, None]
    else:
        angles = rng.uniform(0, np.pi, int(rng.integers(1, 5)))
        normals, at = np.stack([np.cos(angles), np.sin(angles)], -1), rng.uniform(low, high, (len(angles), 2))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    slopes = strength * rng.uniform(0.03, 0.16, len(at)) * rng.choice([-1, 1], len(at))
    return np.column_stack([normals, (normals * at).sum(1), slopes])


def _knots(extent_mm: Box, strength: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The corners of a crumpled sheet's facets, at about even distances so that none is a splinter."""
    if not strength:
        return np.zeros((0, 2)), np.zeros(0)
    low, high = np.array(extent_mm[:2]), np.array(extent_mm[2:])
    half, angle = np.hypot(*(high - low)) / 2 + 30, rng.uniform(0, np.pi)
    spacing = rng.uniform(22, 60) * np.exp(rng.normal(0, 0.25, 2) * [1, -1])
    cells = np.ceil(2 * half / spacing).astype(int) + 1
    grid = np.stack(np.meshgrid(*map(np.arange, cells)), -1).reshape(-1, 2).astype(float)
    grid[:, 0] += 0.5 * (grid[:, 1] % 2)  # triangles rather than halved squares
    knots = (grid + rng.uniform(-0.38, 0.38, grid.shape)) * spacing - half
    c, s = np.cos(angle), np.sin(angle)
    knots = knots @ np.array([[c, s], [-s, c]]) + (low + high) / 2
    return knots, rng.normal(0, 0.1 * strength, len(knots)) * spacing.mean() * rng.choice([0.3, 1.0], len(knots))


def seen_from_above(relief: Relief, pose: np.ndarray, rise: np.ndarray, extent_mm: Box) -> np.ndarray:
    """The bend of a `PageGeometry`: how far every point of the relief seems moved on the table, float64 [row, col, 2].

    `pose` [3, 3] takes table mm to the picture, `rise` [3] adds what a mm of height changes in it (homogeneous).
    """
    x0, y0, x1, y1 = extent_mm
    cols, rows = (max(5, round((b - a) / _NODES_MM)) for a, b in ((x0, x1), (y0, y1)))
    points = np.stack(np.meshgrid(np.linspace(x0, x1, cols), np.linspace(y0, y1, rows)), axis=-1)
    height = relief.height_mm(points)
    height -= np.median(height)
    flat = points + _drawn_in(height, (x1 - x0) / (cols - 1), (y1 - y0) / (rows - 1))
    homogeneous = flat @ pose[:, :2].T + pose[:, 2] + height[..., None] * rise
    table = homogeneous @ np.linalg.inv(pose).T
    return table[..., :2] / table[..., 2:] - points


def _drawn_in(height: np.ndarray, dx_mm: float, dy_mm: float) -> np.ndarray:
    """Paper does not stretch: where it rises it covers less of the table; [row, col, (x, y)] in mm from the middle."""
    moved = []
    for axis, step in ((1, dx_mm), (0, dy_mm)):
        lost = -np.cumsum(np.gradient(height, step, axis=axis) ** 2 / 2 * step, axis=axis)
        lost -= np.take(lost, [height.shape[axis] // 2], axis=axis)
        moved.append(cv2.GaussianBlur(lost, (0, 0), 2.0))
    return np.stack(moved, axis=-1)
