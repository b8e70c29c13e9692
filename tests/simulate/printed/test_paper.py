"""Paper and camera: grid lines where they belong, windows that fit together, effects that are pure."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulate.capture.camera import EFFECTS, apply, pixel_mm
from simulate.capture.light import LIGHTS, lit
from simulate.heart import synthetic_record
from simulate.printed.paper import Paper, draw_grid, sample_paper
from simulate.printed.rasterize import draw
from simulate.printed.sheet import pulse_mm
from simulate.raster.float_image import between
from simulate.scene import Scene
from simulate.wear.crease import creased

EXTENT = (-20.0, -10.0, 80.0, 60.0)


def paper(kind: str = "full", **changes: object) -> Paper:
    """White paper with black lines, without fine ones unless asked for."""
    sampled = sample_paper(np.random.default_rng(0), EXTENT, EXTENT)
    plain = {
        "paper_rgb": (1.0,) * 3,
        "fine_rgb": (0.0,) * 3,
        "heavy_rgb": (0.0,) * 3,
        "fine_strength": 0.0,
        "unevenness": 0.0,
    }
    return replace(sampled, kind=kind, heavy_strength=1.0, heavy_width_mm=0.3, **(plain | changes))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.floats(1.5, 16.0), st.floats(-3.0, 3.0))
def test_heavy_lines_lie_at_multiples_of_5_mm_to_a_thousandth_of_a_pixel(px_per_mm: float, corner_mm: float) -> None:
    rows = draw_grid(paper(), (corner_mm, 1.0, corner_mm + 40, 4.0), px_per_mm)[..., 0]
    dark = 1 - rows[len(rows) // 2]  # far from the lines across
    edges_mm = corner_mm + np.arange(len(dark) + 1)[:, None] / px_per_mm
    lines_mm = np.arange(-10, 60, 5)
    left_of_mm = np.clip(edges_mm, lines_mm - 0.15, lines_mm + 0.15) - (lines_mm - 0.15)
    assert np.abs(dark - np.diff(left_of_mm.sum(1)) * px_per_mm).max() < 1e-3


@pytest.mark.parametrize(
    ("kind", "lines_in_10_mm"),
    [("full", 10), ("1mm", 10), ("5mm", 2), ("dots", 10), ("dotted lines", 10), ("dots and lines", 10)],
)
def test_every_kind_of_grid_has_its_lines(kind: str, lines_in_10_mm: int) -> None:
    page = paper(kind, fine_strength=1.0, fine_width_mm=0.15)
    mean = 1 - draw_grid(page, (0.5, 0.5, 40.5, 4.5), 12.0)[..., 0].mean(0)
    starts = np.diff((mean > mean.min() + 0.02).astype(int)) == 1
    assert page.has_grid and np.count_nonzero(starts) == 4 * lines_in_10_mm


def test_outside_the_grid_the_paper_is_bare() -> None:
    page = replace(paper(), grid_mm=(0.0, 0.0, 20.0, 20.0))
    image = draw_grid(page, (-10.0, -10.0, 40.0, 40.0), 6.0)
    bare = np.ones(image.shape[:2], bool)
    bare[59:182, 59:182] = False
    assert image[bare].min() == 1.0 and image[~bare].min() < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_a_window_shows_the_same_as_the_whole_sheet_there(seed: int) -> None:
    scene = Scene.sample(seed, "clean")
    sheet = scene.sheet(synthetic_record(seed))
    x0, y0, _, _ = (float(np.floor(v)) for v in scene.paper.extent_mm)
    whole = draw(sheet, (x0, y0, x0 + 150, y0 + 90), 8.0)
    part = draw(sheet, (x0 + 60, y0 + 30, x0 + 100, y0 + 60), 8.0)
    difference = np.abs(whole[30 * 8 : 60 * 8, 60 * 8 : 100 * 8] - part)[1:-1, 1:-1]
    assert difference.max() < 0.1 and difference.mean() < 5e-5  # a level of grey in a pixel here and there


def test_a_pulse_is_one_mv_high() -> None:
    layout = Scene.sample(0, "clean").layout
    points = pulse_mm(0.0, 50.0, replace(layout, mm_per_mv=5.0), width_mm=4.0)
    assert np.ptp(points[:, 1]) == 5.0 and points[:, 1].min() == 45.0


# --- camera -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_pixel_mm_agrees_with_the_geometry_on_all_of_the_paper(seed: int) -> None:
    scene = replace(Scene.sample(seed, "photo"), long_side_px=800)
    geometry, size = scene.geometry()
    mm = pixel_mm(geometry, size).astype(np.float64)
    x0, y0, x1, y1 = scene.paper.extent_mm
    on_paper = (mm[..., 0] > x0) & (mm[..., 0] < x1) & (mm[..., 1] > y0) & (mm[..., 1] < y1)
    pixels = np.stack(np.meshgrid(np.arange(size[0]), np.arange(size[1])), -1)
    assert on_paper.sum() > 30_000
    assert np.linalg.norm(geometry.to_px(mm) - pixels, axis=-1)[on_paper].max() < 0.1


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_is_pure_visible_and_keeps_the_size(name: str) -> None:
    image = draw_grid(sample_paper(np.random.default_rng(1), EXTENT, EXTENT), EXTENT, 3.0)
    pages = [apply(image.copy(), {name: strength}, np.random.default_rng(7)) for strength in (0.0, 0.7, 0.7)]
    assert pages[0].dtype == np.uint8 and pages[1].shape == image.shape
    assert np.array_equal(pages[1], pages[2])
    change = np.abs(pages[1].astype(int) - pages[0])
    assert change.mean() > 0.3 or (name == "dust" and change.max() > 20)  # a speck is small


@pytest.mark.parametrize("name", ["coarse", "webp", "jpeg", "defocus", "motion", "threshold"])
def test_what_happens_to_a_picture_does_not_move_it(name: str) -> None:
    blots = cv2.GaussianBlur(np.random.default_rng(0).random((200, 301), np.float32), (0, 0), 3)
    image = cv2.merge([cv2.normalize(blots, None, 0.1, 0.9, cv2.NORM_MINMAX)] * 3)
    for seed in range(4):
        seen = apply(image.copy(), {name: 0.8}, np.random.default_rng(seed))
        shift_px, _ = cv2.phaseCorrelate(image[..., 1].astype(np.float64), seen[..., 1] / 255)
        assert np.hypot(*shift_px) < 0.1


def test_lights_together_are_as_one_after_the_other() -> None:
    image = np.random.default_rng(0).random((30, 40, 3), np.float32)
    lights = [LIGHTS[name](0.9, np.random.default_rng(3)) for name in ("tinted", "glare", "light", "dim")]
    one_by_one = image
    for light in lights:
        one_by_one = lit(one_by_one, [light])
    assert np.abs(lit(image, lights) - one_by_one).max() < 0.01  # but for the rounding of a coarser field
    assert lit(image, []) is image


def test_noise_is_as_strong_everywhere_and_never_the_same_twice() -> None:
    plain = np.full((1000, 300, 3), 0.5, np.float32)
    for seed in range(6):
        seen = apply(plain, {"noise": 0.8}, np.random.default_rng(seed)) / 255 - 0.5
        parts = seen[:800].reshape(2, 400, 300, 3)
        assert parts.std((1, 2)).max() < 1.1 * parts.std((1, 2)).min() and abs(seen.mean()) < 0.01
        assert abs(np.corrcoef(parts[0].ravel(), parts[1].ravel())[0, 1]) < 0.05


def test_between_is_linear_and_stays_as_at_its_edges() -> None:
    field = np.random.default_rng(0).random((5, 7)).astype(np.float32)
    rows, cols = np.linspace(-1, 6, 40), np.linspace(-1, 8, 50)
    across = np.stack([np.interp(cols, np.arange(7), row) for row in field])
    wanted = np.stack([np.interp(rows, np.arange(5), column) for column in across.T], -1)
    assert np.abs(between(field, rows, cols) - wanted).max() < 1e-6


def test_without_effects_the_picture_is_only_rounded() -> None:
    image = np.random.default_rng(0).random((20, 30, 3), np.float32)
    assert np.abs(apply(image, {}, np.random.default_rng(0)) / 255 - image).max() <= 0.5 / 255 + 1e-6


@given(st.integers(0, 200), st.sampled_from([3.0, 8.0]))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_fold_is_a_line_across_the_paper_and_leaves_the_rest_alone(seed: int, px_per_mm: float) -> None:
    image = np.full((round(40 * px_per_mm), round(48 * px_per_mm), 3), 0.8, np.float32)
    folded = creased(image, px_per_mm, np.random.default_rng(seed))
    assert (folded == creased(image, px_per_mm, np.random.default_rng(seed))).all()
    assert folded.shape == image.shape and (folded >= 0).all()
    assert np.abs(folded - image).max() > 0.03
    assert np.median(np.abs(folded - image)) < 0.8 * 0.25  # lines are narrow; light falls off a little beside them
