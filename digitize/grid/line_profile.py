"""The printed lines of a flattened page: how dark each place is beside them, and how far they stand out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import sparse

from digitize.grid.lattice import STEP_MM as LINES_MM
from digitize.grid.rectify import darkest, flatten, lightest
from digitize.grid.smooth_field import Extent
from ecg.geometry import PageGeometry

PX_PER_MM, FINE_PX_PER_MM = 6.0, 12.0  # of the flattened picture; finer than most pages, for all lines together


@dataclass(frozen=True)
class ProfileThresholds:
    """How lines are seen beside ink; set on simulated pages of all grids."""

    reach_mm: float = 1.0  # a line is looked for this far on either side of its place,
    step_mm: float = 0.1  # this finely
    along_mm: float = 1.0  # between two places of a line
    spread_mm: float = 0.7  # of the Gaussian along a line over which its darkness is averaged
    stroke_mm: float = 3.0  # no stroke of a pen is as thick
    ground_mm: float = 4.0  # paper around a line that tells how dark it is
    ink: float = 0.65  # what is darker than this share of the ink, in every colour, belongs to a trace or a letter
    ink_percentile: float = 99.7  # of the darkness, which is that of ink
    min_clear: float = 0.3  # share of a place that must be free of ink
    with_ink_gain: float = 2.5  # a grid that stands out by so much more together with the ink was taken for ink


_PROFILE = ProfileThresholds()
_NOTHING = 1e-7  # a weight that float32 would not notice
ASIDE_MM = np.arange(-_PROFILE.reach_mm, _PROFILE.reach_mm + 1e-9, _PROFILE.step_mm)


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines that run down a flattened picture: `x_mm` [line] is where they should be, `y_mm` [place] along them.

    `dark` [place, col] is the darkness beside those places without ink, `clear` [place, col] how much is not ink.
    """

    x_mm: np.ndarray
    y_mm: np.ndarray
    dark: np.ndarray
    clear: np.ndarray
    extent_mm: Extent
    px_per_mm: float

    @property
    def places(self) -> np.ndarray:
        """Where the lines should be, mm [place, line]."""
        return np.broadcast_to(self.x_mm, (len(self.y_mm), len(self.x_mm)))


def lines_both_ways(pixels: np.ndarray, geometry: PageGeometry, px_per_mm: float = PX_PER_MM) -> tuple[Lines, Lines]:
    """The lines that run down the flattened page, and those that run across it with x and y exchanged."""
    x0, y0, x1, y1 = geometry.extent_mm
    flat = flatten(pixels, geometry, (x0, y0, x1, y1), px_per_mm)
    dark, clear = _signed_darkness(flat, px_per_mm), _clear_of_ink(flat, px_per_mm)
    return _find(dark, clear, (x0, y0, x1, y1), px_per_mm), _find(dark.T, clear.T, (y0, x0, y1, x1), px_per_mm)


def _find(dark: np.ndarray, clear: np.ndarray, extent_mm: Extent, px_per_mm: float) -> Lines:
    """The lines beside the ink; a grid as dark as the ink would go with it, and is looked at as it is."""
    beside, all_of_it = (_gather(dark, seen, extent_mm, px_per_mm) for seen in (clear, np.ones_like(clear)))
    least, most = (np.median(contrast_aside(lines, lines.places).max(-1)) for lines in (beside, all_of_it))
    return all_of_it if most > _PROFILE.with_ink_gain * least else beside


def _gather(dark: np.ndarray, clear: np.ndarray, extent_mm: Extent, px_per_mm: float) -> Lines:
    x0, y0, x1, y1 = extent_mm
    first, last = np.ceil((x0 + _PROFILE.reach_mm) / LINES_MM), np.floor((x1 - _PROFILE.reach_mm) / LINES_MM)
    places = np.arange(y0 + _PROFILE.along_mm / 2, y1, _PROFILE.along_mm)
    y = y0 + (np.arange(len(dark)) + 0.5) / px_per_mm
    near = np.exp(-(((places[:, None] - y) / _PROFILE.spread_mm) ** 2) / 2).astype(np.float32)
    near = sparse.csr_array(np.where(near > _NOTHING, near, 0) / near.sum(1, keepdims=True))
    share = near @ clear
    average = near @ (dark * clear) / np.maximum(share, 0.05)
    return Lines(np.arange(first, last + 1) * LINES_MM, places, average, share, extent_mm, px_per_mm)


def contrast_aside(lines: Lines, x_mm: np.ndarray) -> np.ndarray:
    """How much darker every step aside of `x_mm` [place, line] is than most of them, [place, line, step]."""
    at_mm = x_mm[..., None] + ASIDE_MM - lines.extent_mm[0]
    col = (at_mm * lines.px_per_mm - 0.5).astype(np.float32).reshape(len(x_mm), -1)
    row = np.repeat(np.arange(len(col), dtype=np.float32)[:, None], col.shape[1], axis=1)
    dark, clear = (cv2.remap(part, col, row, cv2.INTER_LINEAR) for part in (lines.dark, lines.clear))
    seen = np.where(clear > _PROFILE.min_clear, dark, 0).reshape(at_mm.shape)
    return np.asarray(np.maximum(seen - np.median(seen, axis=-1, keepdims=True), 0))


def _signed_darkness(flat: np.ndarray, px_per_mm: float) -> np.ndarray:
    """How much darker than its surroundings each place is in its darkest colour, float32 [row, col]; paler ones < 0."""
    grey = darkest(flat).astype(np.float32)
    side = _odd_px(_PROFILE.ground_mm * px_per_mm)
    return np.asarray(cv2.blur(cv2.blur(grey, (side, side)), (side, side)) - grey)


def _clear_of_ink(flat: np.ndarray, px_per_mm: float) -> np.ndarray:
    """1 where no trace and no letter is, else 0, float32 [row, col]; a coloured grid is not dark in every colour."""
    light = lightest(flat)
    side = _odd_px(_PROFILE.stroke_mm * px_per_mm)
    ground = cv2.blur(cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), (side, side))
    dark = cv2.subtract(ground, light)
    ink = dark > _PROFILE.ink * np.percentile(dark[::2, ::2], _PROFILE.ink_percentile)
    return 1 - cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)


def _odd_px(px: float) -> int:
    """The side of a window with a middle, about so long."""
    return 2 * (round(px) // 2) + 1
