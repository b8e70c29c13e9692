"""From grid crossings to millimetres: count them into a lattice and fit the page through them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from digitize.grid.smooth_field import smooth_field
from digitize.grid.subpixel import summits
from ecg.geometry import PageGeometry, project

STEP_MM = 5.0
_FLAT_MM = 0.7  # crossings this near to the lattice of a flat sheet belong to it; by chance it would be 2
_FEWEST = 12  # crossings that make a lattice
_LEVELS = (0.35, 0.5, 0.65)  # how bright crossings are
_MOST = 0.4  # so large a share of those seen belong to the page's lattice
_NEARLY_ALL = 0.85  # of the crossings counted: there are no gaps to leap over
_FAR, _MOST_ASTRAY = 0.45, 0.025  # in steps, from where a neighbour should be; so few of a good lattice's are
_APART_PX = 3  # a crossing has faded this far from its middle
_REACH = 0.28  # of a step: a neighbour is looked for this near to where it should be
_STEPS = ((0, 1), (0, -1), (1, 1), (1, -1))  # (axis, sign): to the right, to the left, down, up


@dataclass(frozen=True, eq=False)
class Lattice:
    """Crossings with their whole-number places: `px` [node, (x, y)], `steps` [node, (column, row)] of 5 mm."""

    px: np.ndarray
    steps: np.ndarray


def see_lattice(heat: np.ndarray) -> Lattice | None:
    """The counted crossings in a heat map [row, col] in 0..1; None when no lattice is there.

    Faint glows between the crossings can lead the count astray, or make a finer lattice of their own, in patches: where
    most of what glows does not belong together, evenly, only what is brighter is looked at.
    """
    best: Lattice | None = None
    for level in _LEVELS:
        nodes = find_nodes(heat, level)
        lattice = count_lattice(nodes)
        if lattice is None:
            continue
        if len(lattice.px) > _MOST * len(nodes) and astray(lattice) < _MOST_ASTRAY:
            wider = count_lattice(nodes, leaps=True) if len(lattice.px) < _NEARLY_ALL * len(nodes) else None
            return lattice if wider is None or astray(wider) >= _MOST_ASTRAY else wider
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
    return float((off > _FAR).sum() / max(1, np.isfinite(off).sum()))


def find_nodes(heat: np.ndarray, threshold: float = _LEVELS[0]) -> np.ndarray:
    """Sub-pixel maxima [node, (x, y)] of a heat map [row, col] in 0..1.

    A crossing stands out both along x and along y; the glow along a trace only does so across it and does not count.
    """
    heat = cv2.GaussianBlur(heat.astype(np.float32), (0, 0), 0.7)
    level = threshold * np.percentile(heat, 99.5)
    apart = np.zeros(2 * _APART_PX + 1)
    apart[[0, -1]] = 0.5
    across, down = (heat - ndimage.correlate1d(heat, apart, axis) for axis in (1, 0))
    peak = (heat == ndimage.maximum_filter(heat, size=3)) & (heat > level) & (np.minimum(across, down) > 0.5 * level)
    return summits(heat, peak)[2]


def count_lattice(nodes: np.ndarray, *, leaps: bool = False) -> Lattice | None:
    """Give every crossing its whole-number place, walking from neighbour to neighbour; None when no lattice is there.

    With `leaps` the walk goes on behind a crossing that is missing: a fold or the edge of a shadow hides rows of them.
    The page must be nearly upright (its x axis within about 30 degrees of the picture's).
    """
    if len(nodes) < _FEWEST:
        return None
    tree = cKDTree(nodes)
    basis = _typical_basis(nodes, tree)
    if basis is None:
        return None
    best: dict[int, tuple[int, int]] = {}
    for start in _seeds(nodes, tree, basis):
        if start in best:
            continue
        found = _walk(nodes, tree, start, basis, leaps)
        if len(found) > len(best):
            best = found
        if len(best) > 0.5 * len(nodes):
            break
    if len(best) < _FEWEST:
        return None
    index = np.fromiter(best.keys(), int)
    return Lattice(nodes[index], np.array(list(best.values())))


def _typical_basis(nodes: np.ndarray, tree: cKDTree) -> np.ndarray | None:
    """The usual steps to the right and down, px [(right, down), (x, y)]: medians over neighbours that agree."""
    _, near = tree.query(nodes, k=min(9, len(nodes)))
    steps = (nodes[near[:, 1:]] - nodes[:, None]).reshape(-1, 2)
    length = np.hypot(*steps.T)
    spacing = np.median(np.hypot(*(nodes[near[:, 1]] - nodes).T))
    near_one = (length > 0.6 * spacing) & (length < 1.7 * spacing)
    angle = np.degrees(np.arctan2(steps[:, 1], steps[:, 0]))
    right = steps[near_one & (np.abs(angle) < 30)]
    down = steps[near_one & (np.abs(angle - 90) < 30)]
    if len(right) < 6 or len(down) < 6:
        return None
    return np.array([_mode(right), _mode(down)])


def _mode(steps: np.ndarray) -> np.ndarray:
    """The densest place among step vectors, then the mean around it."""
    tree = cKDTree(steps)
    radius = 0.15 * float(np.median(np.hypot(*steps.T)))
    sample = steps[:: max(1, len(steps) // 400)]
    crowd = tree.query_ball_point(sample, radius, return_length=True)
    return steps[tree.query_ball_point(sample[int(np.argmax(crowd))], radius)].mean(0)


def _seeds(nodes: np.ndarray, tree: cKDTree, basis: np.ndarray) -> list[int]:
    """Nodes with all four neighbours in place, the most central first."""
    radius = 0.2 * float(np.hypot(*basis[0]))
    around = [nodes + step for step in (basis[0], -basis[0], basis[1], -basis[1])]
    count = sum((tree.query(p, distance_upper_bound=radius)[0] < np.inf).astype(int) for p in around)
    distance = np.hypot(*(nodes - np.median(nodes, 0)).T)
    good = np.flatnonzero(count == 4)
    return good[np.argsort(distance[good])][:40].tolist()


def _walk(nodes: np.ndarray, tree: cKDTree, start: int, basis: np.ndarray, leaps: bool) -> dict[int, tuple[int, int]]:
    """Flood from a node to its neighbours, each carrying the local steps along; at the end over gaps, if it `leaps`."""
    places: dict[int, tuple[int, int]] = {start: (0, 0)}
    taken = {(0, 0)}
    steps = {start: basis}
    queue = [start]

    def go_on(node: int, leap: int) -> None:
        local, (col, row) = steps[node], places[node]

        def at(axis: int, sign: int, far: int) -> tuple[int, int]:
            return (col + far * sign, row) if axis == 0 else (col, row + far * sign)

        ways = [(axis, sign) for axis, sign in _STEPS if at(axis, sign, 1) not in taken]
        if not ways:
            return
        distances, others = tree.query([nodes[node] + leap * sign * local[axis] for axis, sign in ways])
        for (axis, sign), distance, other in zip(ways, distances.tolist(), others.tolist(), strict=True):
            place = at(axis, sign, leap)
            if place in taken or other in places or distance >= _REACH * np.hypot(*local[axis]):
                continue
            moved = local.copy()
            moved[axis] = 0.7 * local[axis] + 0.3 * sign * (nodes[other] - nodes[node]) / leap
            places[other], steps[other] = place, moved
            taken.add(place)
            queue.append(other)

    while queue:
        while queue:
            go_on(queue.pop(0), 1)
        for node in list(places) if leaps else ():
            go_on(node, 2)
    return places


def fit_geometry(lattice: Lattice) -> PageGeometry:
    """A perspective map plus a smooth bend through the crossings, robust to miscounted ones."""
    steps = _recounted(lattice)
    mm = steps * STEP_MM
    matrix = _flat_sheet(mm, lattice.px, 0.3)
    if matrix is None:
        raise ValueError("the grid's crossings do not lie on a page")
    off = project(np.linalg.inv(matrix), lattice.px) - mm
    keep = (np.hypot(*off.T) < 4.0) & _well_filled(steps)
    if keep.sum() < _FEWEST:
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
    matrix = _flat_sheet(lattice.steps * STEP_MM, lattice.px, 0.08)
    if matrix is None:
        return lattice.steps
    seen = project(np.linalg.inv(matrix), lattice.px)
    counted = np.round(seen / STEP_MM).astype(int)
    off_mm = np.sqrt(((seen - counted * STEP_MM) ** 2).sum(1).mean())
    return counted if off_mm < _FLAT_MM else lattice.steps


def _well_filled(steps: np.ndarray) -> np.ndarray:
    """Whether a crossing's row and column hold at least a quarter as many as the fullest: text makes stray ones."""
    good = np.ones(len(steps), bool)
    for axis in (0, 1):
        _, which, count = np.unique(steps[:, axis], return_inverse=True, return_counts=True)
        good &= count[which] >= 0.25 * count.max()
    return good


def _extent(mm: np.ndarray) -> tuple[float, float, float, float]:
    low, high = mm.min(0) - STEP_MM, mm.max(0) + STEP_MM
    return (*low.tolist(), *high.tolist())
