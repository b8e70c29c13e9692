"""How long the sides of a rectangle of grid are is told by its lines, whatever kind they are of."""

from __future__ import annotations

import numpy as np
import pytest

from digitize.grid.side_lengths import side_lengths

PX_PER_MM = 6.0


def gridded(across_mm: float, down_mm: float, steps_mm: tuple[float, ...], *, dots: bool = False) -> np.ndarray:
    """A rectangle seen from above, with lines so far apart, or dots where they cross."""
    mm = [np.arange(round(side * PX_PER_MM)) / PX_PER_MM for side in (down_mm, across_mm)]
    picture = np.full((len(mm[0]), len(mm[1])), 250, np.uint8)
    for step_mm in steps_mm:
        on = [np.abs(at - step_mm * np.round(at / step_mm)) < 0.13 for at in mm]
        is_ink = np.logical_and.outer(*on) if dots else np.logical_or.outer(*on)
        picture[is_ink] -= 60
    return np.repeat(picture[..., None], 3, axis=-1)


@pytest.mark.parametrize("steps_mm", [(1.0, 5.0), (5.0,), (1.0,)])
@pytest.mark.parametrize("size_mm", [(250.0, 160.0), (180.0, 240.0), (130.0, 65.0)])
def test_lines_tell_the_lengths(size_mm: tuple[float, float], steps_mm: tuple[float, ...]) -> None:
    best = side_lengths(gridded(*size_mm, steps_mm))[0]
    assert (best.across_mm, best.down_mm) == pytest.approx(size_mm, rel=0.01)


def test_dots_tell_the_lengths() -> None:
    best = side_lengths(gridded(250.0, 160.0, (1.0,), dots=True))[0]
    assert (best.across_mm, best.down_mm) == pytest.approx((250.0, 160.0), rel=0.01)


def test_lines_that_may_be_1_or_5_mm_apart_leave_two_scales() -> None:
    """In a short rectangle both lengths are those of a page."""
    best, *others = side_lengths(gridded(100.0, 70.0, (1.0,)))
    rival = next(other for other in others if other.is_other_scale(best))
    assert rival.strength > 0.65 * best.strength
    assert {round(best.across_mm), round(rival.across_mm)} == {100, 500}


def test_without_lines_nothing_stands_out() -> None:
    noise = np.random.default_rng(0).normal(245, 4, (900, 1500, 1)).clip(0, 255).astype(np.uint8)
    assert max((found.strength for found in side_lengths(np.repeat(noise, 3, axis=-1))), default=0.0) < 3
