"""The grid's periodicity: the page's darkness without its ink, and how far a map's millimetres stand out of it."""

from __future__ import annotations

import cv2
import numpy as np

from digitize.grid.lattice import STEP_MM as LINES_MM
from digitize.grid.rectify import darkest, flatten
from digitize.grid.smooth_field import Extent
from ecg.geometry import PageGeometry

PX_PER_MM = 4.0  # of the flattened picture
CLEAR_PERIODICITY = 6.0  # by this factor lines of the whole sheet stand out of what is beside them; by chance by 2
_BESIDE = (-0.4, -0.3, 0.3, 0.4)  # of a harmonic, in waves per 5 mm


def clipped_darkness(pixels: np.ndarray, geometry: PageGeometry, extent_mm: Extent) -> np.ndarray:
    """How much darker than its surroundings each place is (>= 0), float32 [row, col]; ink cut to the grid's level."""
    flat = darkest(flatten(pixels, geometry, extent_mm, PX_PER_MM)).astype(np.float32)
    ground = cv2.GaussianBlur(flat, (0, 0), 2.5 * PX_PER_MM)
    dark = np.maximum(ground - flat, 0)
    return np.minimum(dark, max(4.0, float(np.percentile(dark, 80))))


def is_periodic(pixels: np.ndarray, geometry: PageGeometry) -> bool:
    """Whether the whole sheet is periodic in the map's millimetres."""
    return periodicity(pixels, geometry) > CLEAR_PERIODICITY


def periodicity(pixels: np.ndarray, geometry: PageGeometry) -> float:
    """How far lines 5 mm or 1 mm apart stand out of the whole sheet, along the axis where they do so less.

    A place can be moved onto the nearest line whatever the scale; only with the right one do all places agree.
    """
    return min(clarity_both_ways(pixels, geometry, geometry.extent_mm))


def clarity_both_ways(pixels: np.ndarray, geometry: PageGeometry, window_mm: Extent) -> tuple[float, float]:
    """How far lines 5 mm or 1 mm apart stand out of a window, those that run down and those that run across."""
    across, down = _both_axes(pixels, geometry, window_mm)
    return max(across[:2]), max(down[:2])


def shows_both_lines(pixels: np.ndarray, geometry: PageGeometry) -> bool:
    """Whether lines 5 mm and 1 mm apart stand out of the whole sheet both ways: by chance no other scale shows both."""
    axes = _both_axes(pixels, geometry, geometry.extent_mm)
    return min(min(thick, fine) for thick, fine, _ in axes) > CLEAR_PERIODICITY


def line_strength(pixels: np.ndarray, geometry: PageGeometry, window_mm: Extent) -> float:
    """The same in a window, of lines 5 mm and 1 mm apart together: with the right scale a usual grid shows both.

    Lines further apart count against it: then those of 5 mm are but a harmonic of theirs.
    """
    return min(thick + fine - wide for thick, fine, wide in _both_axes(pixels, geometry, window_mm))


def _both_axes(
    pixels: np.ndarray, geometry: PageGeometry, window_mm: Extent
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    x0, y0, _, _ = window_mm
    dark = clipped_darkness(pixels, geometry, window_mm)
    return _axis_periodicity(dark.mean(0), x0), _axis_periodicity(dark.mean(1), y0)


def _axis_periodicity(profile: np.ndarray, start_mm: float) -> tuple[float, float, float]:
    """How far lines 5 mm, 1 mm and 10 to 25 mm apart stand out along one axis, from the mean darkness [place]."""
    at = (start_mm + (np.arange(len(profile)) + 0.5) / PX_PER_MM) / LINES_MM
    windowed = (profile - profile.mean()) * np.hanning(len(profile))

    def amplitude(waves: float) -> float:
        return float(np.abs(windowed @ np.exp(-2j * np.pi * waves * at)))

    beside = np.mean([amplitude(waves + d) for waves in range(1, 6) for d in _BESIDE])
    wide = max(amplitude(1 / multiple) for multiple in range(2, 6))
    thick, fine, wide = np.array([amplitude(1), amplitude(5), wide]) / (float(beside) + 1e-9)
    return float(thick), float(fine), float(wide)
