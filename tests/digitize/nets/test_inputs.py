"""What the networks take: the fitted picture, the columns of a row and its channel of heights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracle import SIZE_PX

from digitize.nets.inputs import (
    ROW_HEIGHT_PX,
    ROW_PX_PER_MM,
    column_centres_px,
    fit_image,
    fit_matrix,
    with_height,
)
from ecg.geometry import project


@pytest.mark.parametrize("size_px", [(1700, 1300), (1301, 2003), (640, 480), (300, 420), (2600, 700), (1023, 1025)])
def test_the_matrix_says_where_everything_in_the_fitted_picture_is(size_px: tuple[int, int]) -> None:
    matrix = fit_matrix(size_px, SIZE_PX)
    scale = np.sqrt(np.linalg.det(matrix[:2, :2]))
    for share in ((0.5, 0.5), (0.2, 0.3), (0.8, 0.75), (0.15, 0.8)):
        point = np.array(share) * size_px
        across, down = np.meshgrid(np.arange(size_px[0]) - point[0], np.arange(size_px[1]) - point[1])
        dot = 200 * np.exp(-(across**2 + down**2) / (2 * (2 / scale) ** 2))
        seen = fit_image(np.repeat(dot[..., None].round().astype(np.uint8), 3, axis=2), matrix, SIZE_PX)[..., 0]
        wanted = project(matrix, point)
        x, y = np.meshgrid(np.arange(SIZE_PX[0]), np.arange(SIZE_PX[1]))
        weight = seen * (np.hypot(x - wanted[0], y - wanted[1]) < 6.0)
        found = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        assert np.abs(found - wanted).max() < 0.1  # the network's px


@pytest.mark.parametrize("size_px", [(900, 1200), (1200, 900), (1000, 1000)])
def test_a_portrait_is_turned_clockwise_and_fills_the_frame(size_px: tuple[int, int]) -> None:
    matrix = fit_matrix(size_px, SIZE_PX)
    width, height = size_px
    low_left = project(matrix, np.array([-0.5, height - 0.5]))
    if height > width:  # the lower left corner becomes the upper left one
        assert low_left[0] < SIZE_PX[0] / 2 and low_left[1] < SIZE_PX[1] / 2
    else:
        assert low_left[0] < SIZE_PX[0] / 2 and low_left[1] > SIZE_PX[1] / 2
    corners = project(matrix, np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]]))
    np.testing.assert_allclose(corners.mean(0), np.array(SIZE_PX) / 2 - 0.5)
    sides = np.abs(np.diff(corners, axis=0))[0]
    assert np.isclose(sides, SIZE_PX).any() and (sides <= np.array(SIZE_PX) + 1e-9).all()


def test_columns_stand_at_a_quarter_and_three_quarters_of_a_pixel() -> None:
    np.testing.assert_allclose(column_centres_px(3), [-0.25, 0.25, 0.75, 1.25, 1.75, 2.25])


def test_the_fourth_channel_is_the_height_below_the_zero_line() -> None:
    with_it = with_height(torch.zeros(3, ROW_HEIGHT_PX, 5))
    assert with_it.shape == (4, ROW_HEIGHT_PX, 5)
    height = (with_it[3, :, 2] - 0.5) * 40  # mm
    centres_mm = (torch.arange(ROW_HEIGHT_PX) + 0.5) / ROW_PX_PER_MM - ROW_HEIGHT_PX / ROW_PX_PER_MM / 2
    torch.testing.assert_close(height, centres_mm, atol=1e-4, rtol=0)
