"""The picture to judge a reading by: network outputs, and the error where truth is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from drawn_page import drawn

from digitize.evaluation.network_probe import probed
from digitize.evaluation.visualization import Inspection, draw
from digitize.nets.networks import Networks
from digitize.pipeline import Digitizer


def test_visualize_shows_what_the_networks_saw_and_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A digitizer with networks that answer at random: the views are there, the error is the known one."""

    def answer(image: torch.Tensor) -> dict[str, torch.Tensor]:
        wide, tall = image.shape[3], image.shape[2]
        maps = {"seg": torch.rand(1, 15, tall, wide), "grid": torch.rand(1, 1, tall, wide)}
        columns = {"signal": torch.rand(1, 1, tall, 2 * wide), "signal_valid": torch.rand(1, 1, 2 * wide)}
        return {**maps, "baseline": maps["grid"], **columns}

    digitizer, page_probe, row_probe = probed(Digitizer(Networks(answer, answer, answer, (64, 64), {})))
    digitizer.nets.page(torch.zeros(1, 3, 64, 96))
    digitizer.nets.row(torch.ones(1, 4, 32, 64))
    assert row_probe.calls[0].image.shape == (32, 64, 3)
    assert row_probe.calls[0].image.min() == 255
    reading = drawn()
    seen = Inspection(reading, page_probe.calls[0], row_probe.calls[0], 1, reading.record)
    titles = [axes.get_title() for axes in draw(seen).axes]
    assert sum(title.startswith("page pass") for title in titles) == 3
    assert any("100.0 dB" in title for title in titles)
    assert any("distributions" in title for title in titles)
    assert len(draw(Inspection(reading)).axes) == 4
