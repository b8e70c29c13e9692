"""The grid of a drawn page: straight lines at even steps, and how many millimetres a step is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecg.geometry import PageGeometry
from ecg.page import Stroke


@dataclass(frozen=True)
class GridThresholds:
    """What makes a grid of drawn lines; set on PDFs of several programs."""

    min_length_mm: float = 20.0  # of a line of the grid
    max_width_mm: float = 0.15  # of a line
    min_apart_mm: float = 0.3  # two lines nearer than this are one
    min_lines: int = 8  # that make a grid
    min_even: float = 0.8  # share of the lines that stand at even steps
    max_stretch: float = 1.25  # by which a grid may be longer one way


_GRID = GridThresholds()


@dataclass(frozen=True)
class Ruling:
    """Even lines along one axis: the first stands at `origin_px`, and a millimetre is `px_per_mm`."""

    origin_px: float
    px_per_mm: float


def find_grid(strokes: Sequence[Stroke], usual_px_per_mm: float) -> PageGeometry | None:
    """Paper mm from the grid's upright and level lines; None where there are none at even steps.

    `usual_px_per_mm` is what paper at its own size would have: it only tells a grid of 1 mm from one of 5 mm.
    """
    across, down = (_ruling(strokes, axis, usual_px_per_mm) for axis in (0, 1))
    if (
        across is None
        or down is None
        or not 1 / _GRID.max_stretch < across.px_per_mm / down.px_per_mm < _GRID.max_stretch
    ):
        return None
    return PageGeometry(
        np.array([[across.px_per_mm, 0, across.origin_px], [0, down.px_per_mm, down.origin_px], [0, 0, 1.0]])
    )


def _ruling(strokes: Sequence[Stroke], axis: int, usual_px_per_mm: float) -> Ruling | None:
    by_style: dict[tuple[float, int, int, int], list[float]] = {}
    for stroke in strokes:
        low, high = stroke.points_px.min(0), stroke.points_px.max(0)
        size = (high - low) / usual_px_per_mm
        if size[axis] < _GRID.max_width_mm and size[1 - axis] > _GRID.min_length_mm:
            by_style.setdefault(stroke.style, []).append(float((low + high)[axis] / 2))
    apart = _GRID.min_apart_mm * usual_px_per_mm
    every = _even_steps([place for places in by_style.values() for place in places], apart)
    if every is None:
        return None
    origin, step = every
    coarser = [found[1] for places in by_style.values() if (found := _even_steps(places, apart))]
    has_both = any(abs(other / step - 5) < 0.1 for other in coarser)
    is_fine = has_both or abs(np.log(step / usual_px_per_mm)) < abs(np.log(step / usual_px_per_mm / 5))
    return Ruling(origin, step if is_fine else step / 5)


def _even_steps(places: Sequence[float], apart: float) -> tuple[float, float] | None:
    """(first place, step) of the lines, by least squares over those that keep step; None when too few do."""
    if len(places) < _GRID.min_lines:
        return None
    lines = np.sort(np.array(places))
    lines = lines[np.diff(lines, prepend=-np.inf) > apart]
    if len(lines) < _GRID.min_lines:
        return None
    step = float(np.median(np.diff(lines)))
    origin = float(np.median((lines - lines[0] + step / 2) % step - step / 2)) + lines[0]
    for _ in range(3):  # the step is known better with every line that is counted
        count = np.round((lines - origin) / step)
        even = np.abs(lines - origin - count * step) < 0.1 * step
        if even.mean() < _GRID.min_even:
            return None
        step, origin = np.polyfit(count[even], lines[even], 1)
    return float(origin), float(step)
