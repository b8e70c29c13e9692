"""Pages with grids of every kind, and how far a geometry lies off their truth."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from oracle import SIZE_PX, Oracle, heart, scene

from ecg.geometry import PageGeometry
from ecg.page import Page
from simulate.capture.camera import View, look
from simulate.scene import Scene

EXTENT_MM = (0.0, 0.0, 260.0, 180.0)


KINDS = ("full", "5mm", "dots", "1mm", "dotted lines")


def crossings(view: View, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Crossings of a page seen like this in the network's frame: px [node, (x, y)] and their steps [node, 2]."""
    geometry = look(view, EXTENT_MM, SIZE_PX, 0.95, (0.0, 0.0), rng)
    steps = np.stack(np.meshgrid(np.arange(1, 52), np.arange(1, 36)), -1).reshape(-1, 2)
    px = geometry.to_px(steps * 5.0)
    inside = ((px > 0) & (px < np.array(SIZE_PX) - 1)).all(1)
    return px[inside], steps[inside]


def glow(px: np.ndarray, height: float) -> np.ndarray:
    """A heat map [row, col] of places [node, (x, y)] that glow alike."""
    heat = np.zeros(SIZE_PX[::-1], np.float32)
    col, row = np.round(px).astype(int).T
    heat[row, col] = height * 2 * np.pi * 1.2**2
    return cv2.GaussianBlur(heat, (0, 0), 1.2)


def page_of(kind: str, preset: str, seed: int, long_side_px: int = 1200) -> tuple[Scene, Page, Oracle]:
    """A page on a kind of paper; without the wear that costs resolution and lies about places."""
    found = scene(seed, preset, "3x4+1", long_side_px=long_side_px)
    effects = {k: v for k, v in found.effects.items() if k not in ("coarse", "threshold")}
    found = replace(
        found,
        paper=replace(found.paper, kind=kind),
        effects=effects,
        fill=min(found.fill, 1.0),
        aspect=max(found.aspect, 1.0),
    )
    page, truth = found.render(heart(seed))
    return found, page, Oracle(truth)


def error_mm(found: PageGeometry, oracle: Oracle) -> np.ndarray:
    """Distance between found and true paper places all over the traces; whole steps of 5 mm do not count."""
    x0, y0, x1, y1 = oracle.truth.layout.extent_mm
    mm = np.stack(np.meshgrid(np.linspace(x0, x1, 20), np.linspace(y0, y1, 15)), -1).reshape(-1, 2)
    off = found.to_mm(oracle.truth.geometry.to_px(mm)) - mm
    return np.hypot(*(off - 5 * np.round(np.median(off, 0) / 5)).T)


def rounded_grid(px_per_mm: float, wide_mm: float = 250.0, high_mm: float = 120.0) -> np.ndarray:
    """A flat grid whose 5 mm lines are rounded to whole pixels, as renderers draw them; lines begin at pixel 0."""
    pixels = np.full((round(high_mm * px_per_mm), round(wide_mm * px_per_mm), 3), 250, np.uint8)
    for axis, size in ((0, pixels.shape[0]), (1, pixels.shape[1])):
        places = np.floor(np.arange(0, size, 5 * px_per_mm)).astype(int)
        pixels[(slice(None), places) if axis else places] = (240, 130, 130)
    return pixels
