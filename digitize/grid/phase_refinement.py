"""Listening to the grid: its lines' phase moves the map onto them and carries it over the whole sheet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitize.grid.lattice import STEP_MM as LINES_MM
from digitize.grid.line_tracking import NODES_MM, every_other, follow_lines, stretched
from digitize.grid.periodicity import PX_PER_MM, clipped_darkness
from digitize.grid.smooth_field import STEP_MM, Extent, field_nodes, smooth_field
from ecg.geometry import PageGeometry

_LEAST_TRUST = 0.05  # where nothing is heard the map so far stands, unless the neighbours say otherwise
_LOUD = 3.0  # a tone is heard when its power stands this far above what is beside it
_HEARD = 0.3  # trust from which a place counts as heard
_SILENT = 0.004  # how much less than heard ones a silent place counts when the bend is carried on
_FILL = 0.3  # smoothness of the bend where it is carried on
_GROWTH_MM = 25.0
_MOST_GROWTHS = 8
_FLATTEST = 1e-9
_STRAIGHT_MM = 0.07  # a smaller bend is what renderers and printers make by rounding their lines to dots
_OF_LINES = 0.7  # share of it that is the same all along a line
_GENTLE = 1.5  # smoothness of the bend of a sheet that was rolled or stretched: waves under about 50 mm are lost


@dataclass(frozen=True)
class Listening:
    """How wide to listen in each round, how far apart the bend's nodes are, and the usual error of the map so far."""

    blurs_mm: tuple[float, ...]
    step_mm: float = STEP_MM
    usual_mm: float = 0.35


_FIRST, _AGAIN = Listening((10.0, 7.0, 7.0)), Listening((7.0,))
_FINE = Listening((5.0, 4.0), 6.0, 0.12)  # a 1 mm line must not be taken for its neighbour


def refine(pixels: np.ndarray, geometry: PageGeometry) -> PageGeometry:
    """Move the map onto the grid lines themselves, to a few hundredths of a mm, by the phase of their rhythm.

    The page is flattened with the map so far; lines every 5 mm (and their overtones, the 1 mm lines among them) then
    appear with a phase that tells how far each place is off. Where the grid goes on beyond the map's extent, the map
    grows with it. Where the sheet is bent its lines are then followed one by one. `error_mm` of the result is the size
    of the last correction that was heard.
    """
    geometry, trust = _settle(pixels, every_other(pixels, geometry), _FIRST)
    for _ in range(_MOST_GROWTHS):
        geometry = _straightened(geometry, trust) or geometry
        wider = _wider(geometry, pixels)
        if wider.extent_mm == geometry.extent_mm:
            break
        kept = _heard_extent(geometry.extent_mm, *_settle(pixels, wider, _AGAIN))
        if kept.extent_mm == geometry.extent_mm:
            break
        geometry, trust = _settle(pixels, kept, _AGAIN)
    flat = _straightened(geometry, trust)
    if flat is not None:
        return stretched(pixels, flat)
    followed = follow_lines(pixels, geometry)
    return _gently_bent(followed) if followed else _settle(pixels, geometry, _FINE)[0]


def _settle(pixels: np.ndarray, geometry: PageGeometry, listening: Listening) -> tuple[PageGeometry, np.ndarray]:
    """The map after a few rounds of listening, and the trust [row, col] in 0..1 of the last one on its lattice."""
    extent_mm = geometry.extent_mm
    nodes = field_nodes(extent_mm, listening.step_mm)
    for blur_mm in listening.blurs_mm:
        shift, trust = _phase_shift(clipped_darkness(pixels, geometry, extent_mm), nodes, blur_mm, listening.usual_mm)
        shift = smooth_field(
            nodes.reshape(-1, 2), shift.reshape(-1, 2), extent_mm, 1.0, trust.ravel(), listening.step_mm
        )
        geometry = _carried_on(_shifted(geometry, shift, nodes), trust, listening.step_mm)
    error_mm = float(np.sqrt(np.average((shift**2).sum(-1), weights=trust + 1e-12)))
    return replace(geometry, error_mm=error_mm), trust


def _carried_on(geometry: PageGeometry, trust: np.ndarray, step_mm: float) -> PageGeometry:
    """Where nothing was heard, the bend goes on as it came from where something was."""
    silent = trust < _HEARD
    if not silent.any() or silent.all():
        return geometry
    weight = np.where(silent, _SILENT * trust, trust)
    return _with_bend(geometry, geometry.extent_mm, _FILL, weight, step_mm)


def _with_bend(
    geometry: PageGeometry, extent_mm: Extent, smooth: float, trust: np.ndarray | None, step_mm: float = STEP_MM
) -> PageGeometry:
    """The same map with its bend smoothed, on the lattice of another extent if wanted (it then goes on straight)."""
    nodes = field_nodes(geometry.extent_mm, step_mm).reshape(-1, 2)
    weight = None if trust is None else trust.ravel()
    field = smooth_field(nodes, geometry.bend(nodes), extent_mm, smooth, weight, step_mm)
    return replace(geometry, bend_mm=field, extent_mm=extent_mm)


def _wider(geometry: PageGeometry, pixels: np.ndarray) -> PageGeometry:
    """The map carried on by `_GROWTH_MM` on every side beyond which the picture still shows something."""
    x0, y0, x1, y1 = geometry.extent_mm
    sides = np.array([[x0, (y0 + y1) / 2], [(x0 + x1) / 2, y0], [x1, (y0 + y1) / 2], [(x0 + x1) / 2, y1]])
    outward = np.array([[-1, 0], [0, -1], [1, 0], [0, 1]]) * 10.0
    # The bend does not go on outside the extent: a step inward, turned around, tells where 10 mm further out lies.
    beyond = 2 * geometry.to_px(sides) - geometry.to_px(sides - outward)
    seen = ((beyond > 0) & (beyond < np.array(pixels.shape[1::-1]))).all(1)
    if not seen.any():
        return geometry
    grown = np.array([x0, y0, x1, y1]) + np.array([-1, -1, 1, 1]) * _GROWTH_MM * seen
    return _with_bend(geometry, (*grown.tolist(),), 0.03, None)


def _heard_extent(before: Extent, wider: PageGeometry, trust: np.ndarray) -> PageGeometry:
    """The wider map, cut back on the sides where little was heard beyond the extent before."""
    nodes, heard = field_nodes(wider.extent_mm), trust > 0.5
    beyond = (
        nodes[..., 0] < before[0],
        nodes[..., 1] < before[1],
        nodes[..., 0] > before[2],
        nodes[..., 1] > before[3],
    )
    kept = tuple(
        new if side.any() and heard[side].mean() > 0.4 else old
        for old, new, side in zip(before, wider.extent_mm, beyond, strict=True)
    )
    return replace(wider, bend_mm=wider.bend(field_nodes(kept)), extent_mm=kept)  # type: ignore[arg-type]


def _straightened(geometry: PageGeometry, trust: np.ndarray) -> PageGeometry | None:
    """The simplest map that does as well, without perspective, as a scan has none, or else without a bend, if any."""
    nodes = field_nodes(geometry.extent_mm).reshape(-1, 2)
    weight = trust.ravel() + 1e-9
    px = geometry.to_px(nodes)
    heard = trust.ravel() >= _HEARD
    for matrix in (_affine(nodes, px, weight), _perspective(nodes[heard], px[heard])):
        if matrix is None or not _is_map(matrix):
            continue
        plane = PageGeometry(matrix, None, geometry.extent_mm, geometry.error_mm)
        if np.sqrt(np.average(((plane.to_mm(px) - nodes) ** 2).sum(-1), weights=weight)) < _STRAIGHT_MM:
            return plane
    return None


def _gently_bent(geometry: PageGeometry) -> PageGeometry:
    """The map with a bend that is smooth across many lines, where each line as a whole lies off that: it was rounded.

    A crumpled sheet moves one part of a line and not another; it keeps its map.
    """
    nodes = field_nodes(geometry.extent_mm, NODES_MM)
    bend = geometry.bend(nodes)
    smooth = smooth_field(nodes.reshape(-1, 2), bend.reshape(-1, 2), geometry.extent_mm, _GENTLE)
    gentle = replace(geometry, bend_mm=smooth)
    off = gentle.bend(nodes) - bend
    square_mm2 = (off**2).sum(-1).mean()
    of_lines_mm2 = (off[..., 0].mean(0) ** 2).mean() + (off[..., 1].mean(1) ** 2).mean()
    return gentle if square_mm2 < _STRAIGHT_MM**2 and of_lines_mm2 > _OF_LINES * square_mm2 else geometry


def _affine(mm: np.ndarray, px: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The matrix [3, 3] of a map without perspective, by weighted least squares."""
    root = np.sqrt(weight)[:, None]
    found = np.linalg.lstsq(np.column_stack([mm, np.ones(len(mm))]) * root, px * root, rcond=None)[0]
    return np.vstack([found.T, [0, 0, 1]])


def _perspective(mm: np.ndarray, px: np.ndarray) -> np.ndarray | None:
    """The matrix [3, 3] of a flat sheet seen from anywhere, by least squares; None from fewer than four places."""
    matrix: np.ndarray | None = cv2.findHomography(mm, px, 0)[0] if len(mm) > 3 else None
    return matrix


def _is_map(matrix: np.ndarray) -> bool:
    """Whether a matrix [3, 3] can be turned around; it can't where all that was heard lies on one line."""
    return bool(np.isfinite(matrix).all() and abs(np.linalg.det(matrix)) > _FLATTEST)


def _phase_shift(dark: np.ndarray, nodes: np.ndarray, blur_mm: float, usual_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Displacement [row, col, (x, y)] in mm of the grid lines at the bend's nodes, and its trust [row, col] in 0..1."""
    x, y = (nodes[0, 0, k] + (np.arange(dark.shape[1 - k]) + 0.5) / PX_PER_MM for k in (0, 1))
    near_x, near_y = _nearness(nodes[0, :, 0], x, blur_mm), _nearness(nodes[:, 0, 1], y, blur_mm)
    right, trust_x = _axis_shift(near_y @ dark, near_x, x, usual_mm)
    down, trust_y = _axis_shift(near_x @ dark.T, near_y, y, usual_mm)
    return np.stack([right, down.T], axis=-1), np.minimum(trust_x, trust_y.T)


def _nearness(nodes_mm: np.ndarray, at_mm: np.ndarray, blur_mm: float) -> np.ndarray:
    """Gaussian weights [node, place]."""
    return np.exp(-(((nodes_mm[:, None] - at_mm) / blur_mm) ** 2) / 2).astype(np.float32)


def _axis_shift(
    lines: np.ndarray, near: np.ndarray, at_mm: np.ndarray, usual_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Displacement of the rhythm along one axis [line, node] in mm, and its trust, from the darkness [line, place].

    Ink has no 5 mm rhythm, but it drowns a faint one: a tone counts by how far it stands out from what is heard beside
    it, and against the map so far, so that paper without 5 mm lines is not moved by chance.
    """
    prior = 1 / usual_mm**2
    total, known, shift = np.zeros((3, len(lines), len(near)))
    for overtone in (1, 3, 5):
        tone = _tone(lines, near, at_mm, overtone)
        beside = [np.abs(_tone(lines, near, at_mm, overtone + d)) ** 2 for d in (-0.3, 0.3)]
        noise = sum(beside) / 4 + sum(b.mean() for b in beside) / 4 + 1e-12
        period = LINES_MM / overtone
        # A line at 5k + s has phase -2 pi s / period; take the turn nearest to what the lower tones said.
        raw = -np.angle(tone) / (2 * np.pi) * period
        turn = shift + (raw - shift + period / 2) % period - period / 2
        weight = np.maximum(np.abs(tone) ** 2 / noise - _LOUD, 0) * (2 * np.pi / period) ** 2
        total, known = total + weight * turn, known + weight
        shift = total / (known + prior)
    return shift, np.maximum(known / (known + prior), _LEAST_TRUST)


def _tone(lines: np.ndarray, near: np.ndarray, at_mm: np.ndarray, overtone: float) -> np.ndarray:
    """How loud a rhythm is around every node and in which phase, complex [line, node]."""
    turns = (2 * np.pi * overtone / LINES_MM * at_mm).astype(np.float32)
    return lines @ (near * np.cos(turns)).T - 1j * (lines @ (near * np.sin(turns)).T)


def _shifted(geometry: PageGeometry, shift_mm: np.ndarray, nodes_mm: np.ndarray) -> PageGeometry:
    """The geometry whose paper point mm lies where the old one had mm + shift(mm); given at nodes [row, col, 2]."""
    moved = nodes_mm + shift_mm
    extent_mm = (*nodes_mm[0, 0].tolist(), *nodes_mm[-1, -1].tolist())
    return PageGeometry(geometry.homography, moved + geometry.bend(moved) - nodes_mm, extent_mm)
