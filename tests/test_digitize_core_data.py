"""What the passes learn from: samples that depend on nothing but their number, targets where the truth says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from oracle import SIZE_PX, heart, scene, unpainted

from digitize.grid.lattice import find_nodes
from digitize.nets.inputs import (
    PULSE,
    ROW_HEIGHT_PX,
    ROW_PX_PER_MM,
    ROW_TARGET,
    TEXT,
    column_centres_px,
    fit_image,
    fit_matrix,
    with_height,
)
from digitize.training.page_files import find_pages
from digitize.training.prepared_pages import PreparedPages
from digitize.training.samples import (
    PageDataset,
    Residual,
    RowDataset,
    column_heights,
    load_page,
    page_example,
    page_targets,
    residual_map,
    row_example,
)
from ecg.fit.seeds import rng_for
from ecg.formats import write
from ecg.geometry import project
from ecg.leads import STANDARD
from ecg.reading import Reading
from simulate.capture.camera import pixel_mm
from simulate.dataset.page_stream import MixedHearts, PageStream, SyntheticHearts
from simulate.printed.ink import Ink

SHARES = {"clean": 0.4, "scan": 0.3, "photo": 0.3}
Sample = dict[str, torch.Tensor]


def pages(seed: int) -> PageDataset:
    return PageDataset(PageStream(MixedHearts([SyntheticHearts()], [1.0]), seed, SHARES), 9, (128, 96))


def rows(seed: int) -> RowDataset:
    return RowDataset(PageStream(MixedHearts([SyntheticHearts()], [1.0]), seed, SHARES), 9, 64)


def same(a: Sample, b: Sample) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k].nan_to_num(-9), b[k].nan_to_num(-9)) for k in a)


@pytest.mark.parametrize("dataset", [pages, rows])
def test_a_sample_is_a_pure_function_of_seed_epoch_and_index(dataset: Callable[[int], PageDataset]) -> None:
    one, two = dataset(3), dataset(3)
    two.set_epoch(1)
    later = two[4]
    assert same(later, two[4])
    two.set_epoch(0)
    assert same(two[4], one[4])
    for other in (later, one[5], dataset(4)[4]):
        assert not torch.equal(other["image"], one[4]["image"])


# --- the picture for the page pass ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size_px", [(1700, 1300), (1301, 2003), (640, 480), (300, 420), (2600, 700), (1023, 1025)])
def test_the_matrix_says_where_everything_in_the_fitted_picture_is(size_px: tuple[int, int]) -> None:
    matrix = fit_matrix(size_px, SIZE_PX)
    scale = np.sqrt(np.linalg.det(matrix[:2, :2]))
    for share in ((0.5, 0.5), (0.2, 0.3), (0.8, 0.75), (0.15, 0.8)):
        point = np.array(share) * size_px
        across, down = np.meshgrid(np.arange(size_px[0]) - point[0], np.arange(size_px[1]) - point[1])
        dot = 200 * np.exp(-(across**2 + down**2) / (2 * (2 / scale) ** 2))
        seen = fit_image(np.repeat(dot[..., None].round().astype(np.uint8), 3, axis=2), matrix, SIZE_PX)[..., 0]
        wanted = project(matrix, point)
        x, y = np.meshgrid(np.arange(SIZE_PX[0]), np.arange(SIZE_PX[1]))
        weight = seen * (np.hypot(x - wanted[0], y - wanted[1]) < 6.0)
        found = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        assert np.abs(found - wanted).max() < 0.1  # the network's px


@pytest.mark.parametrize("size_px", [(900, 1200), (1200, 900), (1000, 1000)])
def test_a_portrait_is_turned_clockwise_and_fills_the_frame(size_px: tuple[int, int]) -> None:
    matrix = fit_matrix(size_px, SIZE_PX)
    width, height = size_px
    low_left = project(matrix, np.array([-0.5, height - 0.5]))
    if height > width:  # the lower left corner becomes the upper left one
        assert low_left[0] < SIZE_PX[0] / 2 and low_left[1] < SIZE_PX[1] / 2
    else:
        assert low_left[0] < SIZE_PX[0] / 2 and low_left[1] > SIZE_PX[1] / 2
    corners = project(matrix, np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]]))
    np.testing.assert_allclose(corners.mean(0), np.array(SIZE_PX) / 2 - 0.5)
    sides = np.abs(np.diff(corners, axis=0))[0]
    assert np.isclose(sides, SIZE_PX).any() and (sides <= np.array(SIZE_PX) + 1e-9).all()


# --- targets of the page pass -----------------------------------------------------------------------------------------


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
    x0, y0, x1, y1 = truth.facts["grid_mm"]
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
    bare = replace(truth, facts={**truth.facts, "grid_mm": None})
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
    pulses = truth.geometry.after(matrix).to_px(np.array(truth.facts["pulses_mm"]))
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


def test_heights_stop_at_gaps() -> None:
    curve = np.array([[0, 1], [2, 3], [4, 5], [5, np.nan], [6, 7], [8, 9.0]])
    found = column_heights(curve, np.array([-1, 0, 1, 4, 5, 6, 7.5, 9]))
    np.testing.assert_allclose(found, [np.nan, 1, 2, 5, np.nan, 7, 8.5, np.nan])


# --- the row pass -----------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
def test_a_residual_is_undone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    residual = Residual.sample(rng)
    mm = rng.uniform(-24, 24, (200, 2))
    assert np.abs(residual.inverse(residual(mm)) - mm).max() < 0.01
    assert np.abs(residual(residual.inverse(mm)) - mm).max() < 0.01


@pytest.mark.parametrize("seed", range(5))
def test_pixels_and_targets_of_a_row_go_through_one_residual(seed: int) -> None:
    """The picture is fetched by the map of every pixel, the targets are sent by its inverse: they must meet."""
    residual = Residual.sample(np.random.default_rng(seed))
    true_mm = residual_map(residual, 96)
    x, y = np.meshgrid(np.arange(96), np.arange(ROW_HEIGHT_PX))
    sent = residual.inverse(true_mm) * ROW_PX_PER_MM + np.array([96, ROW_HEIGHT_PX]) / 2 - 0.5
    assert np.abs(sent - np.stack([x, y], -1)).max() < 0.05  # px


def clean_row(seed: int) -> Sample:
    found = scene(seed, "clean", "3x4+1")
    paper = replace(
        found.paper, pen_mm=0.3, kind="5mm", heavy_strength=0.3, ink_rgb=(0, 0, 0), ink_strength=1.0, ink=Ink()
    )
    return row_example(replace(found, paper=paper), heart(seed), rng_for(0, 0, seed), 128)


@pytest.mark.parametrize("seed", range(6))
def test_the_ink_of_a_row_lies_at_the_signals_height(seed: int) -> None:
    sample = clean_row(seed)
    assert sample["image"].shape == (4, ROW_HEIGHT_PX, 128) and sample["signal"].shape == (1, 256)
    assert sample["seg"].dtype == torch.int64 and sample["signal"].dtype == torch.float32
    heights = sample["signal"][0].numpy()
    steps = np.abs(np.gradient(heights))
    calm = np.flatnonzero(np.isfinite(heights) & (steps < 1) & (heights > 30) & (heights < ROW_HEIGHT_PX - 30))
    assert len(calm) > 10
    dark = 1 - sample["image"][:3].numpy().mean(0)
    y, x = np.rint(heights[calm]).astype(int), np.rint(column_centres_px(128)[calm]).astype(int).clip(0, 127)
    assert (sample["seg"].numpy()[y, x] == ROW_TARGET).mean() > 0.9
    around = np.stack([dark[y + d, x] for d in range(-8, 9)])
    pull = np.clip(around - np.median(around, 0), 0, None)
    centre = (pull * np.arange(-8, 9)[:, None]).sum() / pull.sum()
    assert abs(centre) < 0.6  # px of 1/8 mm, averaged over the crop
    assert around[8].mean() > 3 * np.median(around)


def test_columns_stand_at_a_quarter_and_three_quarters_of_a_pixel() -> None:
    np.testing.assert_allclose(column_centres_px(3), [-0.25, 0.25, 0.75, 1.25, 1.75, 2.25])


def test_the_fourth_channel_is_the_height_below_the_zero_line() -> None:
    with_it = with_height(torch.zeros(3, ROW_HEIGHT_PX, 5))
    assert with_it.shape == (4, ROW_HEIGHT_PX, 5)
    height = (with_it[3, :, 2] - 0.5) * 40  # mm
    centres_mm = (torch.arange(ROW_HEIGHT_PX) + 0.5) / ROW_PX_PER_MM - ROW_HEIGHT_PX / ROW_PX_PER_MM / 2
    torch.testing.assert_close(height, centres_mm, atol=1e-4, rtol=0)


# --- pages on disk ----------------------------------------------------------------------------------------------------


def folder_with_a_page(folder: Path) -> Reading:
    """A page as the simulator writes it."""
    page, truth = replace(scene(6, long_side_px=400), effects={}).render(heart(6))
    cv2.imwrite(str(folder / "a.png"), page.pixels[..., ::-1])
    truth.save_json(folder / "a.json")
    write(truth.record, folder / "a.csv")
    return truth


def test_pages_on_disk_keep_their_targets(tmp_path: Path) -> None:
    truth = folder_with_a_page(tmp_path)
    dataset = PreparedPages(find_pages(tmp_path, tmp_path)[0], (128, 96))
    wanted, sample = page_example(truth.page.pixels, truth, (128, 96)), dataset[0]
    assert len(dataset) == 1 and same(sample, dataset[0])
    assert (sample.pop("seg") == wanted["seg"]).float().mean() > 0.999  # the file holds hundredths of a px
    for name in sample.keys() - {"image"}:
        torch.testing.assert_close(wanted[name], sample[name], atol=0.1, rtol=0, equal_nan=True)


def test_pages_on_disk_are_seen_in_another_light_in_every_epoch(tmp_path: Path) -> None:
    folder_with_a_page(tmp_path)
    dataset = PreparedPages(find_pages(tmp_path, tmp_path)[0], (128, 96))
    lights = []
    for epoch in range(6):
        dataset.set_epoch(epoch)
        lights.append(dataset[0]["image"])
    assert sum(not torch.equal(light, lights[0]) for light in lights) >= 4


def test_a_folder_that_cannot_be_trained_on_says_why(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no pages; expected <stem>\.png"):
        find_pages(tmp_path, tmp_path)
    folder_with_a_page(tmp_path)
    (tmp_path / "a.csv").unlink()
    with pytest.raises(ValueError, match=r"a\.csv: the signal of a\.png is missing"):
        load_page(tmp_path / "a.png", tmp_path / "a.csv")
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"a\.png: not a readable picture"):
        load_page(tmp_path / "a.png", tmp_path / "a.csv")
