"""From the frame that the page network sees back to the page."""

from __future__ import annotations

import numpy as np
from gridded_page import error_mm, page_of
from oracle import SIZE_PX

from digitize.grid.lattice import find_nodes, fit_geometry
from digitize.grid.lattice_walk import Lattice, count_lattice
from digitize.nets.inputs import fit_matrix
from ecg.geometry import project


def test_the_map_leads_from_the_frame_back_to_the_page() -> None:
    """Crossings are found in the network's frame, the geometry speaks of the page's own px."""
    _, page, oracle = page_of("full", "clean", 16, 900)
    matrix = np.array([[0.9, 0.1, 5.0], [-0.1, 0.9, 40.0], [0, 0, 1.0]]) @ fit_matrix(page.size_px, SIZE_PX)
    lattice = count_lattice(find_nodes(oracle.look(None, page.pixels, matrix).grid))
    assert lattice is not None
    found = fit_geometry(Lattice(project(np.linalg.inv(matrix), lattice.px), lattice.steps))
    assert np.median(error_mm(found, oracle)) < 0.02
