"""How targets are drawn: what stops at gaps and what does not."""

from __future__ import annotations

import numpy as np

from digitize.training.target_drawing import column_heights


def test_heights_stop_at_gaps() -> None:
    curve = np.array([[0, 1], [2, 3], [4, 5], [5, np.nan], [6, 7], [8, 9.0]])
    found = column_heights(curve, np.array([-1, 0, 1, 4, 5, 6, 7.5, 9]))
    np.testing.assert_allclose(found, [np.nan, 1, 2, 5, np.nan, 7, 8.5, np.nan])
