"""What lies behind the paper: the lid of a scanner, the paper itself, a desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from ecg.geometry import PageGeometry
from simulate.raster.float_image import shaded, three, unit
from simulate.raster.text import bundled_count, text_mask
from simulate.wear.artefact import pick
from simulate.wear.layers import RGB, Box, Cover, Cut, Layer, Mark, lay, part_of

_MENU = (
    "File", "Edit", "View", "Patient", "Print", "Export", "100 %", "12-lead", "Help", "Close", "Compare", "Measure",
    "25 mm/s", "10 mm/mV", "Filter", "Next", "Archive", "Worklist", "ECG 1/2", "Settings",
)  # fmt: skip
_FEW = 8  # a soft shade is drawn in so many times fewer pixels
_SHIFT = 4  # cv2 takes coordinates in 1/16 px

_WOODS: tuple[RGB, ...] = (
    (0.55, 0.38, 0.24),
    (0.42, 0.27, 0.16),
    (0.72, 0.56, 0.38),
    (0.3, 0.18, 0.12),
    (0.62, 0.5, 0.4),
)
_PLAIN: tuple[RGB, ...] = (
    (0.12, 0.12, 0.13), (0.3, 0.31, 0.33), (0.82, 0.82, 0.8), (0.55, 0.56, 0.58), (0.2, 0.28, 0.38), (0.7, 0.68, 0.62),
    (0.25, 0.35, 0.3),
)  # fmt: skip


def background(kind: str, paper_rgb: RGB, size_px: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A picture of `size_px` (width, height) without the page, float32 [row, col, RGB]; `kind` as in the presets."""
    if kind == "paper":
        return _even(paper_rgb, size_px)
    if kind == "plain":
        tone = float(rng.choice([1.0, rng.uniform(0.8, 1.0), rng.uniform(0, 0.3)]))
        return _even((tone, tone, tone), size_px)
    colours, grain = (_WOODS, _wood) if rng.random() < 0.5 else (_PLAIN, _cloth)
    base = np.array(colours[int(rng.integers(len(colours)))]) * rng.uniform(0.6, 1.25) + rng.normal(0, 0.02, 3)
    few = (size_px[0] // 2 + 1, size_px[1] // 2 + 1)  # what lies behind is out of focus
    surface = 1 + grain(few, rng) + np.float32(rng.uniform(0, 0.12)) * _noise((6, 6), few, rng)
    coloured = cv2.merge([surface * np.float32(part) for part in base])
    return cv2.resize(coloured, size_px, interpolation=cv2.INTER_LINEAR)


def beyond(layers: Iterable[Layer], geometry: PageGeometry, behind: np.ndarray) -> np.ndarray:
    """A background with the parts of fingers and other papers that reach beyond the page."""
    for layer in layers:
        if isinstance(layer, Cover):
            cv2.fillPoly(behind, [_fixed(geometry, layer.points_mm)], layer.rgb, cv2.LINE_AA, _SHIFT)
            for mark in layer.marks:
                behind = _as_seen(mark, geometry).paint(behind, (-0.5, -0.5, 0, 0), 1.0)
    return behind


def shadowed(extent_mm: Box, geometry: PageGeometry, behind: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A desk with the soft shadow that the sheet throws on it."""
    x0, y0, x1, y1 = extent_mm
    t = np.linspace(0, 1, 12)[:, None]
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
    edge = np.vstack([a + t * (b - a) for a, b in pairwise(corners)])
    few = tuple(n // _FEW + 1 for n in behind.shape[:2])
    mask = np.zeros(few, np.float32)
    thrown = geometry.to_px(edge + rng.uniform(-3, 3, 2)) / _FEW
    cv2.fillPoly(mask, [np.round(thrown * (1 << _SHIFT)).astype(np.int32)], 1.0, cv2.LINE_AA, _SHIFT)
    soft = rng.uniform(0.8, 4) * max(geometry.px_per_mm(((x0 + x1) / 2, (y0 + y1) / 2))) / _FEW
    return shaded(behind, 1 - rng.uniform(0.15, 0.6) * cv2.GaussianBlur(mask, (0, 0), soft))


def show_through(seen: np.ndarray, layers: Iterable[Layer], geometry: PageGeometry, behind: np.ndarray) -> None:
    """Put what lies behind the page into its holes, in place."""
    for layer in layers:
        if not isinstance(layer, Cut):
            continue
        edge = geometry.to_px(layer.points_mm)
        part, corner = part_of(seen, edge.min(0) - 1, edge.max(0) + 2)
        if part.size:
            mask, (rows, cols) = np.zeros(part.shape[:2], np.uint8), part.shape[:2]
            cv2.fillPoly(mask, [np.round((edge - corner) * (1 << _SHIFT)).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
            below = behind[corner[1] : corner[1] + rows, corner[0] : corner[0] + cols]
            part += three(unit(mask)) * (below - part)


def _as_seen(mark: Mark, geometry: PageGeometry) -> Mark:
    """A mark in px of the picture."""
    x, y = mark.points_mm.mean(0).tolist()
    scale = max(geometry.px_per_mm((x, y)))
    return replace(
        mark, points_mm=geometry.to_px(mark.points_mm), pen_mm=mark.pen_mm * scale, soft_mm=mark.soft_mm * scale
    )


def _fixed(geometry: PageGeometry, points_mm: np.ndarray) -> np.ndarray:
    return np.round(geometry.to_px(points_mm) * (1 << _SHIFT)).astype(np.int32)


def _even(rgb: RGB, size_px: tuple[int, int]) -> np.ndarray:
    return cv2.merge([np.full(size_px[::-1], part, np.float32) for part in rgb])


def _noise(cells: tuple[int, int], size_px: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    coarse = rng.standard_normal(cells, np.float32)
    return cv2.resize(coarse, size_px, interpolation=cv2.INTER_CUBIC if min(cells) > 3 else cv2.INTER_LINEAR)


def _wood(size_px: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Fine fibres and a few broad rings along one direction, gently bowed."""
    width, height = size_px
    fibres = _noise((max(4, 2 * height // 3), 9), size_px, rng) * np.float32(rng.uniform(0.01, 0.05))
    rings = _noise((int(rng.integers(8, 30)), 3), size_px, rng) * np.float32(rng.uniform(0.01, 0.06))
    x = np.arange(width, dtype=np.float32)
    bow = np.float32(rng.uniform(-0.1, 0.1) * height) * ((x / width - 0.5) ** 2) + np.float32(rng.normal(0, 0.1)) * x
    x, y = np.broadcast_to(x, fibres.shape), np.arange(height, dtype=np.float32)[:, None] + bow
    return cv2.remap(fibres + rings, np.ascontiguousarray(x), y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _cloth(size_px: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A matt surface with a fine grain."""
    cells = (max(2, 2 * size_px[1] // 3), max(2, 2 * size_px[0] // 3))
    return _noise(cells, size_px, rng) * np.float32(rng.uniform(0, 0.06))


def screen(extent_mm: Box, geometry: PageGeometry, size_px: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A screen in the plane of the page, float32 [row, col, RGB]: a viewer's window, a bezel and a wall around it."""
    x0, y0, x1, y1 = extent_mm
    more = rng.uniform(0.02, 0.6, 4) * np.array([x1 - x0, y1 - y0] * 2)
    corner, size = np.array([x0, y0]) - more[:2], np.array([x1 - x0, y1 - y0]) + more[:2] + more[2:]
    px_per_mm = 1100 / size.max()
    width, height = np.ceil(size * px_per_mm).astype(int).tolist()
    window = _window((width, height), rng)
    wide, bezel, wall = int(rng.integers(8, 40)), float(rng.uniform(0.02, 0.2)), float(rng.uniform(0.02, 0.6))
    framed = cv2.copyMakeBorder(window, wide, wide, wide, wide, cv2.BORDER_CONSTANT, value=(bezel,) * 3)
    scale, shift = 1 / px_per_mm, corner + (0.5 - wide) / px_per_mm
    place = geometry.homography @ np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])
    return cv2.warpPerspective(framed, place, size_px, borderMode=cv2.BORDER_CONSTANT, borderValue=(wall,) * 3)


def _window(size_px: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A viewer's window: an even surface with bars and panels along its edges and words on them."""
    width, height = size_px
    dark = rng.random() < 0.5
    tones = rng.uniform(*((0.05, 0.3) if dark else (0.75, 1.0)), 4).tolist()
    bar, panel, foot = (np.array([height, width, height]) * rng.uniform((0.03, 0, 0.02), (0.1, 0.15, 0.06))).astype(int)
    picture = np.full((height, width, 3), tones[0], np.float32)
    picture[:bar] = tones[1] * np.array([1.0, rng.uniform(0.9, 1.0), rng.uniform(0.8, 1.1)])
    picture[bar:, :panel] = tones[2]
    picture[height - foot :] = tones[3]
    high, across = float(rng.uniform(7, 13)), np.cumsum(rng.uniform(40, 160, 8))
    words = [(x, 0.3 * bar) for x in across[: rng.integers(9)]]
    words += [(x, height - 0.8 * foot) for x in across[: rng.integers(4)]]
    if panel > 40:
        words += [(0.1 * panel, bar + high * (1 + 2.5 * row)) for row in range(int(rng.integers(12)))]
    font, tone = int(rng.integers(bundled_count())), 0.9 if dark else 0.1
    for at in np.floor(words):
        mask = text_mask(pick(rng, _MENU), high, font)
        part, _ = part_of(picture, at, at + mask.shape[::-1])
        lay(part, np.ascontiguousarray(mask[: part.shape[0], : part.shape[1]]), (tone,) * 3, 0.8)
    return picture
