"""The simplest geometry that does as well: without perspective, without a bend, or with a gentle one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitize.grid.line_tracking import NODES_MM
from digitize.grid.smooth_field import field_nodes, smooth_field
from ecg.geometry import PageGeometry


@dataclass(frozen=True)
class FlatnessThresholds:
    """When a sheet counts as flat or gently bent; set on drawn, scanned and photographed simulated pages."""

    straight_mm: float = 0.07  # a smaller bend is what renderers and printers make by rounding their lines to dots
    along_lines: float = 0.7  # share of it that is the same all along a line
    gentle_smooth: float = 1.5  # of the bend of a sheet that was rolled or stretched: waves under 50 mm are lost
    min_determinant: float = 1e-9  # of a matrix that can be turned around


_FLATNESS = FlatnessThresholds()
MIN_TRUST = 0.3  # from which on lines count as seen at a place


def simplest_geometry(geometry: PageGeometry, trust: np.ndarray) -> PageGeometry | None:
    """The simplest map that does as well, without perspective, as a scan has none, or else without a bend, if any."""
    nodes = field_nodes(geometry.extent_mm).reshape(-1, 2)
    weight = trust.ravel() + 1e-9
    px = geometry.to_px(nodes)
    seen = trust.ravel() >= MIN_TRUST
    for matrix in (_affine(nodes, px, weight), _perspective(nodes[seen], px[seen])):
        if matrix is None or not _is_map(matrix):
            continue
        plane = PageGeometry(matrix, None, geometry.extent_mm, geometry.error_mm)
        if np.sqrt(np.average(((plane.to_mm(px) - nodes) ** 2).sum(-1), weights=weight)) < _FLATNESS.straight_mm:
            return plane
    return None


def gently_bent(geometry: PageGeometry) -> PageGeometry:
    """The map with a bend that is smooth across many lines, where each line as a whole lies off that: it was rounded.

    A crumpled sheet moves one part of a line and not another; it keeps its map.
    """
    nodes = field_nodes(geometry.extent_mm, NODES_MM)
    bend = geometry.bend(nodes)
    smooth = smooth_field(nodes.reshape(-1, 2), bend.reshape(-1, 2), geometry.extent_mm, _FLATNESS.gentle_smooth)
    gentle = replace(geometry, bend_mm=smooth)
    off = gentle.bend(nodes) - bend
    square_mm2 = (off**2).sum(-1).mean()
    of_lines_mm2 = (off[..., 0].mean(0) ** 2).mean() + (off[..., 1].mean(1) ** 2).mean()
    return (
        gentle
        if square_mm2 < _FLATNESS.straight_mm**2 and of_lines_mm2 > _FLATNESS.along_lines * square_mm2
        else geometry
    )


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
    """Whether a matrix [3, 3] can be turned around; it can't where all that was seen lies on one line."""
    return bool(np.isfinite(matrix).all() and abs(np.linalg.det(matrix)) > _FLATNESS.min_determinant)
