"""Each stress does what its name says, keeps the page in the picture, and repeats by its seed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitize.evaluation.perturbations import STRESSES, paper_moves, stressed
from ecg.geometry import project
from ecg.page import Page

HEIGHT, WIDTH = 180, 300
DARK = (30, 30, 70)


def sheet() -> Page:
    """White paper with four dark dots near the corners and one in the middle."""
    pixels = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for x, y in ((30, 30), (270, 30), (30, 150), (270, 150), (150, 90)):
        cv2.circle(pixels, (x, y), 6, DARK, -1)
    return Page(pixels, 200.0, "sheet.png")


def dots(pixels: np.ndarray) -> np.ndarray:
    """Centres (x, y) of the dark dots, [dot, 2]."""
    mask = (pixels.mean(axis=2) < 110).astype(np.uint8)
    count, _, stats, centres = cv2.connectedComponentsWithStats(mask)
    return np.array([centres[i] for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] > 40])


@pytest.mark.parametrize("name", STRESSES)
def test_every_stress_gives_a_picture_that_repeats_and_leaves_the_page_alone(name: str) -> None:
    page = sheet()
    before = page.pixels.copy()
    first, again = stressed(page, name, 3), stressed(page, name, 3)
    assert first.pixels.dtype == np.uint8
    assert first.pixels.shape[2] == 3
    assert np.array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, before)
    assert np.array_equal(page.pixels, before)


@pytest.mark.parametrize("name", ["noise", "perspective", "shadow", "fold", "stretch", "desk"])
def test_random_stresses_follow_the_seed(name: str) -> None:
    assert not np.array_equal(stressed(sheet(), name, 1).pixels, stressed(sheet(), name, 2).pixels)


@pytest.mark.parametrize("name", sorted(set(STRESSES) - {"half", "desk"}))
def test_nothing_of_the_page_is_lost(name: str) -> None:
    assert len(dots(stressed(sheet(), name, 5).pixels)) == 5


def test_noise_has_the_stated_sigma() -> None:
    page = Page(np.full((200, 200, 3), 128, np.uint8))
    assert stressed(page, "noise").pixels.std() == pytest.approx(12, rel=0.03)


def test_half_size_halves_the_dpi_too() -> None:
    page = stressed(sheet(), "half")
    assert page.size_px == (WIDTH // 2, HEIGHT // 2)
    assert page.dpi == 100.0


@pytest.mark.parametrize("degrees", [0.5, 2, 10, 90, 180])
def test_rotation_is_clockwise_by_the_stated_angle(degrees: float) -> None:
    turned = stressed(sheet(), f"rotate{degrees:g}").pixels
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (np.array(turned.shape[1::-1]) - 1) / 2
    expected = (dots(sheet().pixels) - (np.array([WIDTH, HEIGHT]) - 1) / 2) @ turn.T + middle
    found = dots(turned)
    away = np.linalg.norm(found[:, None] - expected[None], axis=2).min(axis=0)
    assert away.max() < 0.4


@pytest.mark.parametrize("name", [name for name in STRESSES if paper_moves(name, (WIDTH, HEIGHT)) is not None])
def test_where_the_paper_moves_is_known(name: str) -> None:
    matrix = paper_moves(name, (WIDTH, HEIGHT))
    assert matrix is not None
    expected = project(matrix, dots(sheet().pixels))
    picture = stressed(sheet(), name).pixels
    for x, y in np.rint(expected).astype(int):
        assert picture[y, x].mean() < 110
        side = picture[max(0, y - 9) : y + 10, max(0, x - 9) : x + 10].mean(axis=2)
        weight = np.maximum(170 - side, 0)
        centre = np.average(np.indices(side.shape).reshape(2, -1), axis=1, weights=weight.ravel())
        assert np.abs(centre - (np.array(side.shape) - 1) / 2).max() < 1.0


def test_grey_and_black_and_white() -> None:
    coloured = sheet().pixels.copy()
    coloured[60:80] = (255, 180, 180)
    page = Page(coloured)
    assert np.ptp(stressed(page, "grey").pixels.astype(int), axis=2).max() == 0
    assert set(np.unique(stressed(page, "black_and_white").pixels)) == {0, 255}


def test_perspective_moves_no_corner_by_more_than_6_percent() -> None:
    page = sheet()
    page.pixels[:] = 255
    paper = (stressed(page, "perspective", 4).pixels > 200).all(axis=2)
    ys, xs = np.nonzero(paper)
    assert 0 < xs.min() <= 0.06 * WIDTH
    assert 0 < ys.min() <= 0.06 * HEIGHT
    assert paper[int(0.06 * HEIGHT) + 1 : int(0.94 * HEIGHT) - 1, int(0.06 * WIDTH) + 1 : int(0.94 * WIDTH) - 1].all()


def test_uneven_stretch_changes_the_local_scale_by_1_5_percent() -> None:
    pixels = np.full((40, 2000, 3), 255, np.uint8)
    pixels[:, 25::50] = 0
    ink = 255.0 - stressed(Page(pixels), "stretch", 1).pixels[20, :, 0]
    lines = np.array([np.average(np.arange(2000)[c : c + 50], weights=ink[c : c + 50]) for c in range(0, 2000, 50)])
    spacing = np.diff(lines[1:-1]) / 50
    assert spacing.max() == pytest.approx(1.015, abs=0.003)
    assert spacing.min() == pytest.approx(0.985, abs=0.003)


def test_shadow_and_fold_only_change_the_light() -> None:
    for name in ("shadow", "fold"):
        page = Page(np.full((HEIGHT, WIDTH, 3), 230, np.uint8))
        light = stressed(page, name, 2).pixels
        assert light.shape == page.pixels.shape
        assert 0.5 * 230 < light.min() < 215
        assert light.max() >= 228


def test_the_desk_adds_half_the_page_and_keeps_it_whole() -> None:
    page = sheet()
    desk = stressed(page, "desk", 1).pixels
    assert desk.shape[:2] == (HEIGHT * 3 // 2, WIDTH * 3 // 2)
    ys, xs = np.nonzero((desk == 255).all(axis=2))
    whole = desk[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    assert np.array_equal(whole, page.pixels)
