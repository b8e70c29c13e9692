"""Pulses measured in the picture itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plain_page import plain, view_of

from digitize.grid.deskew import level
from digitize.layout.calibration_pulse import find_pulse


@pytest.mark.parametrize(
    ("preset", "seed", "mm_per_mv"), [("clean", 1, 10.0), ("scan", 2, 10.0), ("clean", 4, 5.0), ("scan", 5, 20.0)]
)
def test_pulses_are_measured_to_parts_of_a_px(preset: str, seed: int, mm_per_mv: float) -> None:
    page, truth = plain(seed, preset, mm_per_mv=mm_per_mv)
    view = view_of(page, truth)
    matrix = level(view)
    assert matrix is not None
    pulse = find_pulse(page.pixels, view, matrix)
    assert pulse is not None and pulse.count >= 2
    x0, y0, _, y1 = truth.layout.extent_mm
    across, down = truth.geometry.after(matrix).px_per_mm((x0, (y0 + y1) / 2))
    np.testing.assert_allclose([pulse.width_px, pulse.height_px], [5 * across, mm_per_mv * down], rtol=0.03)
    assert pulse.shape == mm_per_mv / 5


def test_without_pulses_none_is_measured() -> None:
    page, truth = plain(1, pulse="none")
    view = view_of(page, truth)
    matrix = level(view)
    assert matrix is not None and find_pulse(page.pixels, view, matrix) is None
    noise = replace(view, seg=np.random.default_rng(0).random(view.seg.shape).astype(np.float32))
    assert find_pulse(np.full_like(page.pixels, 255), noise, matrix) is None
