"""The paper's millimetres moved onto the grid's lines by their phase, and carried on over the whole sheet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from digitize.grid.flatness import MIN_TRUST, gently_bent, simplest_geometry
from digitize.grid.line_tracking import every_other, follow_lines, stretched
from digitize.grid.periodicity import clipped_darkness
from digitize.grid.phase import phase_shift
from digitize.grid.smooth_field import STEP_MM, Extent, field_nodes, smooth_field
from ecg.geometry import PageGeometry


@dataclass(frozen=True)
class RefinementThresholds:
    """How the geometry is carried on to where nothing was seen; set on simulated pages."""

    unseen_weight: float = 0.004  # how much less than others a place without lines counts when the bend is carried on
    fill_smooth: float = 0.3  # smoothness of the bend where it is carried on
    growth_smooth: float = 0.03  # and where it grows
    growth_mm: float = 25.0  # by which the geometry grows on a side at a time,
    max_growths: int = 8  # so often at most
    probe_mm: float = 10.0  # the picture has to go on this far beyond a side
    min_grown_trust: float = 0.5  # of a place beyond a side that shows the grid,
    min_grown_share: float = 0.4  # as more than this share of these places have to


_REFINEMENT = RefinementThresholds()


@dataclass(frozen=True)
class PhaseRounds:
    """Over how much paper the phase is seen in each round, how far apart the bend's nodes are, and the usual error."""

    blurs_mm: tuple[float, ...]
    step_mm: float = STEP_MM
    usual_mm: float = 0.35


_FIRST, _AGAIN = PhaseRounds((10.0, 7.0, 7.0)), PhaseRounds((7.0,))
_FINE = PhaseRounds((5.0, 4.0), 6.0, 0.12)  # a 1 mm line must not be taken for its neighbour


def refine(pixels: np.ndarray, geometry: PageGeometry) -> PageGeometry:
    """Move the map onto the grid lines themselves, to a few hundredths of a mm, by the phase of their period.

    The page is flattened with the map so far; lines every 5 mm (and their harmonics, the 1 mm lines among them) then
    appear with a phase that tells how far each place is off. Where the grid goes on beyond the map's extent, the map
    grows with it. Where the sheet is bent its lines are then followed one by one. `error_mm` of the result is the size
    of the last correction that was seen.
    """
    geometry, trust = _settle(pixels, every_other(pixels, geometry), _FIRST)
    for _ in range(_REFINEMENT.max_growths):
        geometry = simplest_geometry(geometry, trust) or geometry
        wider = _wider(geometry, pixels)
        if wider.extent_mm == geometry.extent_mm:
            break
        kept = _seen_extent(geometry.extent_mm, *_settle(pixels, wider, _AGAIN))
        if kept.extent_mm == geometry.extent_mm:
            break
        geometry, trust = _settle(pixels, kept, _AGAIN)
    flat = simplest_geometry(geometry, trust)
    if flat is not None:
        return stretched(pixels, flat)
    followed = follow_lines(pixels, geometry)
    return gently_bent(followed) if followed else _settle(pixels, geometry, _FINE)[0]


def _settle(pixels: np.ndarray, geometry: PageGeometry, rounds: PhaseRounds) -> tuple[PageGeometry, np.ndarray]:
    """The map after a few rounds, and the trust [row, col] in 0..1 of the last one on its lattice."""
    extent_mm = geometry.extent_mm
    nodes = field_nodes(extent_mm, rounds.step_mm)
    for blur_mm in rounds.blurs_mm:
        shift, trust = phase_shift(clipped_darkness(pixels, geometry, extent_mm), nodes, blur_mm, rounds.usual_mm)
        shift = smooth_field(nodes.reshape(-1, 2), shift.reshape(-1, 2), extent_mm, 1.0, trust.ravel(), rounds.step_mm)
        geometry = _carried_on(_shifted(geometry, shift, nodes), trust, rounds.step_mm)
    error_mm = float(np.sqrt(np.average((shift**2).sum(-1), weights=trust + 1e-12)))
    return replace(geometry, error_mm=error_mm), trust


def _carried_on(geometry: PageGeometry, trust: np.ndarray, step_mm: float) -> PageGeometry:
    """Where nothing was seen, the bend goes on as it came from where something was."""
    unseen = trust < MIN_TRUST
    if not unseen.any() or unseen.all():
        return geometry
    weight = np.where(unseen, _REFINEMENT.unseen_weight * trust, trust)
    return _with_bend(geometry, geometry.extent_mm, _REFINEMENT.fill_smooth, weight, step_mm)


def _with_bend(
    geometry: PageGeometry, extent_mm: Extent, smooth: float, trust: np.ndarray | None, step_mm: float = STEP_MM
) -> PageGeometry:
    """The same map with its bend smoothed, on the lattice of another extent if wanted (it then goes on straight)."""
    nodes = field_nodes(geometry.extent_mm, step_mm).reshape(-1, 2)
    weight = None if trust is None else trust.ravel()
    field = smooth_field(nodes, geometry.bend(nodes), extent_mm, smooth, weight, step_mm)
    return replace(geometry, bend_mm=field, extent_mm=extent_mm)


def _wider(geometry: PageGeometry, pixels: np.ndarray) -> PageGeometry:
    """The map carried on by some millimetres on every side beyond which the picture still shows something."""
    x0, y0, x1, y1 = geometry.extent_mm
    sides = np.array([[x0, (y0 + y1) / 2], [(x0 + x1) / 2, y0], [x1, (y0 + y1) / 2], [(x0 + x1) / 2, y1]])
    outward = np.array([[-1, 0], [0, -1], [1, 0], [0, 1]]) * _REFINEMENT.probe_mm
    # The bend does not go on outside the extent: a step inward, turned around, tells where 10 mm further out lies.
    beyond = 2 * geometry.to_px(sides) - geometry.to_px(sides - outward)
    seen = ((beyond > 0) & (beyond < np.array(pixels.shape[1::-1]))).all(1)
    if not seen.any():
        return geometry
    grown = np.array([x0, y0, x1, y1]) + np.array([-1, -1, 1, 1]) * _REFINEMENT.growth_mm * seen
    return _with_bend(geometry, (*grown.tolist(),), _REFINEMENT.growth_smooth, None)


def _seen_extent(before: Extent, wider: PageGeometry, trust: np.ndarray) -> PageGeometry:
    """The wider map, cut back on the sides where little was seen beyond the extent before."""
    nodes, seen = field_nodes(wider.extent_mm), trust > _REFINEMENT.min_grown_trust
    beyond = (
        nodes[..., 0] < before[0],
        nodes[..., 1] < before[1],
        nodes[..., 0] > before[2],
        nodes[..., 1] > before[3],
    )
    kept = tuple(
        new if side.any() and seen[side].mean() > _REFINEMENT.min_grown_share else old
        for old, new, side in zip(before, wider.extent_mm, beyond, strict=True)
    )
    return replace(wider, bend_mm=wider.bend(field_nodes(kept)), extent_mm=kept)  # type: ignore[arg-type]


def _shifted(geometry: PageGeometry, shift_mm: np.ndarray, nodes_mm: np.ndarray) -> PageGeometry:
    """The geometry whose paper point mm lies where the old one had mm + shift(mm); given at nodes [row, col, 2]."""
    moved = nodes_mm + shift_mm
    extent_mm = (*nodes_mm[0, 0].tolist(), *nodes_mm[-1, -1].tolist())
    return PageGeometry(geometry.homography, moved + geometry.bend(moved) - nodes_mm, extent_mm)
