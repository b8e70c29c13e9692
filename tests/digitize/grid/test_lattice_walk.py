"""Crossings counted through gaps, clutter and folds."""

from __future__ import annotations

import numpy as np
import pytest
from gridded_page import crossings, glow
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import SIZE_PX

from digitize.grid.lattice import astray, see_lattice
from digitize.grid.lattice_walk import count_lattice
from simulate.capture.camera import View


@settings(max_examples=20)
@given(
    angle_deg=st.floats(-22, 22),
    tilt_deg=st.floats(0, 28),
    tilt_axis_deg=st.floats(0, 360),
    bend_mm=st.floats(0, 3),
    seed=st.integers(0, 999),
)
@pytest.mark.slow
def test_a_lattice_is_counted_through_gaps_clutter_and_jitter(
    angle_deg: float, tilt_deg: float, tilt_axis_deg: float, bend_mm: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    px, steps = crossings(View(angle_deg, tilt_deg, tilt_axis_deg, 2.5, bend_mm), rng)
    kept = rng.random(len(px)) > 0.2
    hole = np.hypot(*(px - rng.uniform(0.2, 0.8, 2) * SIZE_PX).T) < 35
    real = px[kept & ~hole] + rng.normal(0, 0.25, (len(px), 2))[kept & ~hole]
    clutter = rng.uniform(0, 1, (len(px) // 12, 2)) * SIZE_PX
    lattice = count_lattice(np.concatenate([real, clutter]))
    assert lattice is not None
    distance = np.hypot(*(lattice.px[:, None] - real).transpose(2, 0, 1))
    nearest, is_real = distance.argmin(1), distance.min(1) < 1e-9
    assert is_real.sum() > 0.9 * len(real)
    offset = lattice.steps[is_real] - steps[kept & ~hole][nearest[is_real]]
    wrong = (offset != np.median(offset, 0)).any(1)
    assert wrong.mean() < 0.01


def test_nothing_that_is_no_lattice_is_counted() -> None:
    rng = np.random.default_rng(0)
    assert count_lattice(np.zeros((0, 2))) is None
    assert count_lattice(rng.uniform(0, 300, (11, 2))) is None
    assert count_lattice(np.stack([np.arange(50.0) * 7, np.full(50, 80.0)], -1)) is None  # one line
    scattered = [count_lattice(rng.uniform(0, 1, (400, 2)) * SIZE_PX) for _ in range(5)]
    assert all(found is None or len(found.px) < 40 for found in scattered)


def test_the_count_goes_on_behind_a_fold_that_hides_a_row_of_crossings() -> None:
    px, steps = crossings(View(3.0, 10.0, 40.0, 2.0, 2.0), np.random.default_rng(2))
    column = steps[:, 0]
    fold = int(np.quantile(column, 0.6))
    lattice = see_lattice(glow(px[column != fold], 0.8))
    assert lattice is not None
    assert len(lattice.px) > 0.95 * (column != fold).sum()
    assert astray(lattice) < 0.01
