"""From grid crossings to millimetres: whatever the page's pose and however badly the crossings are seen."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import SIZE_PX, Oracle, heart, scene

from digitize.grid.geometry_candidates import Maps, NotAnEcg
from digitize.grid.lattice import (
    Lattice,
    astray,
    count_lattice,
    find_nodes,
    fit_geometry,
    see_lattice,
)
from digitize.grid.line_tracking import every_other, follow_lines, stretched
from digitize.grid.periodicity import is_heard
from digitize.grid.phase_refinement import _shifted, refine
from digitize.grid.rectify import flatten
from digitize.grid.smooth_field import field_nodes, field_shape, smooth_field
from digitize.nets.inputs import fit_matrix
from ecg.geometry import PageGeometry, project
from ecg.reading import Page
from simulate.capture.camera import View, look
from simulate.scene import Scene

EXTENT_MM = (0.0, 0.0, 260.0, 180.0)
KINDS = ("full", "5mm", "dots", "1mm", "dotted lines")
PRESETS = (("scan", 12), ("photo", 13))


def test_nodes_are_found_between_pixels() -> None:
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(8, 120, 9), np.arange(8, 80, 9))
    wanted = np.stack([x.ravel(), y.ravel()], -1) + rng.uniform(-0.5, 0.5, (x.size, 2))
    heat = np.zeros((90, 130), np.float32)
    rows, cols = np.mgrid[:90, :130]
    for px in wanted:
        heat = np.maximum(heat, np.exp(-((cols - px[0]) ** 2 + (rows - px[1]) ** 2) / (2 * 1.2**2)))
    heat += rng.uniform(0, 0.1, heat.shape)  # faint clutter is not taken for a crossing
    found = find_nodes(heat)
    distance = np.hypot(*(found[:, None] - wanted).transpose(2, 0, 1))
    assert len(found) == len(wanted)
    assert np.sort(distance.argmin(1)).tolist() == list(range(len(wanted)))
    assert np.median(distance.min(1)) < 0.05 and distance.min(1).max() < 0.15


# --- counting ---------------------------------------------------------------------------------------------------------


def crossings(view: View, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Crossings of a page seen like this in the network's frame: px [node, (x, y)] and their steps [node, 2]."""
    geometry = look(view, EXTENT_MM, SIZE_PX, 0.95, (0.0, 0.0), rng)
    steps = np.stack(np.meshgrid(np.arange(1, 52), np.arange(1, 36)), -1).reshape(-1, 2)
    px = geometry.to_px(steps * 5.0)
    inside = ((px > 0) & (px < np.array(SIZE_PX) - 1)).all(1)
    return px[inside], steps[inside]


@settings(max_examples=20)
@given(
    angle_deg=st.floats(-22, 22),
    tilt_deg=st.floats(0, 28),
    tilt_axis_deg=st.floats(0, 360),
    bend_mm=st.floats(0, 3),
    seed=st.integers(0, 999),
)
def test_a_lattice_is_counted_through_gaps_clutter_and_jitter(
    angle_deg: float, tilt_deg: float, tilt_axis_deg: float, bend_mm: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    px, steps = crossings(View(angle_deg, tilt_deg, tilt_axis_deg, 2.5, bend_mm), rng)
    kept = rng.random(len(px)) > 0.2
    hole = np.hypot(*(px - rng.uniform(0.2, 0.8, 2) * SIZE_PX).T) < 35
    real = px[kept & ~hole] + rng.normal(0, 0.25, (len(px), 2))[kept & ~hole]
    clutter = rng.uniform(0, 1, (len(px) // 12, 2)) * SIZE_PX
    lattice = count_lattice(np.concatenate([real, clutter]))
    assert lattice is not None
    distance = np.hypot(*(lattice.px[:, None] - real).transpose(2, 0, 1))
    nearest, is_real = distance.argmin(1), distance.min(1) < 1e-9
    assert is_real.sum() > 0.9 * len(real)
    offset = lattice.steps[is_real] - steps[kept & ~hole][nearest[is_real]]
    wrong = (offset != np.median(offset, 0)).any(1)
    assert wrong.mean() < 0.01


def test_nothing_that_is_no_lattice_is_counted() -> None:
    rng = np.random.default_rng(0)
    assert count_lattice(np.zeros((0, 2))) is None
    assert count_lattice(rng.uniform(0, 300, (11, 2))) is None
    assert count_lattice(np.stack([np.arange(50.0) * 7, np.full(50, 80.0)], -1)) is None  # one line
    scattered = [count_lattice(rng.uniform(0, 1, (400, 2)) * SIZE_PX) for _ in range(5)]
    assert all(found is None or len(found.px) < 40 for found in scattered)


def glow(px: np.ndarray, height: float) -> np.ndarray:
    """A heat map [row, col] of places [node, (x, y)] that glow alike."""
    heat = np.zeros(SIZE_PX[::-1], np.float32)
    col, row = np.round(px).astype(int).T
    heat[row, col] = height * 2 * np.pi * 1.2**2
    return cv2.GaussianBlur(heat, (0, 0), 1.2)


def test_faint_glows_between_the_crossings_are_not_counted_as_a_lattice_of_their_own() -> None:
    rng = np.random.default_rng(0)
    every = np.stack(np.meshgrid(np.arange(1, 83), np.arange(1, 61)), -1).reshape(-1, 2)
    crossing = (every % 2 == 0).all(-1)
    clump = cv2.GaussianBlur(rng.normal(0, 1, SIZE_PX[::-1]).astype(np.float32), (0, 0), 9)
    between = 6 * every[~crossing & (clump[tuple(6 * every.T[::-1])] > 0.03)]
    lattice = see_lattice(glow(6 * every[crossing], 0.8) + glow(between, 0.4))
    assert lattice is not None
    assert len(lattice.px) > 0.9 * crossing.sum()
    step_px = np.linalg.lstsq(np.c_[lattice.steps, np.ones(len(lattice.px))], lattice.px, rcond=None)[0][:2]
    np.testing.assert_allclose(step_px, [[12, 0], [0, 12]], atol=0.05)


def test_the_count_goes_on_behind_a_fold_that_hides_a_row_of_crossings() -> None:
    px, steps = crossings(View(3.0, 10.0, 40.0, 2.0, 2.0), np.random.default_rng(2))
    column = steps[:, 0]
    fold = int(np.quantile(column, 0.6))
    lattice = see_lattice(glow(px[column != fold], 0.8))
    assert lattice is not None
    assert len(lattice.px) > 0.95 * (column != fold).sum()
    assert astray(lattice) < 0.01


def test_a_count_that_slipped_by_lines_is_told_from_a_bent_page() -> None:
    px, steps = crossings(View(5.0, 20.0, 40.0, 2.0, 2.5), np.random.default_rng(1))
    assert astray(Lattice(px, steps)) == 0.0
    slipped = steps + np.stack([np.zeros(len(steps), int), steps[:, 0] // 12], -1)  # one line more every 12 columns
    assert astray(Lattice(px, slipped)) > 0.025


# --- the map ----------------------------------------------------------------------------------------------------------


def test_the_map_through_exact_crossings_is_exact() -> None:
    rng = np.random.default_rng(3)
    view = View(5.0, 20.0, 40.0, 2.0, 2.5)
    geometry = look(view, EXTENT_MM, (1600, 1200), 0.9, (0.0, 0.0), rng)
    steps = np.stack(np.meshgrid(np.arange(2, 51), np.arange(2, 35)), -1).reshape(-1, 2)
    found = fit_geometry(Lattice(geometry.to_px(steps * 5.0), steps))
    mm = rng.uniform([15, 15], [245, 165], (200, 2))
    error = np.hypot(*(found.to_mm(geometry.to_px(mm)) - mm).T)
    assert np.median(error) < 0.03 and np.percentile(error, 95) < 0.2


def test_miscounted_crossings_do_not_bend_the_map() -> None:
    rng = np.random.default_rng(4)
    geometry = look(View(3.0, 10.0, 200.0, 2.0, 1.0), EXTENT_MM, (1600, 1200), 0.9, (0.0, 0.0), rng)
    steps = np.stack(np.meshgrid(np.arange(2, 51), np.arange(2, 35)), -1).reshape(-1, 2)
    px = geometry.to_px(steps * 5.0)
    counted = steps + (rng.random(steps.shape) < 0.03)
    found = fit_geometry(Lattice(px, counted))
    error = np.hypot(*(found.to_mm(px) - steps * 5.0).T)
    assert np.median(error) < 0.05 and np.percentile(error, 95) < 0.2


def test_a_field_goes_through_a_plane_and_past_outliers() -> None:
    rng = np.random.default_rng(5)
    mm = rng.uniform([0, 0], [260, 180], (600, 2))
    plane = np.stack([0.3 + 0.002 * mm[:, 0], -0.2 + 0.001 * mm[:, 1]], -1)
    values = plane + rng.normal(0, 0.02, plane.shape)
    values[:30] += 6.0
    field = smooth_field(mm, values, EXTENT_MM, smooth=3.0)
    assert field.shape == (*field_shape(EXTENT_MM), 2)
    x, y = np.meshgrid(np.linspace(0, 260, field.shape[1]), np.linspace(0, 180, field.shape[0]))
    np.testing.assert_allclose(field, np.stack([0.3 + 0.002 * x, -0.2 + 0.001 * y], -1), atol=0.03)


def test_values_without_trust_do_not_count() -> None:
    x, y = np.meshgrid(np.linspace(0, 260, 12), np.linspace(0, 180, 9))
    mm = np.stack([x, y], -1).reshape(-1, 2)
    trust = (mm[:, 0] < 130).astype(float)
    values = np.where(trust[:, None] > 0, 0.5, -3.0) * np.ones(2)
    np.testing.assert_allclose(smooth_field(mm, values, EXTENT_MM, 1.0, trust), 0.5, atol=0.01)


# --- on pictures ------------------------------------------------------------------------------------------------------


def test_flattening_shows_the_paper_where_the_geometry_says() -> None:
    y, x = np.mgrid[:200, :240]
    pixels = np.stack([x, y, 0 * x], -1).astype(np.uint8)  # every pixel tells where it is
    bend = np.random.default_rng(6).normal(0, 0.5, (4, 5, 2))
    geometry = PageGeometry(np.array([[4.0, 0.5, 20], [-0.4, 4.2, 25], [0.0005, 0.0002, 1]]), bend, (0, 0, 40, 35))
    window = (3.0, 4.0, 35.0, 30.0)
    flat = flatten(pixels, geometry, window, 5.0)
    assert flat.shape == (130, 160, 3)
    cols, rows = np.meshgrid(np.arange(160), np.arange(130))
    wanted = geometry.to_px(np.stack([cols + 0.5, rows + 0.5], -1) / 5.0 + window[:2])
    assert np.abs(flat[..., :2] - wanted).max() < 0.6  # half of it is rounding


def page_of(kind: str, preset: str, seed: int, long_side_px: int = 1200) -> tuple[Scene, Page, Oracle]:
    """A page on a kind of paper; without the wear that costs resolution and lies about places."""
    found = scene(seed, preset, "3x4+1", long_side_px=long_side_px)
    effects = {k: v for k, v in found.effects.items() if k not in ("coarse", "threshold")}
    found = replace(
        found,
        paper=replace(found.paper, kind=kind),
        effects=effects,
        fill=min(found.fill, 1.0),
        aspect=max(found.aspect, 1.0),
    )
    page, truth = found.render(heart(seed))
    return found, page, Oracle(truth)


def error_mm(found: PageGeometry, oracle: Oracle) -> np.ndarray:
    """Distance between found and true paper places all over the traces; whole steps of 5 mm do not count."""
    x0, y0, x1, y1 = oracle.truth.layout.extent_mm
    mm = np.stack(np.meshgrid(np.linspace(x0, x1, 20), np.linspace(y0, y1, 15)), -1).reshape(-1, 2)
    off = found.to_mm(oracle.truth.geometry.to_px(mm)) - mm
    return np.hypot(*(off - 5 * np.round(np.median(off, 0) / 5)).T)


@pytest.mark.parametrize(
    ("preset", "seed", "kind"), [("clean", 11, "full"), *((p, s, k) for p, s in PRESETS for k in KINDS)]
)
def test_a_seen_page_is_measured_to_a_tenth_of_a_millimetre(preset: str, seed: int, kind: str) -> None:
    long_side_px = 1800 if kind == "1mm" else 1200  # lines of 1 mm on curled paper drown below 4 px/mm
    _, page, oracle = page_of(kind, preset, seed, long_side_px)
    view = oracle.look(None, page.pixels, fit_matrix(page.size_px, SIZE_PX))
    error = error_mm(Maps(page, view).clearest(), oracle)
    assert np.median(error) < 0.1
    assert np.percentile(error, 95) < 0.35


@pytest.mark.parametrize("kind", KINDS)
def test_the_lines_pull_a_map_that_is_a_little_off_into_place(kind: str) -> None:
    found, page, oracle = page_of(kind, "scan", 14)
    extent = found.layout.extent_mm
    rows, cols = field_shape(extent)
    rng = np.random.default_rng(0)
    bend = cv2.resize(rng.normal(0, 0.1, (4, 5, 2)), (cols, rows), interpolation=cv2.INTER_CUBIC)
    astray = _shifted(oracle.truth.geometry, bend + np.array([0.16, -0.2]), field_nodes(extent))
    before = np.median(error_mm(astray, oracle))
    refined = refine(page.pixels, astray)
    after = np.median(error_mm(refined, oracle))
    assert before > 0.2 and after < 0.07
    assert 0 < refined.error_mm < 0.2


@pytest.mark.parametrize("jitter_mm", [0.25, 0.4])
def test_a_flat_sheet_of_which_a_corner_was_counted_stays_flat(jitter_mm: float) -> None:
    _, page, oracle = page_of("full", "clean", 17, 1800)
    true = oracle.truth.geometry
    steps = np.stack(np.meshgrid(np.arange(7), np.arange(6)), -1).reshape(-1, 2)
    corner_mm = 5.0 * (np.floor(np.array(oracle.truth.layout.extent_mm[2:]) / 5) - (8, 6) + steps)
    seen_mm = corner_mm + np.random.default_rng(0).normal(0, jitter_mm, corner_mm.shape)
    found = refine(page.pixels, fit_geometry(Lattice(true.to_px(seen_mm), steps)))
    assert found.bend_mm is None
    assert error_mm(found, oracle).max() < 0.05


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1.0, 0.86, 1.07])
def test_only_the_right_scale_is_heard(kind: str, scale: float) -> None:
    _, page, oracle = page_of(kind, "scan", 18)
    true = replace(oracle.truth.geometry, extent_mm=oracle.truth.layout.extent_mm)
    assert is_heard(page.pixels, true.scaled(scale)) == (scale == 1.0)


def test_lines_1_mm_apart_give_the_scale_that_crossings_missed() -> None:
    """Where no 5 mm lines are, a network may still see crossings of some, nearly as far apart."""
    _, page, oracle = page_of("1mm", "scan", 18, 1400)
    view = oracle.look(None, page.pixels, fit_matrix(page.size_px, SIZE_PX))
    steps = np.stack(np.meshgrid(np.arange(2, 58), np.arange(2, 42)), -1).reshape(-1, 2)
    mm = 4.3 * steps + oracle.truth.layout.extent_mm[:2] - 10.0
    px = np.round(project(view.matrix, oracle.truth.geometry.to_px(mm))).astype(int)
    px = px[((px > 1) & (px < np.array(SIZE_PX) - 2)).all(1)]
    found = Maps(page, replace(view, grid=glow(px, 0.8))).clearest()
    assert scale_error(found, oracle) < 0.003


def scale_error(found: PageGeometry, oracle: Oracle) -> float:
    """The share by which lengths across the traces and down them are wrong, the greater one."""
    x0, y0, x1, y1 = oracle.truth.layout.extent_mm
    corner, right, below = found.to_mm(oracle.truth.geometry.to_px(np.array([[x0, y0], [x1, y0], [x0, y1]])))
    lengths = np.hypot(*np.array([right - corner, below - corner]).T)
    return float(np.abs(lengths / np.array([x1 - x0, y1 - y0]) - 1).max())


def test_a_page_without_lines_leaves_the_map_where_it_is() -> None:
    geometry = PageGeometry.flat(4.0, (10, 10))
    for pixels in (np.full((700, 1000, 3), 250, np.uint8), np.random.default_rng(0).integers(0, 255, (700, 1000, 3))):
        refined = refine(pixels.astype(np.uint8), replace(geometry, extent_mm=(0.0, 0.0, 240.0, 170.0)))
        mm = np.random.default_rng(1).uniform([5, 5], [235, 165], (50, 2))
        assert np.abs(refined.to_px(mm) - geometry.to_px(mm)).max() < 0.4 * 4.0


@pytest.mark.parametrize("density", [0.0, 0.02, 0.3])
def test_a_picture_without_a_grid_is_refused_in_words(density: float) -> None:
    page = Page(np.full((900, 1200, 3), 200, np.uint8))
    oracle = Oracle(page_of("full", "clean", 15, 600)[2].truth)
    view = oracle.look(None, page.pixels, np.eye(3))
    noise = np.random.default_rng(0).random(view.grid.shape).astype(np.float32)
    with pytest.raises(NotAnEcg, match=r"no ECG grid was found \(\d+ crossings of 5 mm lines seen, 40 needed\)"):
        Maps(page, replace(view, grid=noise * (noise < density))).clearest()


def test_the_map_leads_from_the_frame_back_to_the_page() -> None:
    """Crossings are found in the network's frame, the geometry speaks of the page's own px."""
    _, page, oracle = page_of("full", "clean", 16, 900)
    matrix = np.array([[0.9, 0.1, 5.0], [-0.1, 0.9, 40.0], [0, 0, 1.0]]) @ fit_matrix(page.size_px, SIZE_PX)
    lattice = count_lattice(find_nodes(oracle.look(None, page.pixels, matrix).grid))
    assert lattice is not None
    found = fit_geometry(Lattice(project(np.linalg.inv(matrix), lattice.px), lattice.steps))
    assert np.median(error_mm(found, oracle)) < 0.02


def test_a_walk_that_slipped_by_a_line_does_not_bend_a_flat_sheet() -> None:
    steps = np.stack(np.meshgrid(np.arange(40), np.arange(28)), -1).reshape(-1, 2)
    sheet = PageGeometry(np.array([[7.9, 0.1, 30.0], [-0.05, 7.8, 20.0], [1e-5, 2e-5, 1.0]]))
    slipped = steps.copy()
    slipped[steps[:, 1] > 17, 0] += 1
    found = fit_geometry(Lattice(sheet.to_px(steps * 5.0), slipped))
    mm = np.random.default_rng(0).uniform([5, 5], [190, 130], (50, 2))
    assert np.abs(found.to_px(mm) - sheet.to_px(mm)).max() < 0.1


# --- crumpled paper ---------------------------------------------------------------------------------------------------


def crumpled_grid(
    rng: np.random.Generator, wobble_mm: float = 0.25, grid_rgb: tuple[float, float, float] = (240.0, 130.0, 130.0)
) -> tuple[np.ndarray, PageGeometry]:
    """A grid of 5 mm lines with black ink across it on paper that wobbles every centimetre or two; 7 px/mm."""
    extent_mm = (0.0, 0.0, 120.0, 90.0)
    nodes = rng.normal(0, wobble_mm, (*field_shape(extent_mm, 12.0), 2))
    truth = replace(PageGeometry.flat(7.0, (10.0, 10.0)), bend_mm=nodes, extent_mm=extent_mm)
    x, y = np.meshgrid(np.arange(860), np.arange(650))
    mm = truth.to_mm(np.stack([x, y], -1).reshape(-1, 2).astype(float)).reshape(650, 860, 2)
    from_line = np.abs((mm + 2.5) % 5 - 2.5).min(-1)
    line = np.clip(1.2 - from_line / 0.12, 0, 1)[..., None]
    ink = np.clip(1.5 - np.abs(mm[..., 1] - 45 - 20 * np.sin(mm[..., 0])) / 0.3, 0, 1)[..., None]
    paper = np.array([250.0, 248, 240]) * (1 - line) + np.array(grid_rgb) * line
    pixels = paper * (1 - ink) + 40 * ink + rng.normal(0, 4, (650, 860, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8), truth


def paper_error_mm(found: PageGeometry, truth: PageGeometry, margin_mm: float = 6.0) -> np.ndarray:
    x0, y0, x1, y1 = truth.extent_mm
    x, y = np.meshgrid(np.linspace(x0 + margin_mm, x1 - margin_mm, 50), np.linspace(y0 + margin_mm, y1 - margin_mm, 40))
    mm = np.stack([x, y], -1).reshape(-1, 2)
    return np.hypot(*(found.to_mm(truth.to_px(mm)) - mm).T)


@pytest.mark.parametrize("grid_rgb", [(240.0, 130.0, 130.0), (40.0, 40.0, 40.0)])
def test_lines_are_followed_over_crumpled_paper(grid_rgb: tuple[float, float, float]) -> None:
    pixels, truth = crumpled_grid(np.random.default_rng(4), grid_rgb=grid_rgb)
    flat = replace(truth, bend_mm=None)
    found = follow_lines(pixels, flat)
    assert found is not None
    assert np.median(paper_error_mm(flat, truth)) > 0.15
    assert np.median(paper_error_mm(found, truth)) < 0.04
    assert np.percentile(paper_error_mm(found, truth), 95) < 0.15


def test_lines_are_followed_to_where_the_map_was_far_off() -> None:
    pixels, truth = crumpled_grid(np.random.default_rng(5), 0.1)
    lifted = truth.bend_mm.copy()  # type: ignore[union-attr]
    lifted[-3:, -3:] += np.array([1.0, 2.0, 3.0])[:, None, None] * np.array([0.4, 0.9])  # a corner, by up to 3 mm
    start = replace(truth, bend_mm=lifted)
    found = follow_lines(pixels, start)
    assert found is not None
    assert paper_error_mm(start, truth).max() > 1.5
    assert np.percentile(paper_error_mm(found, truth), 97) < 0.2


def rounded_grid(px_per_mm: float, wide_mm: float = 250.0, high_mm: float = 120.0) -> np.ndarray:
    """A flat grid whose 5 mm lines are rounded to whole pixels, as renderers draw them; lines begin at pixel 0."""
    pixels = np.full((round(high_mm * px_per_mm), round(wide_mm * px_per_mm), 3), 250, np.uint8)
    for axis, size in ((0, pixels.shape[0]), (1, pixels.shape[1])):
        places = np.floor(np.arange(0, size, 5 * px_per_mm)).astype(int)
        pixels[(slice(None), places) if axis else places] = (240, 130, 130)
    return pixels


@pytest.mark.parametrize("off", [(1.0004, 0.0, 0.03), (0.9995, 0.0006, -0.05), (1.0, 0.0, 0.0)])
def test_a_flat_sheet_is_measured_by_all_lines_together(off: tuple[float, float, float]) -> None:
    truth = replace(PageGeometry.flat(7.7519, (-0.5, -0.5)), extent_mm=(0.0, 0.0, 245.0, 115.0))
    scale, skew, shift = off
    wrong = np.array([[scale, skew, shift], [0.0, scale, -shift], [0.0, 0.0, 1.0]])
    start = replace(truth, homography=truth.homography @ wrong)
    found = stretched(rounded_grid(7.7519), start)
    across, down = found.px_per_mm((120.0, 60.0))
    assert abs(across / 7.7519 - 1) < 1e-4 and abs(down / 7.7519 - 1) < 3e-4
    corners = np.array([[0.0, 0.0], [245.0, 0.0], [0.0, 115.0], [245.0, 115.0]])
    error_mm = (found.to_px(corners) - truth.to_px(corners)) / 7.7519
    assert np.ptp(error_mm, axis=0).max() < 0.03  # the same everywhere; rounding down moves all lines by half a pixel


def test_a_sheet_without_lines_is_not_stretched() -> None:
    pixels = np.clip(np.random.default_rng(6).normal(240, 4, (650, 860, 3)), 0, 255).astype(np.uint8)
    flat = replace(PageGeometry.flat(7.0, (10.0, 10.0)), extent_mm=(0.0, 0.0, 120.0, 90.0))
    assert stretched(pixels, flat) is flat


def test_there_is_nothing_to_follow_on_paper_without_lines() -> None:
    pixels = np.clip(np.random.default_rng(6).normal(240, 4, (650, 860, 3)), 0, 255).astype(np.uint8)
    flat = replace(PageGeometry.flat(7.0, (10.0, 10.0)), extent_mm=(0.0, 0.0, 120.0, 90.0))
    assert follow_lines(pixels, flat) is None


@pytest.mark.parametrize("counted", [(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)])
def test_lines_that_were_counted_twice_as_finely_are_recounted(counted: tuple[float, float]) -> None:
    pixels, truth = crumpled_grid(np.random.default_rng(7), 0.1)
    scale = np.array(counted)
    shifted = np.array([5.0, 10.0])  # an odd and an even place
    finer = np.array([[1 / scale[0], 0, -shifted[0]], [0, 1 / scale[1], -shifted[1]], [0, 0, 1.0]])
    low, high = scale * shifted, scale * (np.array([120.0, 90.0]) + shifted)
    start = replace(truth, homography=truth.homography @ finer, bend_mm=None, extent_mm=(*low, *high))
    found = every_other(pixels, start)
    mm = np.array([[20.0, 15.0], [70.0, 40.0], [95.0, 75.0]])
    off = found.to_mm(truth.to_px(mm)) - mm
    assert np.abs(off - off.mean(0)).max() < 0.6  # one shift for all, by whole lines
    assert np.abs(off.mean(0) / 5 - np.round(off.mean(0) / 5)).max() < 0.1


def test_one_line_alone_does_not_tell_how_finely_it_was_counted() -> None:
    pixels, truth = crumpled_grid(np.random.default_rng(8), 0.1)
    narrow = replace(truth, bend_mm=None, extent_mm=(36.0, 6.0, 44.0, 84.0))
    assert every_other(pixels, narrow).extent_mm == narrow.extent_mm


def test_crossings_that_hardly_agree_are_no_page() -> None:
    places = np.array([(col, row) for col in range(8) for row in range(8)])
    px = np.random.default_rng(9).uniform(0, 1000, (len(places), 2))
    with pytest.raises(ValueError, match="do not lie on a page"):
        fit_geometry(Lattice(px, places))


def test_a_sheet_heard_along_one_line_only_is_not_made_flat_by_that() -> None:
    from digitize.grid.phase_refinement import _straightened
    from digitize.grid.smooth_field import field_nodes

    bent = replace(PageGeometry(np.diag([4.0, 4.0, 1.0]), None, (0.0, 0.0, 200.0, 100.0)), error_mm=0.1)
    nodes = field_nodes(bent.extent_mm)
    bend = np.zeros_like(nodes)
    bend[..., 1] = 0.5 * np.sin(nodes[..., 0] / 20)
    trust = np.zeros(nodes.shape[:2])
    trust[2] = 1.0
    for row in (bend, 1e300 * bend):
        found = _straightened(replace(bent, bend_mm=row), trust)
        assert found is None or np.isfinite(found.homography).all()


def test_lines_that_were_rounded_to_dots_and_then_curled_are_not_followed_dot_by_dot() -> None:
    px_per_mm = 7.7519
    flat = rounded_grid(px_per_mm)
    width, rise_px = flat.shape[1], 2.0 * px_per_mm
    y, x = np.mgrid[0 : flat.shape[0] + 20, 0:width].astype(np.float32)
    along = x + 0.3 * rise_px * np.sin(2 * np.pi * x / (width - 1))
    down = y - rise_px * np.sin(np.pi * x / (width - 1))
    curled = cv2.remap(flat, along, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    start = replace(PageGeometry.flat(px_per_mm, (-0.5, 0.6 * rise_px)), extent_mm=(10.0, 10.0, 235.0, 105.0))
    found = refine(curled, start)
    at = np.stack(np.meshgrid(np.arange(200, width - 200, 40), np.arange(200, 750, 40)), axis=-1)
    true_mm = np.stack([along[at[..., 1], at[..., 0]], down[at[..., 1], at[..., 0]]], axis=-1) / px_per_mm
    error_mm = (found.to_mm(at.reshape(-1, 2).astype(float)) - true_mm.reshape(-1, 2)).reshape(at.shape)
    assert error_mm.std((0, 1)).max() < 0.03
