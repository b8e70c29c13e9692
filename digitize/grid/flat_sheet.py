"""Flat paper: one plane on which the lines of the whole page are in step, whatever was counted before.

Followed from place to place a map can slip by a line or take another spacing for 5 mm, and fits there as well as
anywhere; on flat paper only one plane has the phase of all lines alike everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitize.grid.lattice import STEP_MM as LINES_MM
from digitize.grid.periodicity import PX_PER_MM, clipped_darkness
from digitize.grid.smooth_field import Extent, field_nodes
from ecg.geometry import PageGeometry


@dataclass(frozen=True)
class FlatThresholds:
    """When lines are in step on a plane; by what straight lines on flat and on bent simulated paper show."""

    tile_mm: float = 12.0  # between the places whose phases are compared
    blur_mm: float = 8.0  # of what belongs to a place
    border_mm: float = 6.0  # a place is so far inside
    spans: tuple[float, ...] = (0.008, 0.0016, 0.0004, 0.0001)  # shares of stretch and turn that are tried,
    trials: int = 33  # in so many steps each
    beside: float = 0.06  # how far beside the lines' frequency the noise is measured, as a share of it
    max_power: float = 20.0  # a place counts by the power of its lines beside the noise, up to this
    min_step: float = 0.95  # share of the places' weight that is in step on flat paper; on bent paper it is half,
    min_thick_step: float = 0.97  # but of lines 5 mm apart, which notice less, more
    seen_power: float = 4.0  # a place shows lines from this power on,
    seen_phase: float = 0.6  # whose phase (rad) is that of the plane
    seen_share: float = 0.3  # of a row or column of places, that belongs to the grid
    thick_power: float = 6.0  # lines 5 mm apart stand out from this power beside the noise on,
    thick_beside: float = 0.25  # which is measured so far beside their frequency, as a share of it


_FLAT = FlatThresholds()
_PERIODS_MM = (1.0, LINES_MM)  # of lines that may be in step: rather the finer ones, which tell more


@dataclass(frozen=True, eq=False)
class _Phases:
    """Unit phases [row, col] of the lines that run down a page, at `x_mm` [col] and `y_mm` [row], and their power."""

    unit: np.ndarray
    power: np.ndarray
    x_mm: np.ndarray
    y_mm: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        return np.sqrt(np.minimum(self.power, _FLAT.max_power))


def flat_sheet(pixels: np.ndarray, plane: PageGeometry) -> PageGeometry | None:
    """The plane near a given one on which the lines of the whole page are in step; None on paper that is not flat.

    `pixels` is the page, uint8 [row, col, RGB]; the given plane has to be right to 0.8 % of its scale, and of a map
    that is bent the nearest plane is taken.
    """
    starts = (_affine(plane), _perspective(plane))
    for period_mm in _PERIODS_MM:
        for start in starts:
            found, in_step = _in_step(pixels, start, period_mm)
            if in_step >= (_FLAT.min_thick_step if period_mm == LINES_MM else _FLAT.min_step):
                return _on_thick_lines(pixels, _grown(pixels, found, period_mm))
    return None


def _affine(plane: PageGeometry) -> PageGeometry:
    """The map without perspective that is nearest to a plane: a scan has none."""
    nodes = field_nodes(plane.extent_mm).reshape(-1, 2)
    found = np.linalg.lstsq(np.column_stack([nodes, np.ones(len(nodes))]), plane.to_px(nodes), rcond=None)[0]
    return PageGeometry(np.vstack([found.T, [0, 0, 1]]), None, plane.extent_mm)


def _perspective(plane: PageGeometry) -> PageGeometry:
    """The map of a flat sheet seen from anywhere that is nearest to a map."""
    if plane.bend_mm is None:
        return plane
    nodes = field_nodes(plane.extent_mm).reshape(-1, 2)
    return PageGeometry(cv2.findHomography(nodes, plane.to_px(nodes), 0)[0], None, plane.extent_mm)


def _in_step(pixels: np.ndarray, plane: PageGeometry, period_mm: float) -> tuple[PageGeometry, float]:
    """The plane stretched and turned until its lines are most in step, and the share of them that is, 0..1."""
    in_step = 0.0
    for span in _FLAT.spans:
        (ax, bx, cx, of_x), (ay, by, cy, of_y) = (
            _best_step(phases, span, period_mm) for phases in _both_ways(pixels, plane, plane.extent_mm, period_mm)
        )
        moved = np.array([[1 + bx, cx, ax], [cy, 1 + by, ay], [0.0, 0.0, 1.0]])
        plane, in_step = replace(plane, homography=plane.homography @ moved), min(of_x, of_y)
    return plane, in_step


def _both_ways(pixels: np.ndarray, plane: PageGeometry, extent_mm: Extent, period_mm: float) -> tuple[_Phases, _Phases]:
    """The phases of the lines that run down, and of those that run across with x and y exchanged."""
    dark = clipped_darkness(pixels, plane, extent_mm)
    x, y = (extent_mm[k] + (np.arange(dark.shape[1 - k]) + 0.5) / PX_PER_MM for k in (0, 1))
    return _phases(dark, x, y, period_mm), _phases(dark.T, y, x, period_mm)


def _phases(dark: np.ndarray, x_mm: np.ndarray, y_mm: np.ndarray, period_mm: float) -> _Phases:
    places_x, places_y = (np.arange(v[0] + _FLAT.border_mm, v[-1], _FLAT.tile_mm) for v in (x_mm, y_mm))
    near_x, near_y = (
        np.exp(-(((places[:, None] - v) / _FLAT.blur_mm) ** 2) / 2).astype(np.float32)
        for places, v in ((places_x, x_mm), (places_y, y_mm))
    )
    lines = near_y @ dark

    def at(frequency: float) -> np.ndarray:
        turns = (2 * np.pi * frequency / period_mm * x_mm).astype(np.float32)
        return np.asarray(lines @ (near_x * np.exp(-1j * turns)).T)

    found = at(1.0)
    noise = sum(np.abs(at(1 + d)) ** 2 for d in (-_FLAT.beside, _FLAT.beside)) / 2 + 1e-9
    return _Phases(found / (np.abs(found) + 1e-9), np.abs(found) ** 2 / noise, places_x, places_y)


def _best_step(phases: _Phases, span: float, period_mm: float) -> tuple[float, float, float, float]:
    """(a, b, c, share): a line that should be at x lies at x + a + b x + c y, mm, for that share of all weight."""
    shares = np.linspace(-span, span, _FLAT.trials)
    x0, y0 = phases.x_mm.mean(), phases.y_mm.mean()
    along, across = (
        np.exp(2j * np.pi / period_mm * shares[:, None] * (v - v.mean())) for v in (phases.x_mm, phases.y_mm)
    )
    weight = phases.weight
    total = across @ (weight * phases.unit) @ along.T  # [c, b]
    c, b = np.unravel_index(int(np.argmax(np.abs(total))), total.shape)
    shift = -float(np.angle(total[c, b])) / (2 * np.pi) * period_mm
    stretch, turn = float(shares[b]), float(shares[c])
    return shift - stretch * x0 - turn * y0, stretch, turn, float(np.abs(total[c, b]) / weight.sum())


def _grown(pixels: np.ndarray, plane: PageGeometry, period_mm: float) -> PageGeometry:
    """The plane with the extent of all paper on which its lines can be seen."""
    height, width = pixels.shape[:2]
    corners = plane.to_mm(np.array([[0, 0], [width, 0], [0, height], [width, height]]))
    picture = (*corners.min(0).tolist(), *corners.max(0).tolist())
    seen = [
        (p.power > _FLAT.seen_power) & (np.abs(np.angle(p.unit)) < _FLAT.seen_phase)
        for p in _both_ways(pixels, plane, picture, period_mm)
    ]
    grid = seen[0] & seen[1].T
    spans = []
    for axis, low in ((0, picture[0]), (1, picture[1])):
        share = grid.mean(axis)
        shown = np.flatnonzero(share >= _FLAT.seen_share * share.max(initial=0.0))
        spans.append((low + _FLAT.tile_mm * float(shown[0]), low + _FLAT.tile_mm * float(shown[-1] + 1)))
    (x0, x1), (y0, y1) = spans
    old = plane.extent_mm
    return replace(plane, extent_mm=(min(x0, old[0]), min(y0, old[1]), max(x1, old[2]), max(y1, old[3])))


def _on_thick_lines(pixels: np.ndarray, plane: PageGeometry) -> PageGeometry:
    """The plane moved by whole millimetres so that lines which stand out every 5 mm, if any, lie at multiples of 5."""
    dark = clipped_darkness(pixels, plane, plane.extent_mm)
    shift = []
    for axis, low in ((0, plane.extent_mm[0]), (1, plane.extent_mm[1])):
        profile = dark.mean(axis)
        at = low + (np.arange(len(profile)) + 0.5) / PX_PER_MM
        turns = np.exp(-2j * np.pi / LINES_MM * np.outer([1 - _FLAT.thick_beside, 1.0, 1 + _FLAT.thick_beside], at))
        below, thick, above = turns @ (profile - profile.mean())
        is_seen = np.abs(thick) ** 2 > _FLAT.thick_power * (np.abs(below) ** 2 + np.abs(above) ** 2) / 2
        shift.append(round(float(np.angle(thick)) / (2 * np.pi) * LINES_MM) if is_seen else 0)
    return plane.counted_from((shift[0], shift[1]))
