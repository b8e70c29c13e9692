"""What the page pass learns from: targets where the truth says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracle import SIZE_PX, scene, unpainted

from digitize.grid.lattice import find_nodes
from digitize.nets.inputs import PULSE, TEXT, fit_matrix
from digitize.training.page_samples import page_example, page_targets
from ecg.geometry import project
from ecg.leads import STANDARD
from ecg.reading import Reading
from simulate.capture.camera import pixel_mm


def photo(seed: int, quarter_turns: int = 0) -> Reading:
    """A bent page seen from a slant, near enough that it lies whole in the picture."""
    found = scene(seed, "photo", "3x4+1", pulse="left")
    view = replace(found.view, angle_deg=4.0, tilt_deg=15.0, bend_mm=2.0)
    return unpainted(replace(found, view=view, fill=0.95, quarter_turns=quarter_turns))


def targets_of(truth: Reading) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    matrix = fit_matrix(truth.page.size_px, SIZE_PX)
    return matrix, page_targets(truth, matrix, SIZE_PX)


@pytest.mark.parametrize("seed", [1, 2])
def test_grid_peaks_stand_on_the_crossings_of_5_mm_lines(seed: int) -> None:
    truth = photo(seed)
    matrix, targets = targets_of(truth)
    seen = truth.geometry.after(matrix)
    x0, y0, x1, y1 = truth.scene.grid_mm
    mm = seen.to_mm(find_nodes(targets["grid"][0]))
    assert np.abs(seen.to_px(5 * np.round(mm / 5)) - seen.to_px(mm)).max() < 0.35
    x, y = (np.arange(np.ceil(a / 5) * 5, b, 5) for a, b in ((x0, x1), (y0, y1)))
    px = seen.to_px(np.stack(np.meshgrid(x, y), axis=-1)).reshape(-1, 2)
    inside = ((px > 2) & (px < np.array(SIZE_PX) - 3)).all(1).sum()
    assert abs(len(mm) - inside) < 0.03 * inside
    paper = pixel_mm(seen, SIZE_PX)
    outside = (paper < [x0 - 3, y0 - 3]).any(-1) | (paper > [x1 + 3, y1 + 3]).any(-1)
    assert outside.any() and not targets["grid"][0][outside].any()


def test_paper_without_a_grid_has_no_crossings() -> None:
    truth = photo(1)
    bare = replace(truth, scene=replace(truth.scene, grid_mm=None))
    assert not targets_of(bare)[1]["grid"].any()


def test_no_crossing_is_asked_for_in_the_margin_around_the_picture() -> None:
    truth = unpainted(scene(2, "photo"))
    tall = np.zeros((1600, 400, 3), np.uint8)  # its frame has margins on two sides, over which the paper would go on
    grid = page_example(tall, truth, SIZE_PX)["grid"][0].numpy()
    low = project(fit_matrix((400, 1600), SIZE_PX), np.array([-0.5, -0.5]))[1]
    high = project(fit_matrix((400, 1600), SIZE_PX), np.array([399.5, -0.5]))[1]
    rows = np.arange(SIZE_PX[1])
    margin = (rows < min(low, high)) | (rows > max(low, high))
    assert margin.sum() > 100 and not grid[margin].any() and grid[~margin].any()


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_theta_is_the_direction_of_the_paper_in_the_frame(quarter_turns: int) -> None:
    truth = photo(3, quarter_turns)
    matrix, targets = targets_of(truth)
    x0, y0, x1, y1 = truth.layout.extent_mm
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    left, right = truth.geometry.after(matrix).to_px(middle + np.array([[-1.0, 0], [1.0, 0]]))
    wanted = (right - left) / np.hypot(*(right - left))
    np.testing.assert_allclose(targets["theta"], wanted[::-1], atol=0.01)
    assert np.isfinite(targets["signal"]).any() == (abs(wanted[1]) < 0.25 and wanted[0] > 0)


def test_ink_stands_where_the_truth_says_in_its_leads_class() -> None:
    truth = photo(4)
    matrix, targets = targets_of(truth)
    for trace in truth.traces:
        points = project(matrix, np.stack([trace.x_px, trace.y_px], -1))
        px = np.rint(points[np.isfinite(points).all(1)]).astype(int)
        seen = targets["seg"][px[:, 1], px[:, 0]]
        assert np.mean(seen == 1 + STANDARD.index(trace.lead)) > 0.85, trace.lead  # neighbours cross it
    pulses = truth.geometry.after(matrix).to_px(np.array(truth.scene.pulses_mm))
    tops = np.rint(pulses[:, 2:4].mean(1)).astype(int)  # the middle of each plateau
    assert (targets["seg"][tops[:, 1], tops[:, 0]] == PULSE).all()
    assert (targets["seg"] == TEXT).any()
    assert set(np.unique(targets["seg"])) <= set(range(15))


def test_baselines_run_along_the_rows() -> None:
    truth = photo(4)
    matrix, targets = targets_of(truth)
    seen = truth.geometry.after(matrix)
    for row in truth.layout.rows():
        x = np.linspace(row[0].box_mm[0] + 2, row[-1].box_mm[2] - 2, 50)
        on = np.rint(seen.to_px(np.stack([x, np.full(50, row[0].baseline_mm)], -1))).astype(int)
        between = np.rint(seen.to_px(np.stack([x, np.full(50, row[0].box_mm[1])], -1))).astype(int)
        heat = targets["baseline"][0]
        assert heat[on[:, 1], on[:, 0]].min() > 0.85
        assert heat[between[:, 1], between[:, 0]].max() < 0.1


def test_the_signal_is_the_traces_height_in_every_column() -> None:
    truth = unpainted(scene(5, "scan", "6x2"))
    matrix, targets = targets_of(truth)
    columns = np.arange(SIZE_PX[0])
    for trace in truth.traces:
        px = project(matrix, np.stack([trace.x_px, trace.y_px], -1))
        row = targets["signal"][STANDARD.index(trace.lead)]
        inside = (columns > px[0, 0] + 1) & (columns < px[-1, 0] - 1)
        np.testing.assert_allclose(row[inside], np.interp(columns[inside], px[:, 0], px[:, 1]), atol=0.01)
        outside = (columns < px[0, 0] - 1) | (columns > px[-1, 0] + 1)
        assert np.isnan(row[outside]).all()
