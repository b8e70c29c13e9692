"""How far the grid's lines lie beside the paper's millimetres, from the phase of their periodicity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitize.grid.lattice import STEP_MM as LINES_MM
from digitize.grid.periodicity import PX_PER_MM


@dataclass(frozen=True)
class PhaseThresholds:
    """When a phase is believed; set on simulated pages of all grids."""

    harmonics: tuple[int, ...] = (1, 3, 5)  # of the 5 mm lines; the fifth is that of 1 mm lines
    beside: tuple[float, ...] = (-0.3, 0.3)  # how far beside a harmonic the noise is measured, in waves per 5 mm
    min_power: float = 3.0  # a harmonic counts by what its power exceeds this many times the noise
    min_weight: float = 0.05  # where nothing is seen the geometry so far stands, unless the neighbours say otherwise


_PHASE = PhaseThresholds()


def phase_shift(dark: np.ndarray, nodes: np.ndarray, blur_mm: float, usual_mm: float) -> tuple[np.ndarray, np.ndarray]:
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
    """Displacement of the lines along one axis [line, node] in mm, and its trust, from the darkness [line, place].

    Ink has no period of 5 mm, but it hides a faint one: a harmonic counts by how far it stands out from what is beside
    it, and against the map so far, so that paper without 5 mm lines is not moved by chance.
    """
    prior = 1 / usual_mm**2
    total, known, shift = np.zeros((3, len(lines), len(near)))
    for harmonic in _PHASE.harmonics:
        found = _harmonic_at(lines, near, at_mm, harmonic)
        beside = [np.abs(_harmonic_at(lines, near, at_mm, harmonic + d)) ** 2 for d in _PHASE.beside]
        noise = sum(beside) / 4 + sum(b.mean() for b in beside) / 4 + 1e-12
        period = LINES_MM / harmonic
        # A line at 5k + s has phase -2 pi s / period; take the turn nearest to what the lower harmonics showed.
        raw = -np.angle(found) / (2 * np.pi) * period
        turn = shift + (raw - shift + period / 2) % period - period / 2
        weight = np.maximum(np.abs(found) ** 2 / noise - _PHASE.min_power, 0) * (2 * np.pi / period) ** 2
        total, known = total + weight * turn, known + weight
        shift = total / (known + prior)
    return shift, np.maximum(known / (known + prior), _PHASE.min_weight)


def _harmonic_at(lines: np.ndarray, near: np.ndarray, at_mm: np.ndarray, harmonic: float) -> np.ndarray:
    """How strong a harmonic is around every node and in which phase, complex [line, node]."""
    turns = (2 * np.pi * harmonic / LINES_MM * at_mm).astype(np.float32)
    return lines @ (near * np.cos(turns)).T - 1j * (lines @ (near * np.sin(turns)).T)
