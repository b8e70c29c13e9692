"""The bend of a sheet: through planes, past outliers, by trust."""

from __future__ import annotations

import numpy as np
from gridded_page import EXTENT_MM

from digitize.grid.smooth_field import field_shape, smooth_field


def test_a_field_goes_through_a_plane_and_past_outliers() -> None:
    rng = np.random.default_rng(5)
    mm = rng.uniform([0, 0], [260, 180], (600, 2))
    plane = np.stack([0.3 + 0.002 * mm[:, 0], -0.2 + 0.001 * mm[:, 1]], -1)
    values = plane + rng.normal(0, 0.02, plane.shape)
    values[:30] += 6.0
    field = smooth_field(mm, values, EXTENT_MM, smooth=3.0)
    assert field.shape == (*field_shape(EXTENT_MM), 2)
    x, y = np.meshgrid(np.linspace(0, 260, field.shape[1]), np.linspace(0, 180, field.shape[0]))
    np.testing.assert_allclose(field, np.stack([0.3 + 0.002 * x, -0.2 + 0.001 * y], -1), atol=0.03)


def test_values_without_trust_do_not_count() -> None:
    x, y = np.meshgrid(np.linspace(0, 260, 12), np.linspace(0, 180, 9))
    mm = np.stack([x, y], -1).reshape(-1, 2)
    trust = (mm[:, 0] < 130).astype(float)
    values = np.where(trust[:, None] > 0, 0.5, -3.0) * np.ones(2)
    np.testing.assert_allclose(smooth_field(mm, values, EXTENT_MM, 1.0, trust), 0.5, atol=0.01)
