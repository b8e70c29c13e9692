"""Wear: every artefact shows, stays on the paper, is alike in every window, and hides exactly what it covers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from simulate import Scene
from simulate.capture.background import screen
from simulate.capture.camera import EFFECTS, View
from simulate.capture.relief import RELIEF, Shade, sample_relief
from simulate.heart import synthetic_record
from simulate.presets import presets
from simulate.printed.ink import Ink, dots, runs, sample_ink, settle
from simulate.printed.rasterize import draw
from simulate.printed.sheet import Sheet
from simulate.wear.artefact import Ground
from simulate.wear.layers import Cover, Cut
from simulate.wear.wear import COVERS, WEAR, layers_of

HEART = synthetic_record(5, "SR", noise={}, conditions=())
ALL = {**WEAR, **COVERS}
FLAT = Scene.sample(3, "clean", layout="3x4+1")


def bare() -> Sheet:
    return replace(FLAT, paper=replace(FLAT.paper, ink=Ink())).sheet(HEART)


def worn(name: str, seed: int, strength: float = 1.0) -> Sheet:
    ground = Ground(FLAT.paper.extent_mm, FLAT.layout)
    return bare().under(layers_of(ALL, ground, {name: strength}, seed))


def whole(sheet: Sheet, px_per_mm: float = 3.0) -> np.ndarray:
    return draw(sheet, sheet.paper.extent_mm, px_per_mm)


@pytest.mark.parametrize("name", ALL)
def test_an_artefact_shows_and_is_pure(name: str) -> None:
    clean = whole(bare())
    pages = [whole(worn(name, seed)) for seed in (1, 1, 2)]
    assert np.array_equal(pages[0], pages[1]) and not np.array_equal(pages[0], pages[2])
    assert max(np.abs(page - clean).max() for page in pages) > 0.02
    assert all(page.dtype == np.float32 and np.isfinite(page).all() for page in pages)


@pytest.mark.parametrize("name", ALL)
def test_an_artefact_is_alike_in_every_window(name: str) -> None:
    sheet = worn(name, 4)
    x0, y0, x1, y1 = (float(np.floor(v)) for v in sheet.paper.extent_mm)
    page = draw(sheet, (x0, y0, x1, y1), 4.0)
    part = draw(sheet, (x0 + 40, y0 + 20, x0 + 100, y0 + 70), 4.0)
    difference = np.abs(page[80:280, 160:400] - part)[2:-2, 2:-2]
    assert np.quantile(difference, 0.999) < 0.1 and difference.mean() < 2e-3


def test_what_is_off_changes_nothing() -> None:
    ground = Ground(FLAT.paper.extent_mm, FLAT.layout)
    assert layers_of(ALL, ground, dict.fromkeys(ALL, 0.0), 1) == ()
    one, more = (dict.fromkeys(names, 0.5) for names in (("stamps",), ("stamps", "fibre", "tears")))
    stamp = [layers_of(WEAR, ground, strengths, 1) for strengths in (one, more)]
    assert [type(layer) for layer in stamp[0]] == [type(layer) for layer in stamp[1][1 : 1 + len(stamp[0])]]


def test_every_effect_of_the_presets_is_known() -> None:
    named = {name for kind in presets().values() for name in kind["effects"]}
    assert named == {*EFFECTS, *ALL, *RELIEF}


@pytest.mark.parametrize("name", ["redaction", "stickers", "tears", "fingers", "papers"])
def test_what_is_hidden_has_no_trace_and_the_rest_is_untouched(name: str) -> None:
    plain, hidden = bare(), 0
    for seed in range(12):
        sheet = worn(name, seed)
        shapes = [shape for layer in sheet.layers for shape in layer.hides_mm]
        assert shapes
        for before, after in zip(plain.traces, sheet.traces, strict=True):
            gone = np.isfinite(before[:, 1]) & np.isnan(after[:, 1])
            hidden += int(gone.sum())
            assert np.array_equal(before[~gone], after[~gone], equal_nan=True)
            assert all(inside(before[i], shapes) for i in np.flatnonzero(gone)[::20])
    assert hidden > 0


def inside(point: np.ndarray, shapes: list[np.ndarray]) -> bool:
    """By counting crossings to the right, within a tenth of a mm of the edge."""
    for shape in shapes:
        a, b = shape, np.roll(shape, -1, axis=0)
        straddles = (a[:, 1] > point[1]) != (b[:, 1] > point[1])
        slope = (b[:, 0] - a[:, 0]) / np.where(b[:, 1] == a[:, 1], 1, b[:, 1] - a[:, 1])
        if np.count_nonzero(straddles & (point[0] < a[:, 0] + slope * (point[1] - a[:, 1]))) % 2:
            return True
        if np.abs(point - shape).max(1).min() < 0.1:
            return True
    return False


@pytest.mark.parametrize("kind", [Cut, Cover])
def test_holes_show_the_desk_and_fingers_reach_over_it(kind: type) -> None:
    name = "holes" if kind is Cut else "fingers"
    scene = replace(FLAT, preset="photo", behind="desk", fill=0.7, long_side_px=500, effects={name: 1.0})
    page, truth = scene.render(HEART)
    layers = [layer for layer in scene.sheet(HEART).layers if isinstance(layer, kind)]
    rgb = np.array(layers[0].rgb) * 255
    if kind is Cut:
        x, y = np.round(truth.geometry.to_px(layers[0].points_mm.mean(0))).astype(int)
        assert np.abs(page.pixels[y, x] - rgb).max() > 3  # the desk itself, not the colour that stands in for it
    else:
        outside = truth.geometry.to_px(layers[0].points_mm[[0, -1]].mean(0) * 0.1 + 0.9 * layers[0].points_mm[11])
        x, y = np.clip(np.round(outside), 0, np.array(page.size_px) - 1).astype(int)
        desk = replace(scene, effects={}).render(HEART)[0].pixels[y, x]
        assert np.abs(page.pixels[y, x] - rgb).max() < 25 < np.abs(desk - rgb).max()  # its back is lighter than it is
    assert truth.scene.hidden_mm


def test_a_finger_is_round_and_goes_on_beyond_the_page() -> None:
    scene = replace(FLAT, behind="desk", fill=0.7, long_side_px=500, effects={"fingers": 1.0})
    finger = next(layer for layer in scene.sheet(HEART).layers if isinstance(layer, Cover))
    page, truth = scene.render(HEART)
    mask = np.zeros(page.pixels.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(truth.geometry.to_px(finger.points_mm)).astype(np.int32)], 255)
    tones = page.pixels[cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0]
    assert len(tones) > 500 and tones.mean(1).std() > 4


def test_a_screen_lies_in_the_plane_of_its_page() -> None:
    scene = replace(FLAT, preset="screen", behind="screen", long_side_px=600, effects={}, fill=0.4)
    extent, tilted = scene.paper.extent_mm, View(angle_deg=9.0, tilt_deg=15.0, tilt_axis_deg=40.0, distance=2.0)
    found = []
    for view in (View(), tilted):
        geometry, size = replace(scene, view=view).geometry()
        picture = screen(extent, geometry, size, np.random.default_rng(3))
        points = np.stack(np.meshgrid(np.linspace(-20, 320, 60), np.linspace(-20, 220, 40)), -1)
        x, y = np.moveaxis(geometry.to_px(points).astype(np.float32), -1, 0)
        found.append(cv2.remap(picture, x, y, cv2.INTER_LINEAR))
    assert found[0].std() > 0.02 and np.abs(found[0] - found[1]).mean() < 0.1 * found[0].std()


# --- relief -----------------------------------------------------------------------------------------------------------


def test_the_slope_is_the_derivative_of_the_height() -> None:
    relief = sample_relief((0, 0, 200, 150), {"curl": 0.8, "folds": 0.7}, np.random.default_rng(3))
    assert relief is not None
    rise = relief.slope((20, 20, 120, 90), 0.5)
    points = np.stack(np.meshgrid(np.arange(rise.shape[2]), np.arange(rise.shape[1])), -1) * 0.5 + (19.5, 19.5)
    down, right = np.gradient(relief.height_mm(points), 0.5)
    assert np.abs(rise[0] - right)[1:-1, 1:-1].max() < 0.05 and np.abs(rise[1] - down)[1:-1, 1:-1].max() < 0.05
    assert np.abs(rise[0] - right)[1:-1, 1:-1].mean() < 1e-3


def test_a_flat_sheet_has_no_relief_and_shading_leaves_the_mean() -> None:
    assert sample_relief((0, 0, 200, 150), {"curl": 0.0}, np.random.default_rng(0)) is None
    relief = sample_relief((0, 0, 200, 150), {"crumple": 1.0}, np.random.default_rng(1))
    assert relief is not None
    page = Shade(relief, np.array([1.0, 0.3])).paint(np.ones((300, 400, 3), np.float32), (0, 0, 200, 150), 2.0)
    assert abs(page.mean() - 1) < 0.1 and page.std() > 0.01


# --- ink --------------------------------------------------------------------------------------------------------------


def test_fast_strokes_are_thin_and_faint_and_nothing_is_lost_between() -> None:
    line = np.array([[0, 0], [5, 0], [5.2, -10], [5.4, 0], [10, 0]])
    drawn = list(runs([line], 0.4, Ink(thinning=0.7, fading=0.6)))
    assert [dark for _, _, dark in drawn] == sorted(dark for _, _, dark in drawn)
    assert drawn[0][1] < 0.3 and drawn[-1][1] == 0.4 and drawn[-1][2] == 255
    assert list(runs([line], 0.4, Ink())) == [([slice(0, 5)], 0.4, 255)]


@pytest.mark.parametrize("pen_mm", [0.125, 0.25, 0.375, 0.5])
def test_dots_lie_around_the_line(pen_mm: float) -> None:
    level = np.array([[-10.0, 5.03], [30.0, 5.03]])
    seen = dots({pen_mm: [level]}, (0, 0, 20, 10), 16.0, Ink(dots_per_mm=8), (160, 320)).astype(float)
    centre = (seen.sum(1) @ (np.arange(160) + 0.5)) / seen.sum() / 16
    assert abs(centre - 5.03) <= 0.5 / 8 + 1e-6
    assert seen.any(1).sum() == round(pen_mm * 8) * 2


def test_ink_of_every_kind_leaves_most_of_a_line() -> None:
    covered = np.zeros((80, 400), np.uint8)
    covered[38:43] = 255
    for seed in range(40):
        left = settle(covered.copy(), (0, 0, 50, 10), 8.0, sample_ink(np.random.default_rng(seed)))
        assert left.dtype == np.uint8 and (left[38:43].max(0) > 40).mean() > 0.6


def test_the_manual_names_every_artefact() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text()
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", manual, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == {*EFFECTS, *ALL, *RELIEF}
