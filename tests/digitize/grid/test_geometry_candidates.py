"""Which geometry a view gives, and when it gives none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gridded_page import glow, page_of
from oracle import SIZE_PX, Oracle

from digitize.errors import NotAnEcg
from digitize.grid.geometry_candidates import GridGeometries
from digitize.grid.lattice import fit_geometry
from digitize.grid.lattice_walk import Lattice
from digitize.nets.inputs import fit_matrix
from ecg.geometry import PageGeometry, project
from ecg.page import Page


@pytest.mark.slow
def test_lines_1_mm_apart_give_the_scale_that_crossings_missed() -> None:
    """Where no 5 mm lines are, a network may still see crossings of some, nearly as far apart."""
    _, page, oracle = page_of("1mm", "scan", 18, 1400)
    view = oracle.look(None, page.pixels, fit_matrix(page.size_px, SIZE_PX))
    steps = np.stack(np.meshgrid(np.arange(2, 58), np.arange(2, 42)), -1).reshape(-1, 2)
    mm = 4.3 * steps + oracle.truth.layout.extent_mm[:2] - 10.0
    px = np.round(project(view.matrix, oracle.truth.geometry.to_px(mm))).astype(int)
    px = px[((px > 1) & (px < np.array(SIZE_PX) - 2)).all(1)]
    found = GridGeometries(page.pixels, replace(view, grid=glow(px, 0.8))).clearest()
    assert scale_error(found, oracle) < 0.003


def scale_error(found: PageGeometry, oracle: Oracle) -> float:
    """The share by which lengths across the traces and down them are wrong, the greater one."""
    x0, y0, x1, y1 = oracle.truth.layout.extent_mm
    corner, right, below = found.to_mm(oracle.truth.geometry.to_px(np.array([[x0, y0], [x1, y0], [x0, y1]])))
    lengths = np.hypot(*np.array([right - corner, below - corner]).T)
    return float(np.abs(lengths / np.array([x1 - x0, y1 - y0]) - 1).max())


@pytest.mark.parametrize("density", [0.0, 0.02, 0.3])
def test_a_picture_without_a_grid_is_refused_in_words(density: float) -> None:
    page = Page(np.full((900, 1200, 3), 200, np.uint8))
    oracle = Oracle(page_of("full", "clean", 15, 600)[2].truth)
    view = oracle.look(None, page.pixels, np.eye(3))
    noise = np.random.default_rng(0).random(view.grid.shape).astype(np.float32)
    with pytest.raises(NotAnEcg, match=r"no ECG grid was found \(\d+ crossings of 5 mm lines seen, 40 needed\)"):
        GridGeometries(page.pixels, replace(view, grid=noise * (noise < density))).clearest()


def test_crossings_that_hardly_agree_are_no_page() -> None:
    places = np.array([(col, row) for col in range(8) for row in range(8)])
    px = np.random.default_rng(9).uniform(0, 1000, (len(places), 2))
    with pytest.raises(ValueError, match="do not lie on a page"):
        fit_geometry(Lattice(px, places))
