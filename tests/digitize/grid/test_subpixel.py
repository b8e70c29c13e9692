"""Where a maximum lies between the places at which it was measured."""

from __future__ import annotations

import numpy as np
import pytest

from digitize.grid.subpixel import summits, vertex


@pytest.mark.parametrize("top", [-0.4, 0.0, 0.27])
def test_the_top_of_a_parabola_is_found_exactly(top: float) -> None:
    before, at, after = (5.0 - 3.0 * (x - top) ** 2 for x in (-1, 0, 1))
    assert vertex(before, at, after) == pytest.approx(top)


def test_where_there_is_no_top_the_middle_or_the_limit_is_taken() -> None:
    assert vertex(1.0, 1.0, 1.0) == 0.0
    assert vertex(0.0, 1.0, 3.0) == 0.5


def test_summits_lie_between_the_samples_and_never_on_the_rim() -> None:
    y, x = np.mgrid[0:9, 0:12]
    heat = -((x - 4.3) ** 2) - (y - 5.2) ** 2
    marked = np.zeros(heat.shape, bool)
    marked[5, 4] = marked[0, 3] = marked[4, 11] = True
    row, col, at = summits(heat, marked)
    assert (row.tolist(), col.tolist()) == ([5], [4])
    np.testing.assert_allclose(at, [[4.3, 5.2]])
