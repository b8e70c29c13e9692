"""From grid crossings to millimetres: find them, and fit the page through the lattice that they make."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from digitize.grid.lattice_walk import Lattice, count_lattice
from digitize.grid.smooth_field import smooth_field
from digitize.grid.subpixel import summits
from ecg.geometry import PageGeometry, project

STEP_MM = 5.0


@dataclass(frozen=True)
class LatticeThresholds:
    """When crossings make the lattice of a page; set on simulated pages and checked on photos."""

    levels: tuple[float, ...] = (0.35, 0.5, 0.65)  # how bright crossings are beside the brightest, tried in turn
    blur_px: float = 0.7  # of the heat map before its maxima are looked for
    apart_px: int = 3  # a crossing has faded this far from its middle
    min_share: float = 0.4  # share of the crossings seen that belong to the page's lattice
    no_gaps_share: float = 0.85  # share counted from which on there are no gaps to leap over
    stray_steps: float = 0.45  # a neighbour that is off by more, in steps, lies astray
    max_astray: float = 0.025  # share of a good lattice's neighbours that lie astray
    flat_mm: float = 0.7  # crossings this near to the lattice of a flat sheet belong to it; by chance it would be 2
    flat_steps: float = 0.08  # how near, in steps, crossings lie to a flat sheet on which they are counted anew
    sheet_steps: float = 0.3  # and how near to the sheet of the page
    bend_mm: float = 4.0  # a crossing that lies further off the flat sheet is no crossing
    min_filled: float = 0.25  # share of the fullest row's or column's crossings that each of them holds
    min_crossings: int = 12  # that make a sheet


_LATTICE = LatticeThresholds()


def see_lattice(heat: np.ndarray) -> Lattice | None:
    """The counted crossings in a heat map [row, col] in 0..1; None when no lattice is there.

    Faint glows between the crossings can lead the count astray, or make a finer lattice of their own, in patches: where
    most of what glows does not belong together, evenly, only what is brighter is looked at.
    """
    best: Lattice | None = None
    for level in _LATTICE.levels:
        nodes = find_nodes(heat, level)
        lattice = count_lattice(nodes)
        if lattice is None:
            continue
        if len(lattice.px) > _LATTICE.min_share * len(nodes) and astray(lattice) < _LATTICE.max_astray:
            wider = count_lattice(nodes, leaps=True) if len(lattice.px) < _LATTICE.no_gaps_share * len(nodes) else None
            return lattice if wider is None or astray(wider) >= _LATTICE.max_astray else wider
        if best is None or len(lattice.px) > len(best.px):
            best = lattice
    return best


def astray(lattice: Lattice) -> float:
    """The share of neighbours by count that lie otherwise than one step apart: two rows meet where a walk slipped."""
    place = lattice.steps - lattice.steps.min(0)
    px = np.full((*(place.max(0) + 1), 2), np.nan)
    px[tuple(place.T)] = lattice.px
    apart = [np.diff(px, axis=axis).reshape(-1, 2) for axis in (0, 1)]
    usual = [np.nanmedian(step, axis=0) for step in apart]
    off = np.concatenate([np.hypot(*(a - u).T) / np.hypot(*u) for a, u in zip(apart, usual, strict=True)])
    return float((off > _LATTICE.stray_steps).sum() / max(1, np.isfinite(off).sum()))


def find_nodes(heat: np.ndarray, threshold: float = _LATTICE.levels[0]) -> np.ndarray:
    """Sub-pixel maxima [node, (x, y)] of a heat map [row, col] in 0..1.

    A crossing stands out both along x and along y; the glow along a trace only does so across it and does not count.
    """
    heat = cv2.GaussianBlur(heat.astype(np.float32), (0, 0), _LATTICE.blur_px)
    level = threshold * np.percentile(heat, 99.5)
    apart = np.zeros(2 * _LATTICE.apart_px + 1)
    apart[[0, -1]] = 0.5
    across, down = (heat - ndimage.correlate1d(heat, apart, axis) for axis in (1, 0))
    peak = (heat == ndimage.maximum_filter(heat, size=3)) & (heat > level) & (np.minimum(across, down) > 0.5 * level)
    return summits(heat, peak)[2]


def fit_geometry(lattice: Lattice) -> PageGeometry:
    """A perspective map plus a smooth bend through the crossings, robust to miscounted ones."""
    steps = _recounted(lattice)
    mm = steps * STEP_MM
    matrix = _flat_sheet(mm, lattice.px, _LATTICE.sheet_steps)
    if matrix is None:
        raise ValueError("the grid's crossings do not lie on a page")
    off = project(np.linalg.inv(matrix), lattice.px) - mm
    keep = (np.hypot(*off.T) < _LATTICE.bend_mm) & _well_filled(steps)
    if keep.sum() < _LATTICE.min_crossings:
        raise ValueError("the grid's crossings do not lie on a page")
    extent = _extent(mm[keep])
    bend = smooth_field(mm[keep], off[keep], extent, smooth=1.0)
    return PageGeometry(matrix, bend, extent)


def _flat_sheet(mm: np.ndarray, px: np.ndarray, near: float) -> np.ndarray | None:
    """The perspective matrix [3, 3] that most crossings agree with to a share of their spacing; None without any."""
    spacing = float(np.median(cKDTree(px).query(px, k=2)[0][:, 1]))
    matrix: np.ndarray | None = cv2.findHomography(mm, px, cv2.RANSAC, near * spacing)[0]
    return None if matrix is None else matrix / matrix[2, 2]


def _recounted(lattice: Lattice) -> np.ndarray:
    """The crossings' places, on the lattice of a flat sheet where nearly all of them lie on one.

    The walk from neighbour to neighbour may have slipped by a line, which would bend the sheet to fit.
    """
    matrix = _flat_sheet(lattice.steps * STEP_MM, lattice.px, _LATTICE.flat_steps)
    if matrix is None:
        return lattice.steps
    seen = project(np.linalg.inv(matrix), lattice.px)
    counted = np.round(seen / STEP_MM).astype(int)
    off_mm = np.sqrt(((seen - counted * STEP_MM) ** 2).sum(1).mean())
    return counted if off_mm < _LATTICE.flat_mm else lattice.steps


def _well_filled(steps: np.ndarray) -> np.ndarray:
    """Whether a crossing's row and column hold at least a quarter as many as the fullest: text makes stray ones."""
    good = np.ones(len(steps), bool)
    for axis in (0, 1):
        _, which, count = np.unique(steps[:, axis], return_inverse=True, return_counts=True)
        good &= count[which] >= _LATTICE.min_filled * count.max()
    return good


def _extent(mm: np.ndarray) -> tuple[float, float, float, float]:
    low, high = mm.min(0) - STEP_MM, mm.max(0) + STEP_MM
    return (*low.tolist(), *high.tolist())
