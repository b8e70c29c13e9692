"""The geometry that the phase of the lines gives: to a tenth of a millimetre."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from gridded_page import KINDS, error_mm, page_of, rounded_grid
from oracle import SIZE_PX

from digitize.grid.geometry_candidates import GridGeometries
from digitize.grid.lattice import fit_geometry
from digitize.grid.lattice_walk import Lattice
from digitize.grid.phase_refinement import _shifted, refine
from digitize.grid.smooth_field import field_nodes, field_shape
from digitize.nets.inputs import fit_matrix
from ecg.geometry import PageGeometry

pytestmark = pytest.mark.slow

PRESETS = (("scan", 12), ("photo", 13))
QUICK = (("scan", "dots"), ("scan", "1mm"), ("photo", "full"), ("photo", "dotted lines"))  # the others are long


@pytest.mark.parametrize(
    ("preset", "seed", "kind"),
    [
        ("clean", 11, "full"),
        *(pytest.param(p, s, k, marks=() if (p, k) in QUICK else pytest.mark.long) for p, s in PRESETS for k in KINDS),
    ],
)
def test_a_seen_page_is_measured_to_a_tenth_of_a_millimetre(preset: str, seed: int, kind: str) -> None:
    long_side_px = 1800 if kind == "1mm" else 1200  # lines of 1 mm on curled paper drown below 4 px/mm
    _, page, oracle = page_of(kind, preset, seed, long_side_px)
    view = oracle.look(None, page.pixels, fit_matrix(page.size_px, SIZE_PX))
    error = error_mm(GridGeometries(page.pixels, view).clearest(), oracle)
    assert np.median(error) < 0.1
    assert np.percentile(error, 95) < 0.35


@pytest.mark.parametrize("kind", KINDS)
def test_the_lines_pull_a_map_that_is_a_little_off_into_place(kind: str) -> None:
    found, page, oracle = page_of(kind, "scan", 14)
    extent = found.layout.extent_mm
    rows, cols = field_shape(extent)
    rng = np.random.default_rng(0)
    bend = cv2.resize(rng.normal(0, 0.1, (4, 5, 2)), (cols, rows), interpolation=cv2.INTER_CUBIC)
    astray = _shifted(oracle.truth.geometry, bend + np.array([0.16, -0.2]), field_nodes(extent))
    before = np.median(error_mm(astray, oracle))
    refined = refine(page.pixels, astray)
    after = np.median(error_mm(refined, oracle))
    assert before > 0.2 and after < 0.07
    assert 0 < refined.error_mm < 0.2


@pytest.mark.parametrize("jitter_mm", [0.25, 0.4])
def test_a_flat_sheet_of_which_a_corner_was_counted_stays_flat(jitter_mm: float) -> None:
    _, page, oracle = page_of("full", "clean", 17, 1800)
    true = oracle.truth.geometry
    steps = np.stack(np.meshgrid(np.arange(7), np.arange(6)), -1).reshape(-1, 2)
    corner_mm = 5.0 * (np.floor(np.array(oracle.truth.layout.extent_mm[2:]) / 5) - (8, 6) + steps)
    seen_mm = corner_mm + np.random.default_rng(0).normal(0, jitter_mm, corner_mm.shape)
    found = refine(page.pixels, fit_geometry(Lattice(true.to_px(seen_mm), steps)))
    assert found.bend_mm is None
    assert error_mm(found, oracle).max() < 0.05


def test_a_page_without_lines_leaves_the_map_where_it_is() -> None:
    geometry = PageGeometry.flat(4.0, (10, 10))
    for pixels in (np.full((700, 1000, 3), 250, np.uint8), np.random.default_rng(0).integers(0, 255, (700, 1000, 3))):
        refined = refine(pixels.astype(np.uint8), replace(geometry, extent_mm=(0.0, 0.0, 240.0, 170.0)))
        mm = np.random.default_rng(1).uniform([5, 5], [235, 165], (50, 2))
        assert np.abs(refined.to_px(mm) - geometry.to_px(mm)).max() < 0.4 * 4.0


def test_lines_that_were_rounded_to_dots_and_then_curled_are_not_followed_dot_by_dot() -> None:
    px_per_mm = 7.7519
    flat = rounded_grid(px_per_mm)
    width, rise_px = flat.shape[1], 2.0 * px_per_mm
    y, x = np.mgrid[0 : flat.shape[0] + 20, 0:width].astype(np.float32)
    along = x + 0.3 * rise_px * np.sin(2 * np.pi * x / (width - 1))
    down = y - rise_px * np.sin(np.pi * x / (width - 1))
    curled = cv2.remap(flat, along, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    start = replace(PageGeometry.flat(px_per_mm, (-0.5, 0.6 * rise_px)), extent_mm=(10.0, 10.0, 235.0, 105.0))
    found = refine(curled, start)
    at = np.stack(np.meshgrid(np.arange(200, width - 200, 40), np.arange(200, 750, 40)), axis=-1)
    true_mm = np.stack([along[at[..., 1], at[..., 0]], down[at[..., 1], at[..., 0]]], axis=-1) / px_per_mm
    error_mm = (found.to_mm(at.reshape(-1, 2).astype(float)) - true_mm.reshape(-1, 2)).reshape(at.shape)
    assert error_mm.std((0, 1)).max() < 0.03
