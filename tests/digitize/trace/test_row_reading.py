"""A row warped out of the page and read."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from oracle import heart, scene
from torch import Tensor, nn

from digitize.grid.rectify import shrunk
from digitize.nets.inputs import ROW_CLASSES, ROW_COLUMNS_PER_PX, ROW_PX_PER_MM
from digitize.trace.row_reading import read_row, strip_window

torch.set_num_threads(1)


@pytest.mark.parametrize(("wide_mm", "half_mm"), [(250.0, 20.0), (274.3, 23.1), (100.0, 31.0)])
def test_a_strip_suits_the_network_and_holds_what_was_asked(wide_mm: float, half_mm: float) -> None:
    x0, y0, x1, y1 = strip_window(-7.0, -7.0 + wide_mm, 60.0, half_mm)
    for side in ((x1 - x0) * ROW_PX_PER_MM, (y1 - y0) * ROW_PX_PER_MM):
        assert side % 32 == 0
    assert x0 == -7.0 and wide_mm <= x1 - x0 < wide_mm + 4
    assert (y0 + y1) / 2 == 60.0 and half_mm - 0.1 <= (y1 - y0) / 2 < half_mm + 4


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
    pixels, seen_by = shrunk(page.pixels, truth.geometry, ROW_PX_PER_MM)
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
