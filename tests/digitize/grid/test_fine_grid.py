"""Pages whose grid is seen only close up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracle import SIZE_PX, Oracle, heart, scene

from digitize.grid.fine_grid import fine_geometry
from digitize.grid.page_view import closer
from digitize.nets.inputs import fit_matrix
from ecg.geometry import PageGeometry
from ecg.page import Page
from ecg.reading import Reading


def page_of(kind: str, seed: int, preset: str, long_side_px: int = 1900) -> tuple[Page, Oracle]:
    found = scene(seed, preset, "3x4", long_side_px=long_side_px)
    paper = replace(found.paper, kind=kind, fine_width_mm=0.15, fine_strength=0.9)
    page, truth = replace(found, paper=paper, effects={}, quarter_turns=0).render(heart(seed))
    return page, Oracle(truth)


def error_mm(found: PageGeometry, truth: Reading) -> np.ndarray:
    """How far places of the printed area are off, but for where the paper's origin was put."""
    x0, y0, x1, y1 = truth.layout.extent_mm
    mm = np.stack(np.meshgrid(np.linspace(x0, x1, 9), np.linspace(y0, y1, 7)), -1).reshape(-1, 2)
    off = found.to_mm(truth.geometry.to_px(mm)) - mm
    return np.hypot(*(off - np.median(off, 0)).T)


@pytest.mark.parametrize(("preset", "seed"), [("clean", 4), ("scan", 5), ("photo", 6)])
@pytest.mark.slow
def test_lines_of_a_millimetre_give_the_map(preset: str, seed: int) -> None:
    page, oracle = page_of("1mm", seed, preset)
    first = oracle.look(None, page.pixels, fit_matrix(page.size_px, SIZE_PX))
    view = oracle.look(None, page.pixels, closer(first, SIZE_PX))
    found = fine_geometry(page.pixels, view)
    assert found is not None
    assert np.median(error_mm(found, oracle.truth)) < 0.5  # to be refined: less than half a line


@pytest.mark.parametrize("noise", [0, 25])
@pytest.mark.slow
def test_paper_without_lines_has_no_map(noise: int) -> None:
    page, oracle = page_of("none", 7, "scan")
    pixels = page.pixels + np.random.default_rng(0).normal(0, noise, page.pixels.shape)
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    assert fine_geometry(pixels, oracle.look(None, pixels, fit_matrix(page.size_px, SIZE_PX))) is None


def test_a_picture_smaller_than_a_patch_has_no_map() -> None:
    page, oracle = page_of("1mm", 8, "clean", 150)
    assert fine_geometry(page.pixels, oracle.look(None, page.pixels, fit_matrix(page.size_px, SIZE_PX))) is None
