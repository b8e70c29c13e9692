"""Drawing: a page that lies straight is the one that the camera would see; a window misses nothing that crosses it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from simulate import Scene
from simulate.capture.camera import View
from simulate.heart import synthetic_record
from simulate.printed.rasterize import draw, finite_pieces, ink, view_of
from simulate.printed.sheet import Sheet, Stroke

HEART = synthetic_record(5, "SR", noise={}, conditions=())


def straight(seed: int, fill: float = 1.0, view: View | None = None) -> Scene:
    """A scene without wear, seen from straight above unless told otherwise."""
    scene = Scene.sample(seed, "clean")
    return replace(scene, effects={}, view=view or View(), fill=fill, long_side_px=900, quarter_turns=0)


def seen(scene: Scene, sheet: Sheet) -> tuple[np.ndarray, np.ndarray]:
    """The sheet before green, and how many mm every pixel lies within the paper (negative: beyond it)."""
    geometry, (width, height) = scene.geometry()
    green = np.tile(np.array([0.0, 1.0, 0.0], np.float32), (height, width, 1))
    mm = geometry.to_mm(np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1))
    inside = np.minimum(mm - scene.paper.extent_mm[:2], scene.paper.extent_mm[2:] - mm).min(-1)
    return view_of(sheet, geometry, green), inside


@pytest.mark.parametrize("seed", range(4))
def test_a_straight_page_is_what_the_camera_would_see(seed: int) -> None:
    scene = straight(seed, fill=0.9)
    sheet = scene.sheet(HEART)
    plain, inside = seen(scene, sheet)
    nearly, _ = seen(replace(scene, view=View(angle_deg=1e-4)), sheet)  # turned so little that only the road differs
    on_paper = inside > 1
    soft = [cv2.GaussianBlur(picture, (0, 0), 2.0) for picture in (plain, nearly)]  # the warp blurs, too
    assert np.abs(soft[0] - soft[1])[inside > 3].mean() < 0.01
    rows, cols = np.nonzero(inside > 3)  # the straight page ends at whole pixels, so its edge may lie half of one off
    middle = (slice(rows.min(), rows.max()), slice(cols.min(), cols.max()), 0)
    shift_px, _ = cv2.phaseCorrelate(*(picture[middle].astype(np.float64) for picture in (plain, nearly)))
    assert np.hypot(*shift_px) < 0.2
    for picture in (plain, nearly):
        assert np.array_equal(picture[inside < -0.5], np.tile([0.0, 1.0, 0.0], ((inside < -0.5).sum(), 1)))
        assert (picture[on_paper] != [0.0, 1.0, 0.0]).any(-1).all()


def test_a_page_that_overflows_the_picture_fills_it() -> None:
    scene = straight(1, fill=1.6)
    picture, inside = seen(scene, scene.sheet(HEART))
    assert inside.min() > 0 and (picture != [0.0, 1.0, 0.0]).any(-1).all()


def test_a_line_whose_ends_lie_far_outside_crosses_the_window() -> None:
    scene = straight(2)
    rule = Stroke(np.array([[-400.0, 30.2], [400.0, 30.2]]), 0.6, "rule")
    sheet = replace(scene.sheet(HEART), traces=(), labels=(), strokes=(rule,))
    row = ink(sheet, (40.0, 20.0, 60.0, 40.0), 8.0, (160, 160)).astype(int)
    assert (row[78:86].max(0) > 20).mean() > 0.5
    assert row[:60].max() == row[100:].max() == 0


def test_nothing_near_the_window_leaves_bare_paper() -> None:
    scene = straight(3)
    far = Stroke(np.array([[0.0, 500.0], [100.0, 500.0]]), 0.6, "rule")
    sheet = replace(scene.sheet(HEART), traces=(), labels=(), strokes=(far,), layers=())
    bare = replace(sheet, strokes=())
    window = (10.0, 10.0, 40.0, 30.0)
    assert np.array_equal(draw(sheet, window, 6.0), draw(bare, window, 6.0))


def test_pieces_are_what_is_unbroken() -> None:
    points = np.arange(20.0).reshape(10, 2)
    assert [len(p) for p in finite_pieces(points)] == [10] and finite_pieces(points[:1]) == []
    points[[3, 5], 1] = np.nan  # a single point between two gaps is no line
    assert [p[0, 0] for p in finite_pieces(points)] == [0.0, 12.0]
