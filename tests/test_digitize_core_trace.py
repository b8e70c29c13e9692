"""From a rectified row to a curve in paper mm."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from oracle import heart, scene
from torch import Tensor, nn

from digitize.nets.inputs import ROW_CLASSES, ROW_COLUMNS_PER_PX, ROW_PX_PER_MM
from digitize.trace.lead_traces import cut
from digitize.trace.path_decoding import decode_columns, follow, likeliest_path, own_ink, smoothed
from digitize.trace.row_reading import RowReading, read_row, shrunk, strip_window
from ecg.geometry import PageGeometry
from ecg.layout import TEMPLATES
from ecg.reading import Trace

torch.set_num_threads(1)


def test_heights_are_decoded_between_rows() -> None:
    wanted = torch.linspace(6.0, 30.0, 97)
    at = torch.arange(40.0)[:, None]
    logits = -((at - wanted) ** 2) / 2
    height, certainty = decode_columns(logits)
    assert float((height - wanted).abs().max()) < 0.01
    assert certainty.min() > 0.99
    both = decode_columns(torch.stack([logits, logits.flip(1)])[:, None])[0]
    assert both.shape == (2, 1, 97)
    torch.testing.assert_close(both[1, 0], height.flip(0))


def test_a_ghost_elsewhere_costs_certainty_and_not_height() -> None:
    at = torch.arange(60.0)
    share = torch.exp(-((at - 20.3) ** 2) / 2) + 0.5 * torch.exp(-((at - 45.0) ** 2) / 2)
    height, certainty = decode_columns(share.log()[:, None])
    assert float(height) == pytest.approx(20.3, abs=0.01)
    assert float(certainty) == pytest.approx(2 / 3, abs=0.01)


def flat_with(bright: np.ndarray) -> np.ndarray:
    """Shares [col, row] of a line at row 200 of 320 with three columns in its middle that hold `bright` [3, row]."""
    share = np.full((40, 320), 1e-6)
    share[:, 200] = 1.0
    share[19:22] = bright + 1e-6
    return share / share.sum(1, keepdims=True)


def test_the_tip_of_a_tall_beat_is_reached_along_its_flanks() -> None:
    flanks = np.zeros((3, 320))
    flanks[:, 60:200] = 1 / 140  # one stroke up and down: every height of it is as likely
    flanks[1, 60:64] = 1 / 4
    assert likeliest_path(flat_with(flanks))[20] < 64


def test_what_stands_apart_is_not_jumped_to() -> None:
    fold = np.zeros((3, 320))
    fold[:, 60], fold[:, 200] = 0.8, 0.2  # likelier than the line, with nothing in between
    np.testing.assert_array_equal(likeliest_path(flat_with(fold)), 200)


def test_what_stands_apart_is_reached_along_the_traces_own_ink() -> None:
    tip = np.zeros((3, 320))
    tip[:, 60], tip[:, 200] = 0.96, 0.04
    stroke = np.zeros((320, 20))  # at half as many columns, as the network's map has them
    stroke[60:200, 9:12] = 0.9
    logits = torch.from_numpy(np.log(flat_with(tip).T))
    assert follow(logits, own_ink(stroke, np.zeros(40)))[0][20] == pytest.approx(60, abs=1)
    mark = np.zeros(40)
    mark[0] = 0.9  # a lead begins near by: this may be a separator
    assert follow(logits, own_ink(stroke, mark))[0][20] == pytest.approx(200, abs=1)


def test_columns_are_smoothed_where_they_are_unsure() -> None:
    noise = np.random.default_rng(0).normal(size=2000)
    np.testing.assert_array_equal(smoothed(noise, np.full(2000, 2.0)), noise)
    std = [smoothed(noise, np.full(2000, spread)).std() / noise.std() for spread in (4.0, 6.0, 10.0, 30.0)]
    assert 1 > std[0] > std[1] > std[2] == std[3] == pytest.approx(np.sqrt(3 / 8), rel=0.05)
    flank = 3.0 * np.arange(20)
    np.testing.assert_allclose(smoothed(flank, np.linspace(0.5, 20, 20))[:-1], flank[:-1])


def test_a_trace_at_the_strips_edge_stays_in_the_strip() -> None:
    height, certainty = decode_columns(torch.eye(10)[:, [0, 9]] * 50)
    torch.testing.assert_close(height, torch.tensor([0.0, 9.0]))
    torch.testing.assert_close(certainty, torch.ones(2))


@pytest.mark.parametrize(("wide_mm", "half_mm"), [(250.0, 20.0), (274.3, 23.1), (100.0, 31.0)])
def test_a_strip_suits_the_network_and_holds_what_was_asked(wide_mm: float, half_mm: float) -> None:
    x0, y0, x1, y1 = strip_window(-7.0, -7.0 + wide_mm, 60.0, half_mm)
    for side in ((x1 - x0) * ROW_PX_PER_MM, (y1 - y0) * ROW_PX_PER_MM):
        assert side % 32 == 0
    assert x0 == -7.0 and wide_mm <= x1 - x0 < wide_mm + 4
    assert (y0 + y1) / 2 == 60.0 and half_mm - 0.1 <= (y1 - y0) / 2 < half_mm + 4


def test_a_fine_page_is_averaged_down_with_its_geometry() -> None:
    y, x = np.mgrid[:1203, :1606]
    ramp = np.stack([x // 8, y // 8, 0 * x], -1).astype(np.uint8)
    geometry = PageGeometry.flat(25.0, (40.0, 30.0), 3.0)
    small, seen_by = shrunk(ramp, replace(geometry, extent_mm=(0.0, 0.0, 60.0, 40.0)))
    assert small.shape == (601, 803, 3)
    mm = np.random.default_rng(0).uniform([5, 5], [50, 35], (50, 2))
    px = np.rint(seen_by.to_px(mm)).astype(int)
    np.testing.assert_allclose(small[px[:, 1], px[:, 0], :2] * 8.0 + 3.5, geometry.to_px(mm), atol=6)
    coarse = replace(PageGeometry.flat(8.0), extent_mm=(0.0, 0.0, 60.0, 40.0))
    assert shrunk(ramp, coarse) == (ramp, coarse)


class DarkFinder(nn.Module):
    """A row network without learning: the trace is where the strip is dark."""

    def __init__(self) -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(60.0))

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        dark = (1 - image[:, :3].mean(1)) * self.sharpness  # [batch, row, px]
        fine = nn.functional.interpolate(dark, scale_factor=ROW_COLUMNS_PER_PX, mode="linear")[:, None]
        there = fine.amax(2) - 0.5 * self.sharpness
        seg = torch.zeros(1, ROW_CLASSES, *image.shape[2:])
        return {"signal": fine, "signal_valid": there, "signal_edge": torch.zeros_like(there), "seg": seg}


@pytest.mark.parametrize(("preset", "seed"), [("clean", 1), ("photo", 2)])
def test_a_row_is_read_where_its_ink_is(preset: str, seed: int) -> None:
    found = scene(seed, preset, "6x1-limb", long_side_px=2200)
    paper = replace(
        found.paper, fine_strength=0.0, heavy_strength=0.0, pen_mm=0.35, ink_rgb=(0, 0, 0), ink_strength=1.0
    )
    style = replace(found.style, pulse="none", has_names=False, separator="none")
    page, truth = replace(found, paper=paper, style=style, effects={}, fill=0.95).render(heart(seed))
    box, trace = truth.layout.boxes[2], truth.traces[2]
    pixels, seen_by = shrunk(page.pixels, truth.geometry)
    row = read_row(DarkFinder(), pixels, seen_by, strip_window(*box.box_mm[::2], box.baseline_mm, 8.0))
    mm = truth.geometry.to_mm(np.stack([trace.x_px, trace.y_px], -1))
    wanted = np.interp(row.x_mm, mm[:, 0], mm[:, 1], left=np.nan, right=np.nan)
    calm = np.abs(np.gradient(wanted)) < 0.02  # on flanks a column holds many heights
    assert row.x_mm.shape == row.y_mm.shape == row.certainty.shape == row.presence.shape
    assert row.seg.shape[2] * ROW_COLUMNS_PER_PX == len(row.x_mm)
    assert np.diff(row.x_mm) == pytest.approx(1 / 16)
    assert calm.sum() > 1500
    off = (row.y_mm - wanted)[calm]
    assert abs(np.median(off)) < 0.03 and np.percentile(np.abs(off), 90) < 0.12
    assert (row.presence[calm] > 0.5).mean() > 0.98
    late = cv2.matchTemplate(row.y_mm[None, 40:-40].astype(np.float32), wanted[None, 60:3000].astype(np.float32), 1)
    assert abs(int(late.argmin()) - 20) <= 1  # nor is anything off along the row


# --- a lead's ends ----------------------------------------------------------------------------------------------------


def slope_read(certainty: dict[range, float], presence: dict[range, float] | None = None) -> RowReading:
    """A row that rises by 0.1 mm a column of 0.0625 mm from x = 0; sure and there but for some columns."""
    x_mm = (np.arange(400) + 0.5) * 0.0625
    sure, there = np.ones(400), np.ones(400)
    for values, told in ((sure, certainty), (there, presence or {})):
        for columns, value in told.items():
            values[list(columns)] = value
    return RowReading(x_mm, np.arange(400) * -0.1, sure, there, np.zeros(400), np.zeros((5, 8, 200)), (0.0, -4.0))


def cut_out(row: RowReading) -> Trace:
    """The lead from 5 to 20 mm: columns 80 to 319."""
    layout = TEMPLATES["3x4"].place()
    box = replace(layout.boxes[0], box_mm=(5.0, -20.0, 20.0, 20.0))
    return cut(box, row, PageGeometry.flat(1.0))


def test_what_a_separator_covers_is_held_from_inside() -> None:
    trace = cut_out(slope_read({range(76, 85): 0.4, range(314, 323): 0.4}))
    np.testing.assert_allclose(trace.y_px[:4], -8.5)
    np.testing.assert_allclose(trace.y_px[-5:], -31.3)
    np.testing.assert_allclose(np.diff(trace.y_px[5:-6]), -0.1)
    assert trace.confidence[1] == pytest.approx(0.4)  # it is not sure all the same


def test_a_steep_flank_at_the_beginning_stays() -> None:
    trace = cut_out(slope_read({range(85, 88): 0.5}))  # a doubt that does not reach the end
    np.testing.assert_allclose(np.diff(trace.y_px[1:-1]), -0.1)


def test_only_the_last_bit_of_a_hidden_stretch_is_held() -> None:
    trace = cut_out(slope_read({range(70, 120): 0.1}, {range(70, 120): 0.0}))
    x_mm = trace.x_px
    assert np.isnan(trace.y_px[x_mm < 7.4]).all() and np.isfinite(trace.y_px[x_mm > 7.6]).all()
    assert (trace.confidence[x_mm < 7.4] == 0).all()
