"""Rendered pages and their truth: pure in the seed, exact to a fraction of a pixel whatever the camera does."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg.layout import TEMPLATES
from ecg.leads import STANDARD
from ecg.page import traces_to_record
from ecg.reading import Reading
from ecg.record import Record
from simulate import Scene
from simulate.capture.camera import View
from simulate.capture.relief import RELIEF
from simulate.heart import synthetic_record
from simulate.presets import presets
from simulate.printed.ink import Ink
from simulate.printed.sheet import Sheet

BLANK = Record(np.full((12, 5000), np.nan, np.float32), 500.0, STANDARD)
HEART = synthetic_record(5, "SR", noise={}, conditions=())


def plain(seed: int, preset: str = "clean", long_side_px: int = 1000, layout: str | None = None, **changes) -> Scene:
    """A scene without wear and with smooth ink, small enough for a test."""
    scene = Scene.sample(seed, preset, layout=layout)
    paper = replace(scene.paper, ink=Ink(), ink_strength=1.0)
    return replace(scene, effects={}, paper=paper, long_side_px=long_side_px, **changes)


# --- one seed, one page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", presets())
def test_a_page_depends_on_its_seed_and_record_alone(preset: str) -> None:
    pages = []
    for seed in (3, 4, 3):
        scene = replace(Scene.sample(seed, preset), long_side_px=500)
        pages.append(scene.render(HEART))
    assert np.array_equal(pages[0][0].pixels, pages[2][0].pixels)
    assert pages[0][1].to_dict() == pages[2][1].to_dict()
    assert pages[0][1].to_dict() != pages[1][1].to_dict()


def test_difficulty_0_leaves_no_wear_and_no_tilt() -> None:
    scenes = [Scene.sample(seed, "photo", 0.0) for seed in range(20)]
    worn = [s for scene in scenes for name, s in scene.effects.items() if name not in ("grey", "threshold")]
    assert worn and max(worn) == 0.0
    assert max(scene.view.tilt_deg + scene.view.bend_mm for scene in scenes) == 0.0


def test_quilted_pages_have_any_order_and_any_grid() -> None:
    scenes = [Scene.sample(seed, "quilted", layout="6x2") for seed in range(24)]
    orders = {tuple(box.lead for box in scene.layout.boxes) for scene in scenes}
    assert all(sorted(order) == sorted(STANDARD) for order in orders) and 3 < len(orders) < 15
    lines = [np.mean(scene.paper.heavy_rgb) / np.mean(scene.paper.paper_rgb) for scene in scenes]
    assert min(lines) < 0.35 and max(lines) > 0.6
    usual = Scene.sample(3, "scan", layout="6x2")
    assert [box.lead for box in usual.layout.boxes] == [lead for row in TEMPLATES["6x2"].grid for lead in row]


def test_an_unknown_preset_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"unknown preset 'x-ray'.*photo"):
        Scene.sample(0, "x-ray")


# --- traces -----------------------------------------------------------------------------------------------------------


def ink_share(scene: Scene, record: Record) -> tuple[np.ndarray, Reading]:
    """How much trace ink every pixel holds, 0..1, by comparing with the same page without traces; and the truth."""
    page, truth = scene.render(record)
    empty, _ = scene.render(BLANK)
    ink, paper = 255 * np.array(scene.paper.ink_rgb), empty.pixels.astype(float)
    towards = paper - ink
    return ((paper - page.pixels) * towards).sum(2) / np.maximum((towards**2).sum(2), 1), truth


def centroid_errors_px(share: np.ndarray, truth: Reading) -> np.ndarray:
    """Centroid of the ink minus true height, px, in every column where a trace is flat; NaN where there is no ink."""
    errors = []
    for trace in truth.traces:
        columns = np.arange(int(trace.x_px[0]) + 5, int(trace.x_px[-1]) - 5)
        columns = columns[(columns > 0) & (columns < share.shape[1])]
        around = np.array([np.interp(columns + d, trace.x_px, trace.y_px) for d in range(-4, 5)])
        flat = np.ptp(around, axis=0) < 0.8
        for column, height in zip(columns[flat], around[4][flat], strict=True):
            first = round(height) - 6
            if first >= 0 and first + 13 <= len(share):
                seen = share[first : first + 13, column]
                centroid = seen @ np.arange(first, first + 13) / max(seen.sum(), 1e-9)
                errors.append(centroid - height if seen.sum() > 0.3 else np.nan)
    return np.array(errors)


@pytest.mark.parametrize(("preset", "seed"), [("clean", 1), ("clean", 4), ("clean", 5), ("photo", 3), ("photo", 5)])
def test_the_trace_found_in_the_pixels_is_the_true_one(preset: str, seed: int) -> None:
    scene = plain(seed, preset, 1400, "3x4+1", quarter_turns=0)
    bare = replace(scene.style, has_names=False, separator="none", pulse="none")
    scene = replace(scene, style=bare, view=replace(scene.view, angle_deg=2.0 if preset == "photo" else 0.0))
    errors = centroid_errors_px(*ink_share(scene, HEART))
    assert len(errors) > 500
    assert np.isfinite(errors).mean() > 0.99
    assert np.nanmedian(np.abs(errors)) < 0.15
    assert np.abs(np.nanmedian(errors)) < 0.1


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_layout_is_drawn_with_all_its_leads(name: str) -> None:
    scene = plain(9, "clean", 900, name)
    share, truth = ink_share(scene, HEART)
    assert truth.layout.name == name
    assert [t.lead for t in truth.traces] == [b.lead for b in truth.layout.boxes]
    for trace in truth.traces:
        seen = np.isfinite(trace.y_px)
        assert seen.mean() > 0.7
        cols, rows = np.round(trace.x_px[seen]).astype(int), np.round(trace.y_px[seen]).astype(int)
        inside = (rows >= 0) & (rows < share.shape[0]) & (cols >= 0) & (cols < share.shape[1])
        assert inside.mean() > 0.9
        assert np.median(share[rows[inside], cols[inside]]) > 0.25


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from(["clean", "scan", "photo"]))
@pytest.mark.slow
def test_the_true_traces_give_the_printed_signal_back(seed: int, preset: str) -> None:
    scene, heart = plain(seed, preset, 400), synthetic_record(seed)
    _, truth = scene.render(heart)
    found = traces_to_record(truth.traces, truth.geometry, truth.layout)
    # The last sample of a box lies a rounding error before its end or after it.
    both = np.isfinite(found.signal_mv) & np.isfinite(truth.record.signal_mv)
    assert both.sum() > 0.99 * np.isfinite(truth.record.signal_mv).sum()
    assert np.abs(found.signal_mv - truth.record.signal_mv)[both].max() < 0.005


# --- geometry ---------------------------------------------------------------------------------------------------------


def node_errors_px(scene: Scene) -> np.ndarray:
    """Distance between the true grid crossings and those that a corner finder sees when started nearby, px."""
    style = replace(scene.style, has_names=False, pulse="none", separator="none")
    paper = replace(
        scene.paper, kind="5mm", paper_rgb=(1, 1, 1), heavy_rgb=(0.2,) * 3, heavy_strength=1.0, heavy_width_mm=0.4
    )
    page, truth = replace(scene, style=style, paper=paper).render(BLANK)
    nodes_mm = free_nodes_mm(truth, scene.sheet(BLANK))
    nodes_px = truth.geometry.to_px(nodes_mm)
    steps = [np.linalg.norm(truth.geometry.to_px(nodes_mm + d) - nodes_px, axis=1) for d in ((1, 0), (0, 1))]
    inside = ((nodes_px > 14) & (nodes_px < np.array(page.size_px) - 15)).all(1)
    nodes_px = nodes_px[inside & (np.minimum(*steps) > 3)]  # fewer px/mm are too coarse for the corner finder
    nudge = np.random.default_rng(scene.seed).uniform(-1, 1, nodes_px.shape)
    grey = cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY)
    stop = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 60, 0.005)
    start = np.ascontiguousarray(nodes_px + nudge, np.float32)
    return np.linalg.norm(cv2.cornerSubPix(grey, start, (5, 5), (-1, -1), stop) - nodes_px, axis=1)


def free_nodes_mm(truth: Reading, sheet: Sheet) -> np.ndarray:
    """The 5 mm grid crossings well inside the grid and away from any print, [node, (x, y)]."""
    x0, y0, x1, y1 = truth.scene.grid_mm
    x, y = np.arange(np.ceil(x0 / 5) + 1, x1 / 5 - 1) * 5, np.arange(np.ceil(y0 / 5) + 1, y1 / 5 - 1) * 5
    nodes = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    lines = [[*stroke.points_mm.min(0), *stroke.points_mm.max(0)] for stroke in sheet.strokes]
    for a, b, c, d in [*truth.scene.texts_mm, *lines]:
        near = (nodes > (a - 5, b - 5)) & (nodes < (c + 5, d + 5))
        nodes = nodes[~near.all(1)]
    return nodes


def assert_grid_is_where_truth_says(scene: Scene) -> None:
    errors = node_errors_px(scene)
    assert len(errors) > 30
    assert np.median(errors) < 0.25
    assert np.quantile(errors, 0.98) < 0.5


CORNERS_MM = np.stack(np.meshgrid(np.arange(10.0, 200, 20), np.arange(10.0, 100, 20)), -1).reshape(-1, 2)
VIEWS = {
    "flat": View(),
    "turned": View(angle_deg=7.0),
    "upside down": View(angle_deg=-175.0),
    "tilted": View(tilt_deg=25.0, tilt_axis_deg=70.0, distance=1.5),
    "bent": View(bend_mm=2.5),
    "stretched": View(stretch=0.015),
    "all": View(12.0, 20.0, 200.0, 2.0, 2.0, -0.015),
}


@pytest.mark.parametrize("view", VIEWS)
def test_each_geometric_effect_moves_the_truth_with_the_picture(view: str) -> None:
    assert_grid_is_where_truth_says(plain(2, "photo", 1400, view=VIEWS[view], fill=1.0, aspect=1.5, quarter_turns=0))


@pytest.mark.parametrize("relief", [*([name] for name in RELIEF), list(RELIEF)], ids="+".join)
def test_each_relief_moves_the_truth_with_the_picture(relief: list[str]) -> None:
    scene = plain(2, "photo", 1400, view=VIEWS["all"], fill=1.0, aspect=1.5, quarter_turns=0)
    worn = replace(scene, effects=dict.fromkeys(relief, 0.8))
    moved = np.linalg.norm(worn.geometry()[0].to_px(CORNERS_MM) - scene.geometry()[0].to_px(CORNERS_MM), axis=1)
    assert moved.max() > 0.5
    assert_grid_is_where_truth_says(worn)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_quarter_turns_move_the_truth_with_the_picture(quarter_turns: int) -> None:
    assert_grid_is_where_truth_says(plain(2, "clean", 1200, quarter_turns=quarter_turns))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 100_000), st.sampled_from(["scan", "photo", "fax"]))
@pytest.mark.slow
def test_the_grid_of_any_scene_is_where_the_truth_says(seed: int, preset: str) -> None:
    scene = plain(seed, preset, 1000)
    wanted = Scene.sample(seed, preset).effects
    scene = replace(scene, effects={name: wanted[name] for name in RELIEF if name in wanted})
    seen, (width, height) = scene.geometry()
    fine = 4.5 / min(seen.px_per_mm(tuple(seen.to_mm(np.array([[width / 2, height / 2]]))[0])))
    assert_grid_is_where_truth_says(replace(scene, long_side_px=round(1000 * fine)))


def test_a_truth_that_is_off_by_a_pixel_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = plain(2, "clean", 1200)
    shift, original = np.array([[1, 0, 1.0], [0, 1, 0], [0, 0, 1]]), Scene.render

    def render(self: Scene, record: Record) -> tuple:
        page, truth = original(self, record)
        return page, replace(truth, geometry=truth.geometry.after(shift))

    monkeypatch.setattr(Scene, "render", render)
    assert np.median(node_errors_px(scene)) > 0.7
