"""Flattening: the paper lies where the geometry says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digitize.grid.rectify import flatten, shrunk
from digitize.nets.inputs import ROW_PX_PER_MM
from ecg.geometry import PageGeometry


def test_flattening_shows_the_paper_where_the_geometry_says() -> None:
    y, x = np.mgrid[:200, :240]
    pixels = np.stack([x, y, 0 * x], -1).astype(np.uint8)  # every pixel tells where it is
    bend = np.random.default_rng(6).normal(0, 0.5, (4, 5, 2))
    geometry = PageGeometry(np.array([[4.0, 0.5, 20], [-0.4, 4.2, 25], [0.0005, 0.0002, 1]]), bend, (0, 0, 40, 35))
    window = (3.0, 4.0, 35.0, 30.0)
    flat = flatten(pixels, geometry, window, 5.0)
    assert flat.shape == (130, 160, 3)
    cols, rows = np.meshgrid(np.arange(160), np.arange(130))
    wanted = geometry.to_px(np.stack([cols + 0.5, rows + 0.5], -1) / 5.0 + window[:2])
    assert np.abs(flat[..., :2] - wanted).max() < 0.6  # half of it is rounding


def test_a_fine_page_is_averaged_down_with_its_geometry() -> None:
    y, x = np.mgrid[:1203, :1606]
    ramp = np.stack([x // 8, y // 8, 0 * x], -1).astype(np.uint8)
    geometry = PageGeometry.flat(25.0, (40.0, 30.0), 3.0)
    small, seen_by = shrunk(ramp, replace(geometry, extent_mm=(0.0, 0.0, 60.0, 40.0)), ROW_PX_PER_MM)
    assert small.shape == (601, 803, 3)
    mm = np.random.default_rng(0).uniform([5, 5], [50, 35], (50, 2))
    px = np.rint(seen_by.to_px(mm)).astype(int)
    np.testing.assert_allclose(small[px[:, 1], px[:, 0], :2] * 8.0 + 3.5, geometry.to_px(mm), atol=6)
    coarse = replace(PageGeometry.flat(8.0), extent_mm=(0.0, 0.0, 60.0, 40.0))
    assert shrunk(ramp, coarse, ROW_PX_PER_MM) == (ramp, coarse)
