"""Lines that are followed along their whole length, over crumpled paper and flat sheets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gridded_page import rounded_grid

from digitize.grid.line_tracking import every_other, follow_lines, stretched
from digitize.grid.smooth_field import field_shape
from ecg.geometry import PageGeometry


def crumpled_grid(
    rng: np.random.Generator, wobble_mm: float = 0.25, grid_rgb: tuple[float, float, float] = (240.0, 130.0, 130.0)
) -> tuple[np.ndarray, PageGeometry]:
    """A grid of 5 mm lines with black ink across it on paper that wobbles every centimetre or two; 7 px/mm."""
    extent_mm = (0.0, 0.0, 120.0, 90.0)
    nodes = rng.normal(0, wobble_mm, (*field_shape(extent_mm, 12.0), 2))
    truth = replace(PageGeometry.flat(7.0, (10.0, 10.0)), bend_mm=nodes, extent_mm=extent_mm)
    x, y = np.meshgrid(np.arange(860), np.arange(650))
    mm = truth.to_mm(np.stack([x, y], -1).reshape(-1, 2).astype(float)).reshape(650, 860, 2)
    from_line = np.abs((mm + 2.5) % 5 - 2.5).min(-1)
    line = np.clip(1.2 - from_line / 0.12, 0, 1)[..., None]
    ink = np.clip(1.5 - np.abs(mm[..., 1] - 45 - 20 * np.sin(mm[..., 0])) / 0.3, 0, 1)[..., None]
    paper = np.array([250.0, 248, 240]) * (1 - line) + np.array(grid_rgb) * line
    pixels = paper * (1 - ink) + 40 * ink + rng.normal(0, 4, (650, 860, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8), truth


def paper_error_mm(found: PageGeometry, truth: PageGeometry, margin_mm: float = 6.0) -> np.ndarray:
    x0, y0, x1, y1 = truth.extent_mm
    x, y = np.meshgrid(np.linspace(x0 + margin_mm, x1 - margin_mm, 50), np.linspace(y0 + margin_mm, y1 - margin_mm, 40))
    mm = np.stack([x, y], -1).reshape(-1, 2)
    return np.hypot(*(found.to_mm(truth.to_px(mm)) - mm).T)


@pytest.mark.parametrize("grid_rgb", [(240.0, 130.0, 130.0), (40.0, 40.0, 40.0)])
@pytest.mark.slow
def test_lines_are_followed_over_crumpled_paper(grid_rgb: tuple[float, float, float]) -> None:
    pixels, truth = crumpled_grid(np.random.default_rng(4), grid_rgb=grid_rgb)
    flat = replace(truth, bend_mm=None)
    found = follow_lines(pixels, flat)
    assert found is not None
    assert np.median(paper_error_mm(flat, truth)) > 0.15
    assert np.median(paper_error_mm(found, truth)) < 0.04
    assert np.percentile(paper_error_mm(found, truth), 95) < 0.15


def test_lines_are_followed_to_where_the_map_was_far_off() -> None:
    pixels, truth = crumpled_grid(np.random.default_rng(5), 0.1)
    lifted = truth.bend_mm.copy()  # type: ignore[union-attr]
    lifted[-3:, -3:] += np.array([1.0, 2.0, 3.0])[:, None, None] * np.array([0.4, 0.9])  # a corner, by up to 3 mm
    start = replace(truth, bend_mm=lifted)
    found = follow_lines(pixels, start)
    assert found is not None
    assert paper_error_mm(start, truth).max() > 1.5
    assert np.percentile(paper_error_mm(found, truth), 97) < 0.2


@pytest.mark.parametrize("off", [(1.0004, 0.0, 0.03), (0.9995, 0.0006, -0.05), (1.0, 0.0, 0.0)])
def test_a_flat_sheet_is_measured_by_all_lines_together(off: tuple[float, float, float]) -> None:
    truth = replace(PageGeometry.flat(7.7519, (-0.5, -0.5)), extent_mm=(0.0, 0.0, 245.0, 115.0))
    scale, skew, shift = off
    wrong = np.array([[scale, skew, shift], [0.0, scale, -shift], [0.0, 0.0, 1.0]])
    start = replace(truth, homography=truth.homography @ wrong)
    found = stretched(rounded_grid(7.7519), start)
    across, down = found.px_per_mm((120.0, 60.0))
    assert abs(across / 7.7519 - 1) < 1e-4 and abs(down / 7.7519 - 1) < 3e-4
    corners = np.array([[0.0, 0.0], [245.0, 0.0], [0.0, 115.0], [245.0, 115.0]])
    error_mm = (found.to_px(corners) - truth.to_px(corners)) / 7.7519
    assert np.ptp(error_mm, axis=0).max() < 0.03  # the same everywhere; rounding down moves all lines by half a pixel


def test_a_sheet_without_lines_is_not_stretched() -> None:
    pixels = np.clip(np.random.default_rng(6).normal(240, 4, (650, 860, 3)), 0, 255).astype(np.uint8)
    flat = replace(PageGeometry.flat(7.0, (10.0, 10.0)), extent_mm=(0.0, 0.0, 120.0, 90.0))
    assert stretched(pixels, flat) is flat


def test_there_is_nothing_to_follow_on_paper_without_lines() -> None:
    pixels = np.clip(np.random.default_rng(6).normal(240, 4, (650, 860, 3)), 0, 255).astype(np.uint8)
    flat = replace(PageGeometry.flat(7.0, (10.0, 10.0)), extent_mm=(0.0, 0.0, 120.0, 90.0))
    assert follow_lines(pixels, flat) is None


@pytest.mark.parametrize("counted", [(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)])
def test_lines_that_were_counted_twice_as_finely_are_recounted(counted: tuple[float, float]) -> None:
    pixels, truth = crumpled_grid(np.random.default_rng(7), 0.1)
    scale = np.array(counted)
    shifted = np.array([5.0, 10.0])  # an odd and an even place
    finer = np.array([[1 / scale[0], 0, -shifted[0]], [0, 1 / scale[1], -shifted[1]], [0, 0, 1.0]])
    low, high = scale * shifted, scale * (np.array([120.0, 90.0]) + shifted)
    start = replace(truth, homography=truth.homography @ finer, bend_mm=None, extent_mm=(*low, *high))
    found = every_other(pixels, start)
    mm = np.array([[20.0, 15.0], [70.0, 40.0], [95.0, 75.0]])
    off = found.to_mm(truth.to_px(mm)) - mm
    assert np.abs(off - off.mean(0)).max() < 0.6  # one shift for all, by whole lines
    assert np.abs(off.mean(0) / 5 - np.round(off.mean(0) / 5)).max() < 0.1


def test_one_line_alone_does_not_tell_how_finely_it_was_counted() -> None:
    pixels, truth = crumpled_grid(np.random.default_rng(8), 0.1)
    narrow = replace(truth, bend_mm=None, extent_mm=(36.0, 6.0, 44.0, 84.0))
    assert every_other(pixels, narrow).extent_mm == narrow.extent_mm
