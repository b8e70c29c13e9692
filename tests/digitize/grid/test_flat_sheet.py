"""Flat paper is found as such, whatever was counted on it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from gridded_page import error_mm, glow, page_of
from oracle import SIZE_PX

from digitize.grid.flat_sheet import flat_sheet
from digitize.grid.geometry_candidates import GridGeometries
from digitize.grid.page_view import PageView
from digitize.nets.inputs import fit_matrix
from ecg.geometry import PageGeometry, project

PX_PER_MM = 5.2
SHEET = PageGeometry.flat(PX_PER_MM, (30.0, 60.0), -2.0)
SIZE = (1400, 1000)


def dense_page() -> np.ndarray:
    """A scan turned by two degrees whose lines, 1 mm apart, are nearly all alike, with pale creases across them."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    mm = SHEET.to_mm(np.stack([x, y], axis=-1).astype(float))
    dark = np.zeros(mm.shape[:2])
    for axis in (0, 1):
        off = np.abs(mm[..., axis] - np.round(mm[..., axis]))
        is_thick = np.round(mm[..., axis]) % 5 == 0
        dark = np.maximum(dark, np.clip(1.4 - off * PX_PER_MM, 0, 1) * np.where(is_thick, 1.0, 0.8))
    grey = 190 - 90 * dark
    for at in range(-400, 1400, 300):
        grey += 50 * np.exp(-(((x + 0.4 * y - at) / 12.0) ** 2))
    noise = np.random.default_rng(4).normal(0, 6, grey.shape)
    return np.clip(np.repeat((grey + noise)[..., None], 3, axis=2), 0, 255).astype(np.uint8)


def seen_as(nodes_mm: np.ndarray) -> PageView:
    """What a page network sees that takes these places for crossings of 5 mm lines, with traces all over the paper."""
    matrix = fit_matrix(SIZE, SIZE_PX)
    px = np.round(project(matrix, SHEET.to_px(nodes_mm))).astype(int)
    px = px[((px > 1) & (px < np.array(SIZE_PX) - 2)).all(1)]
    seg = np.zeros((15, SIZE_PX[1], SIZE_PX[0]), np.float32)
    seg[1, 40:-40:8, 40:-40] = 1.0
    return PageView(matrix, seg, glow(px, 0.8), np.zeros(SIZE_PX[::-1], np.float32), 0.0)


def lattice(step_mm: float) -> np.ndarray:
    return step_mm * np.stack(np.meshgrid(np.arange(1, 50), np.arange(1, 34)), -1).reshape(-1, 2)


def slipped() -> np.ndarray:
    """Crossings that move over by a whole line on the way to the right, as where a walk took one for its neighbour."""
    nodes = lattice(5.0)
    return nodes - np.stack([5.0 * np.clip((nodes[:, 0] - 120) / 60, 0, 1), np.zeros(len(nodes))], axis=-1)


@pytest.mark.parametrize("nodes", [lattice(5.0), lattice(5.0 / 0.87), slipped()], ids=["right", "too wide", "slipped"])
@pytest.mark.slow
def test_a_flat_page_has_one_scale_however_its_crossings_were_seen(nodes: np.ndarray) -> None:
    found = GridGeometries(dense_page(), seen_as(nodes)).clearest()
    corners = np.array([[20.0, 20.0], [230.0, 20.0], [20.0, 150.0], [230.0, 150.0]])
    seen = found.to_mm(SHEET.to_px(corners))
    np.testing.assert_allclose(seen - seen[0], corners - corners[0], atol=0.15)


@pytest.mark.slow
def test_bent_paper_is_not_taken_for_flat() -> None:
    _, page, oracle = page_of("full", "photo", 15, 1600)
    bent = oracle.truth.geometry
    assert bent.bend_mm is not None
    plane = replace(bent, bend_mm=None, extent_mm=oracle.truth.layout.extent_mm)
    assert flat_sheet(page.pixels, plane) is None
    assert flat_sheet(page.pixels, bent) is None  # with its bend all lines are in step, but it is no plane


def test_a_plane_that_is_nearly_right_comes_to_lie_on_the_lines() -> None:
    _, page, oracle = page_of("full", "scan", 16, 1600)
    true = replace(oracle.truth.geometry, bend_mm=None, extent_mm=oracle.truth.layout.extent_mm)
    found = flat_sheet(page.pixels, replace(true.scaled(1.004), extent_mm=true.extent_mm))
    assert found is not None
    assert error_mm(found, oracle).max() < 0.2


def test_paper_without_lines_is_no_sheet() -> None:
    noise = np.random.default_rng(5).integers(150, 250, (600, 900, 3), np.uint8)
    assert flat_sheet(cv2.GaussianBlur(noise, (0, 0), 1.0), replace(SHEET, extent_mm=(0.0, 0.0, 150.0, 90.0))) is None
