"""The simplest geometry that does as well, and none from too little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digitize.grid.flatness import simplest_geometry
from digitize.grid.smooth_field import field_nodes
from ecg.geometry import PageGeometry


def test_a_sheet_seen_along_one_line_only_is_not_made_flat_by_that() -> None:
    bent = replace(PageGeometry(np.diag([4.0, 4.0, 1.0]), None, (0.0, 0.0, 200.0, 100.0)), error_mm=0.1)
    nodes = field_nodes(bent.extent_mm)
    bend = np.zeros_like(nodes)
    bend[..., 1] = 0.5 * np.sin(nodes[..., 0] / 20)
    trust = np.zeros(nodes.shape[:2])
    trust[2] = 1.0
    for row in (bend, 1e300 * bend):
        found = simplest_geometry(replace(bent, bend_mm=row), trust)
        assert found is None or np.isfinite(found.homography).all()
