"""Squeezed paper is told from tilted paper."""

from __future__ import annotations

import numpy as np
import pytest

from digitize.grid.squareness import MAX_STRETCH, stretch
from ecg.geometry import PageGeometry

SIZE_PX = (1600, 1200)


def tilted(degrees: float, around: str, focal: float = 1600.0) -> PageGeometry:
    """Flat paper 300 mm away, tilted around an axis, seen by a camera whose picture's middle is the paper's."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]] if around == "y" else [[1, 0, 0], [0, c, -s], [0, s, c]])
    camera = np.array([[focal, 0, SIZE_PX[0] / 2], [0, focal, SIZE_PX[1] / 2], [0, 0, 1.0]])
    on_paper = np.array([[1.0, 0, -125], [0, 1, -60], [0, 0, 0]])
    placed = turn @ on_paper
    placed[2, 2] += 300
    return PageGeometry(camera @ placed)


@pytest.mark.parametrize("share", [1.1, 1.5, 2.0, 0.5, 0.9])
def test_squeezed_paper_is_seen_as_such(share: float) -> None:
    turned = PageGeometry.flat(5.0, (100, 100), 30.0).homography @ np.diag([share, 1, 1])
    assert stretch(PageGeometry(turned), (125.0, 60.0), SIZE_PX) == pytest.approx(share, rel=0.02)


@pytest.mark.parametrize("around", ["x", "y"])
@pytest.mark.parametrize("degrees", [0.0, 10.0, 25.0])
def test_tilted_paper_is_square(degrees: float, around: str) -> None:
    geometry = tilted(degrees, around)
    across, down = geometry.px_per_mm((125.0, 60.0))
    assert abs(np.log(stretch(geometry, (125.0, 60.0), SIZE_PX))) < np.log(1 + MAX_STRETCH)
    assert degrees < 20 or abs(across / down - 1) > MAX_STRETCH  # which alone would look squeezed
