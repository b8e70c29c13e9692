"""What the row pass learns from: pixels and targets that went through one map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from oracle import heart, scene

from digitize.nets.inputs import ROW_HEIGHT_PX, ROW_PX_PER_MM, ROW_TARGET, column_centres_px
from digitize.training.row_samples import Residual, residual_map, row_example
from ecg.fit.seeds import rng_for
from simulate.printed.ink import Ink

Sample = dict[str, torch.Tensor]


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
