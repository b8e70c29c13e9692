"""A curve that was followed along its neighbour's is hidden there; curves that cross or touch are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from row_strip import strip

from digitize.stages import RowReading
from digitize.trace.strayed import without_strays


def rows(upper_mm: np.ndarray, lower_mm: np.ndarray) -> list[RowReading]:
    both = (strip(30.0, [], end_mm=90.0), strip(45.0, [], end_mm=90.0))
    return [replace(row, y_mm=y) for row, y in zip(both, (upper_mm, lower_mm), strict=True)]


X_MM = strip(30.0, []).x_mm
LOWER = 45 + np.sin(X_MM / 3)


def test_the_row_that_jumps_is_hidden_where_it_runs_along_the_other() -> None:
    away = (X_MM > 40) & (X_MM < 55)
    seen = rows(np.where(away, LOWER, 30.0), LOWER)
    upper, lower = without_strays(seen)
    assert np.array_equal(upper.presence == 0, away | (seen[0].presence == 0))
    assert lower is seen[1]


@pytest.mark.parametrize(
    "upper_mm",
    [
        45 + np.abs(X_MM - 50) / 3,  # touches slowly
        np.where(np.abs(X_MM - 50) < 1, LOWER, 30.0),  # a beat that reaches over
        np.full(len(X_MM), 30.0),
    ],
)
def test_curves_that_touch_or_cross_are_left(upper_mm: np.ndarray) -> None:
    seen = rows(upper_mm, LOWER)
    assert all(a is b for a, b in zip(without_strays(seen), seen, strict=True))
