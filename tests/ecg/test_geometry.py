"""`PageGeometry`: there and back on turned, tilted and crumpled paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg.geometry import PageGeometry

SIZE_MM = (280.0, 210.0)


@st.composite
def geometries(draw: st.DrawFn) -> PageGeometry:
    scale = draw(st.floats(3, 16))
    flat = PageGeometry.flat(
        scale, (draw(st.floats(-200, 400)), draw(st.floats(-200, 400))), draw(st.floats(-180, 180))
    )
    tilt = np.eye(3)
    tilt[2, :2] = draw(st.floats(-3e-4, 3e-4)) / scale, draw(st.floats(-3e-4, 3e-4)) / scale
    bend_mm = None
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(st.integers(0, 9999)))
        bend_mm = rng.uniform(-1, 1, (8, 10, 2)) * draw(st.floats(0, 3))
    return PageGeometry(flat.after(tilt).homography, bend_mm, (0.0, 0.0, *SIZE_MM))


@given(geometries(), st.integers(0, 9999))
def test_round_trip_stays_under_a_tenth_of_a_pixel(geometry: PageGeometry, seed: int) -> None:
    points_mm = np.random.default_rng(seed).uniform(-10, 290, (60, 2))
    px = geometry.to_px(points_mm)
    assert np.abs(geometry.to_px(geometry.to_mm(px)) - px).max() < 0.1


@given(geometries())
def test_saved_and_loaded_it_is_the_same_map(geometry: PageGeometry) -> None:
    again = PageGeometry.from_dict(geometry.to_dict())
    corners = np.array([[0, 0], SIZE_MM, [100, 50]])
    np.testing.assert_allclose(again.to_px(corners), geometry.to_px(corners), atol=1e-3)


def test_flat_paper() -> None:
    geometry = PageGeometry.flat(8.0, (100.0, 40.0), angle_deg=90.0)
    np.testing.assert_allclose(geometry.to_px(np.array([10.0, 0.0])), [100.0, 120.0], atol=1e-9)
    assert geometry.px_per_mm((50, 50)) == pytest.approx((8.0, 8.0))
    assert geometry.angle_deg((50, 50)) == pytest.approx(90.0)


def test_bend_moves_paper_in_mm() -> None:
    bend_mm = np.zeros((5, 5, 2))
    bend_mm[..., 1] = 1.5
    geometry = PageGeometry(PageGeometry.flat(10.0).homography, bend_mm, (0, 0, 100, 100))
    np.testing.assert_allclose(geometry.to_px(np.array([[20.0, 30.0]])), [[200.0, 315.0]], atol=1e-6)


def test_after_follows_a_change_of_the_picture() -> None:
    geometry, half = PageGeometry.flat(8.0, (30.0, 10.0), 3.0), np.diag([0.5, 0.5, 1.0])
    point = np.array([12.0, 34.0])
    np.testing.assert_allclose(geometry.after(half).to_px(point), geometry.to_px(point) / 2)


@pytest.mark.parametrize("matrix", [np.zeros((3, 3)), np.eye(2), np.full((3, 3), np.nan)])
def test_what_is_no_map_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="invertible 3x3"):
        PageGeometry(matrix)


def test_a_bend_needs_a_lattice() -> None:
    with pytest.raises(ValueError, match=r"\[row, column, 2\]"):
        PageGeometry(np.eye(3), np.zeros((1, 5, 2)))


def test_other_millimetres_are_the_same_places() -> None:
    bend = np.random.default_rng(0).normal(0, 0.3, (5, 6, 2))
    geometry = PageGeometry(np.array([[6.0, 0.2, 30], [-0.1, 6.1, 20], [1e-5, 0, 1]]), bend, (0, 0, 100, 80), 0.1)
    mm = np.random.default_rng(1).uniform((5, 5), (95, 75), (20, 2))
    half = geometry.scaled(0.5)
    np.testing.assert_allclose(half.to_px(mm / 2), geometry.to_px(mm), atol=1e-6)
    assert half.extent_mm == (0, 0, 50, 40) and half.error_mm == 0.05
