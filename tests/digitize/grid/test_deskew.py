"""Rows that run level without a grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plain_page import plain, view_of

from digitize.grid.deskew import level, row_heights_px


@pytest.mark.parametrize(("preset", "seed"), [("clean", 1), ("scan", 2), ("scan", 3)])
def test_zero_lines_level_the_page(preset: str, seed: int) -> None:
    page, truth = plain(seed, preset)
    view = view_of(page, truth)
    matrix = level(view)
    assert matrix is not None
    seen = truth.geometry.after(matrix)
    x0, y0, x1, y1 = truth.layout.extent_mm
    assert abs(seen.angle_deg(((x0 + x1) / 2, (y0 + y1) / 2))) < 0.3
    lines = [seen.to_px(np.array([(x0 + x1) / 2, row[0].baseline_mm]))[1] for row in truth.layout.rows()]
    np.testing.assert_allclose(row_heights_px(view, matrix), lines, atol=1.5)


def test_a_blank_page_has_no_level() -> None:
    page, truth = plain(1)
    view = view_of(page, truth)
    assert level(replace(view, baseline=np.zeros_like(view.baseline))) is None
