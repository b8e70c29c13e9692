"""From grid crossings to millimetres: count them into a lattice, fit the page, then listen to the lines' phase."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from ecg.geometry import PageGeometry, project

STEP_MM = 5.0
_BEND_STEP_MM = 12.0
_FLAT_PX_PER_MM = 4.0
_APART_PX = 3  # a crossing has faded this far from its middle
_USUAL_ERROR_MM = 0.35  # of the map through the crossings
_LEAST_TRUST = 0.05  # where nothing is heard the map so far stands, unless the neighbours say otherwise
_LOUD = 3.0  # a tone is heard when its power stands this far above what is beside it


@dataclass(frozen=True, eq=False)
class Lattice:
    """Crossings with their whole-number places: `px` [node, (x, y)], `steps` [node, (column, row)] of 5 mm."""

    px: np.ndarray
    steps: np.ndarray


def find_nodes(heat: np.ndarray, threshold: float = 0.35) -> np.ndarray:
    """Sub-pixel maxima [node, (x, y)] of a heat map [row, col] in 0..1.

    A crossing stands out both along x and along y; the glow along a trace only does so across it and does not count.
    """
    heat = cv2.GaussianBlur(heat.astype(np.float32), (0, 0), 0.7)
    level = threshold * np.percentile(heat, 99.5)
    apart = np.zeros(2 * _APART_PX + 1)
    apart[[0, -1]] = 0.5
    across, down = (heat - ndimage.correlate1d(heat, apart, axis) for axis in (1, 0))
    peak = (heat == ndimage.maximum_filter(heat, size=3)) & (heat > level) & (np.minimum(across, down) > 0.5 * level)
    at_row, at_col = np.nonzero(peak[1:-1, 1:-1])
    at_row, at_col = at_row + 1, at_col + 1
    dx = _vertex(heat[at_row, at_col - 1], heat[at_row, at_col], heat[at_row, at_col + 1])
    dy = _vertex(heat[at_row - 1, at_col], heat[at_row, at_col], heat[at_row + 1, at_col])
    return np.stack([at_col + dx, at_row + dy], axis=-1)


def _vertex(before: np.ndarray, at: np.ndarray, after: np.ndarray) -> np.ndarray:
    curve = before - 2 * at + after
    return np.clip(0.5 * (before - after) / np.minimum(curve, -1e-6), -0.5, 0.5)


def count_lattice(nodes: np.ndarray) -> Lattice | None:
    """Give every crossing its whole-number place, walking from neighbour to neighbour; None when no lattice is there.

    The page must be nearly upright (its x axis within about 30 degrees of the picture's).
    """
    if len(nodes) < 12:
        return None
    tree = cKDTree(nodes)
    basis = _typical_basis(nodes, tree)
    if basis is None:
        return None
    best: dict[int, tuple[int, int]] = {}
    for start in _seeds(nodes, tree, basis):
        if start in best:
            continue
        found = _walk(nodes, tree, start, basis)
        if len(found) > len(best):
            best = found
        if len(best) > 0.5 * len(nodes):
            break
    if len(best) < 12:
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
    crowd = [len(hits) for hits in tree.query_ball_point(sample, radius)]
    return steps[tree.query_ball_point(sample[int(np.argmax(crowd))], radius)].mean(0)


def _seeds(nodes: np.ndarray, tree: cKDTree, basis: np.ndarray) -> list[int]:
    """Nodes with all four neighbours in place, the most central first."""
    radius = 0.2 * float(np.hypot(*basis[0]))
    around = [nodes + step for step in (basis[0], -basis[0], basis[1], -basis[1])]
    count = sum((tree.query(p, distance_upper_bound=radius)[0] < np.inf).astype(int) for p in around)
    distance = np.hypot(*(nodes - np.median(nodes, 0)).T)
    good = np.flatnonzero(count == 4)
    return good[np.argsort(distance[good])][:40].tolist()


def _walk(nodes: np.ndarray, tree: cKDTree, start: int, basis: np.ndarray) -> dict[int, tuple[int, int]]:
    """Flood from a node to its neighbours, each carrying the local steps along."""
    places: dict[int, tuple[int, int]] = {start: (0, 0)}
    taken = {(0, 0)}
    steps = {start: basis}
    queue = [start]
    while queue:
        node = queue.pop(0)
        local, (col, row) = steps[node], places[node]
        for axis, sign in ((0, 1), (0, -1), (1, 1), (1, -1)):
            place = (col + sign, row) if axis == 0 else (col, row + sign)
            if place in taken:
                continue
            reach = 0.28 * float(np.hypot(*local[axis]))
            distance, other = tree.query(nodes[node] + sign * local[axis], distance_upper_bound=reach)
            if not np.isfinite(distance) or other in places:
                continue
            moved = local.copy()
            moved[axis] = 0.7 * local[axis] + 0.3 * sign * (nodes[other] - nodes[node])
            places[int(other)], steps[int(other)] = place, moved
            taken.add(place)
            queue.append(int(other))
    return places


def fit_geometry(lattice: Lattice) -> PageGeometry:
    """A perspective map plus a smooth bend through the crossings, robust to miscounted ones."""
    mm = lattice.steps * STEP_MM
    spacing = float(np.median(cKDTree(lattice.px).query(lattice.px, k=2)[0][:, 1]))
    matrix, _ = cv2.findHomography(mm.astype(np.float64), lattice.px, cv2.RANSAC, 0.3 * spacing)
    if matrix is None:
        raise ValueError("the grid's crossings do not lie on a page")
    flat = PageGeometry(matrix)
    seen = project(np.linalg.inv(flat.homography), lattice.px)
    off = seen - mm
    keep = (np.hypot(*off.T) < 4.0) & _well_filled(lattice.steps)
    extent = _extent(mm[keep])
    bend = smooth_field(mm[keep], off[keep], extent, smooth=1.0)
    return PageGeometry(matrix, bend, extent)


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


def field_shape(extent_mm: tuple[float, float, float, float]) -> tuple[int, int]:
    """(rows, columns) of a bend lattice over an extent."""
    x0, y0, x1, y1 = extent_mm
    return max(4, round((y1 - y0) / _BEND_STEP_MM) + 1), max(4, round((x1 - x0) / _BEND_STEP_MM) + 1)


def smooth_field(
    points_mm: np.ndarray,
    values_mm: np.ndarray,
    extent_mm: tuple[float, float, float, float],
    smooth: float,
    trust: np.ndarray | None = None,
) -> np.ndarray:
    """Least-squares field [row, col, 2] through scattered values with its curvature held small; outliers count less.

    `trust` [point] weighs the values, 1 being usual.
    """
    rows, cols = field_shape(extent_mm)
    x0, y0, x1, y1 = extent_mm
    u = np.clip((points_mm[:, 0] - x0) / (x1 - x0) * (cols - 1), 0, cols - 1 - 1e-9)
    v = np.clip((points_mm[:, 1] - y0) / (y1 - y0) * (rows - 1), 0, rows - 1 - 1e-9)
    c, r = u.astype(int), v.astype(int)
    fu, fv = u - c, v - r
    n = len(points_mm)
    where = np.concatenate([r * cols + c, r * cols + c + 1, (r + 1) * cols + c, (r + 1) * cols + c + 1])
    part = np.concatenate([(1 - fu) * (1 - fv), fu * (1 - fv), (1 - fu) * fv, fu * fv])
    sample = sparse.coo_matrix((part, (np.tile(np.arange(n), 4), where)), (n, rows * cols)).tocsr()
    bending = smooth * sparse.vstack(_curvature(rows, cols)).tocsr()
    trust = np.ones(n) if trust is None else trust
    weight, out = trust, np.zeros((rows * cols, 2))
    for _ in range(4):
        weighted = sample.multiply(weight[:, None]).tocsr()
        normal = (weighted.T @ sample + bending.T @ bending + 1e-6 * sparse.identity(rows * cols)).tocsc()
        out = np.column_stack([spsolve(normal, weighted.T @ values_mm[:, k]) for k in (0, 1)])
        error = np.hypot(*(sample @ out - values_mm).T)
        scale = max(0.05, 1.5 * float(np.median(error[trust > 0.1])) if (trust > 0.1).any() else 0.05)
        weight = trust / (1 + (error / scale) ** 2)
    return out.reshape(rows, cols, 2)


def _curvature(rows: int, cols: int) -> list[sparse.spmatrix]:
    """Second differences along both axes and the mixed one, as sparse operators on a flattened field."""

    def second(n: int) -> sparse.spmatrix:
        return sparse.diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(n - 2, n), dtype=float)

    def first(n: int) -> sparse.spmatrix:
        return sparse.diags([-1.0, 1.0], [0, 1], shape=(n - 1, n), dtype=float)

    return [
        sparse.kron(sparse.identity(rows), second(cols)),
        sparse.kron(second(rows), sparse.identity(cols)),
        sparse.kron(first(rows), first(cols)),
    ]


def refine(pixels: np.ndarray, geometry: PageGeometry, extent_mm: tuple[float, float, float, float]) -> PageGeometry:
    """Move the map onto the grid lines themselves, to a few hundredths of a mm, by the phase of their rhythm.

    The page is flattened with the map so far; lines every 5 mm (and their overtones, the 1 mm lines among them) then
    appear with a phase that tells how far each place is off. `error_mm` of the result is the last correction's size.
    """
    for blur_mm in (10.0, 7.0, 7.0):
        shift, trust = _phase_shift(_darkness(pixels, geometry, extent_mm), extent_mm, blur_mm)
        nodes = np.stack(np.meshgrid(*_nodes_mm(extent_mm)), axis=-1)
        shift = smooth_field(nodes.reshape(-1, 2), shift.reshape(-1, 2), extent_mm, 1.0, trust.ravel())
        geometry = _shifted(geometry, shift, extent_mm)
    error = float(np.sqrt(np.average((shift**2).sum(-1), weights=trust + 1e-12)))
    return PageGeometry(geometry.homography, geometry.bend_mm, geometry.extent_mm, error)


def _nodes_mm(extent_mm: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the bend lattice's columns and rows."""
    rows, cols = field_shape(extent_mm)
    return np.linspace(extent_mm[0], extent_mm[2], cols), np.linspace(extent_mm[1], extent_mm[3], rows)


def flatten(
    pixels: np.ndarray,
    geometry: PageGeometry,
    window_mm: tuple[float, float, float, float],
    px_per_mm: float,
    interpolation: int = cv2.INTER_LINEAR,
) -> np.ndarray:
    """The paper window (x0, y0, x1, y1) seen from straight above, px = (mm - corner) * px_per_mm - 0.5; one warp."""
    x0, y0, x1, y1 = window_mm
    cols, rows = round((x1 - x0) * px_per_mm), round((y1 - y0) * px_per_mm)
    every = 8
    gx, gy = np.arange(0, cols + every, every), np.arange(0, rows + every, every)
    mm = (np.stack(np.meshgrid(gx, gy), axis=-1) + 0.5) / px_per_mm + np.array([x0, y0])
    coarse = geometry.to_px(mm).astype(np.float32)
    fine = np.meshgrid(np.arange(cols, dtype=np.float32) / every, np.arange(rows, dtype=np.float32) / every)
    where = cv2.remap(coarse, *fine, cv2.INTER_LINEAR)
    return cv2.remap(pixels, where[..., 0], where[..., 1], interpolation, borderMode=cv2.BORDER_REPLICATE)


def _darkness(pixels: np.ndarray, geometry: PageGeometry, extent_mm: tuple[float, float, float, float]) -> np.ndarray:
    """How much darker than its surroundings each place is, float32 [row, col]; ink is cut to the grid's level."""
    flat = flatten(pixels, geometry, extent_mm, _FLAT_PX_PER_MM).min(axis=2).astype(np.float32)
    ground = cv2.GaussianBlur(flat, (0, 0), 2.5 * _FLAT_PX_PER_MM)
    dark = np.maximum(ground - flat, 0)
    return np.minimum(dark, max(4.0, float(np.percentile(dark, 80))))


def _phase_shift(
    dark: np.ndarray, extent_mm: tuple[float, float, float, float], blur_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Displacement [row, col, (x, y)] in mm of the grid lines on the bend lattice, and its trust [row, col] in 0..1."""
    x, y = (extent_mm[k] + (np.arange(dark.shape[1 - k]) + 0.5) / _FLAT_PX_PER_MM for k in (0, 1))
    node_x, node_y = _nodes_mm(extent_mm)
    near_x, near_y = _nearness(node_x, x, blur_mm), _nearness(node_y, y, blur_mm)
    right, trust_x = _axis_shift(near_y @ dark, near_x, x)
    down, trust_y = _axis_shift(near_x @ dark.T, near_y, y)
    return np.stack([right, down.T], axis=-1), np.minimum(trust_x, trust_y.T)


def _nearness(nodes_mm: np.ndarray, at_mm: np.ndarray, blur_mm: float) -> np.ndarray:
    """Gaussian weights [node, place]."""
    return np.exp(-(((nodes_mm[:, None] - at_mm) / blur_mm) ** 2) / 2).astype(np.float32)


def _axis_shift(lines: np.ndarray, near: np.ndarray, at_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Displacement of the rhythm along one axis [line, node] in mm, and its trust, from the darkness [line, place].

    Ink has no 5 mm rhythm, but it drowns a faint one: a tone counts by how far it stands out from what is heard beside
    it, and against the map so far, so that paper without 5 mm lines is not moved by chance.
    """
    prior = 1 / _USUAL_ERROR_MM**2
    total, known, shift = np.zeros((3, len(lines), len(near)))
    for overtone in (1, 3, 5):
        tone = _tone(lines, near, at_mm, overtone)
        beside = [np.abs(_tone(lines, near, at_mm, overtone + d)) ** 2 for d in (-0.3, 0.3)]
        noise = sum(beside) / 4 + sum(b.mean() for b in beside) / 4 + 1e-12
        period = STEP_MM / overtone
        # A line at 5k + s has phase -2 pi s / period; take the turn nearest to what the lower tones said.
        raw = -np.angle(tone) / (2 * np.pi) * period
        turn = shift + (raw - shift + period / 2) % period - period / 2
        weight = np.maximum(np.abs(tone) ** 2 / noise - _LOUD, 0) * (2 * np.pi / period) ** 2
        total, known = total + weight * turn, known + weight
        shift = total / (known + prior)
    return shift, np.maximum(known / (known + prior), _LEAST_TRUST)


def _tone(lines: np.ndarray, near: np.ndarray, at_mm: np.ndarray, overtone: float) -> np.ndarray:
    """How loud a rhythm is around every node and in which phase, complex [line, node]."""
    wave = np.exp(-2j * np.pi * overtone * at_mm / STEP_MM).astype(np.complex64)
    return (lines * wave) @ near.T


def _shifted(
    geometry: PageGeometry, shift_mm: np.ndarray, extent_mm: tuple[float, float, float, float]
) -> PageGeometry:
    """The geometry whose paper point mm lies where the old one had mm + shift(mm)."""
    rows, cols = shift_mm.shape[:2]
    x0, y0, x1, y1 = extent_mm
    mm = np.stack(np.meshgrid(np.linspace(x0, x1, cols), np.linspace(y0, y1, rows)), axis=-1)
    moved = mm + shift_mm
    bend = moved + geometry.bend(moved) - mm
    return PageGeometry(geometry.homography, bend, extent_mm)
