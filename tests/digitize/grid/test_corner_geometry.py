"""Millimetres on four corners given by hand: the lines between them are counted, and small slips of the hand mended."""

from __future__ import annotations

import numpy as np
import pytest

from digitize.errors import NoGrid
from digitize.grid.corner_geometry import corner_sheets
from digitize.grid.corners import Corners, check_corners
from ecg.geometry import PageGeometry

PX_PER_MM, WIDE_MM, HIGH_MM = 6.0, 260.0, 160.0
TILTED = PageGeometry(np.array([[PX_PER_MM, 0.5, 60.0], [-0.4, PX_PER_MM, 140.0], [2e-4, 1e-4, 1.0]]))


def gridded(kind: str) -> np.ndarray:
    """A sheet seen askew with lines every 5 mm, every 1 mm or both, or with dots every mm for lines."""
    pixels = np.full((1200, 1700, 3), 252, np.uint8)
    rows, cols = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    mm = TILTED.to_mm(np.stack([cols, rows], axis=-1).astype(float))
    inside = (mm > 0).all(-1) & (mm[..., 0] < WIDE_MM) & (mm[..., 1] < HIGH_MM)

    def near(step_mm: float, width_mm: float) -> np.ndarray:
        return np.abs(mm - step_mm * np.round(mm / step_mm)) < width_mm

    if kind in ("both", "1 mm"):
        pixels[near(1.0, 0.12).any(-1) & inside] = (248, 205, 205)
    if kind in ("both", "5 mm"):
        pixels[near(5.0, 0.25).any(-1) & inside] = (235, 130, 130)
    if kind == "dots":
        pixels[near(1.0, 0.17).all(-1) & inside] = (235, 130, 130)
        pixels[near(5.0, 0.17).any(-1) & near(0.5, 0.12).all(-1) & inside] = (235, 130, 130)
    return pixels


def corners_at(slip_px: float, seed: int = 0) -> list[list[float]]:
    mm = np.array([[10.0, 10.0], [250.0, 10.0], [250.0, 150.0], [10.0, 150.0]])
    return (TILTED.to_px(mm) + np.random.default_rng(seed).uniform(-slip_px, slip_px, (4, 2))).tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "slip_px"), [("both", 0.0), ("both", 6.0), ("5 mm", 4.0), ("dots", 0.0)])
def test_the_sheet_is_found_from_corners_that_are_nearly_right(kind: str, slip_px: float) -> None:
    sheet = next(corner_sheets(gridded(kind), corners_at(slip_px)))
    places = np.stack(np.meshgrid(np.linspace(20, 240, 8), np.linspace(20, 140, 6)), axis=-1).reshape(-1, 2)
    off = sheet.geometry.to_mm(TILTED.to_px(places)) - places
    off -= 5 * np.round(np.median(off, axis=0) / 5)
    assert np.hypot(*off.T).max() < 0.3 and sheet.is_alone


def test_without_lines_between_the_corners_it_says_what_to_do() -> None:
    corners = corners_at(0.0)
    with pytest.raises(NoGrid, match="four crossings of the printed grid"):
        next(corner_sheets(np.full((1200, 1700, 3), 252, np.uint8), corners))


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        ([[0, 0], [1000, 0], [1000, 500]], "four points"),
        ([[0, 0], [1000, 0], [1000, 500], [0, "x"]], "four points"),
        ([[0, 0], [1000, 0], [1000, 500], [0, float("nan")]], "four points"),
        ([[0, 0], [1000, 0], [1000, 50], [0, 50]], "too short"),
        ([[0, 0], [0, 500], [1000, 500], [1000, 0]], "clockwise"),
        ([[0, 0], [1000, 500], [1000, 0], [0, 500]], "clockwise"),
    ],
)
def test_corners_that_make_no_rectangle_are_refused(corners: Corners, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_corners(corners)
