"""Masked heads: what the digitizer then sees, and the table of what it cost."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from digitize.nets.networks import Networks
from digitize.pipeline import Digitizer
from digitize.studies.head_masking import MASKS, main, masked_digitizers, table


class Busy(nn.Module):
    """Sees something everywhere."""

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        n = len(image)
        dense = {name: torch.full((n, 15 if name == "seg" else 1, 4, 4), 3.0) for name in ("seg", "grid", "baseline")}
        columns = {name: torch.full((n, 1, 4), 3.0) for name in ("signal_valid", "signal_edge")}
        return {**dense, **columns, "theta": torch.tensor([[1.0, 0.0]] * n), "signal": torch.zeros(n, 1, 4, 4)}


class Words(nn.Module):
    """Reads every word everywhere."""

    def forward(self, image: Tensor) -> Tensor:
        return torch.full((len(image), 3, 2, 2), 3.0)


def test_one_output_at_a_time_is_masked() -> None:
    busy = Digitizer(Networks(Busy(), Busy(), Words(), (4, 4), {}))
    image = torch.zeros(2, 3, 4, 4)
    before = busy.nets.page(image)
    found = dict(masked_digitizers(busy))
    assert list(found) == ["nothing", *MASKS, "name reader"]
    assert found["nothing"] is busy
    assert found["name reader"].nets.words(image).sigmoid().max() < 1e-6
    for name, (net, output, _) in MASKS.items():
        outputs = getattr(found[name].nets, net)(image)
        assert [key for key in outputs if not torch.equal(outputs[key], before[key])] == [output]
        other = "row" if net == "page" else "page"
        assert getattr(found[name].nets, other) is getattr(busy.nets, other)


def test_a_mask_is_no_ink_no_grid_and_upright() -> None:
    mask = {name: mask for name, (_, _, mask) in MASKS.items()}
    seg = mask["page: seg"](torch.randn(1, 15, 2, 2)).softmax(1)
    assert torch.allclose(seg[:, 0], torch.ones(1, 2, 2))
    assert mask["page: grid"](torch.randn(1, 1, 2, 2)).sigmoid().max() < 1e-6
    assert mask["row: presence"](torch.randn(1, 1, 2)).sigmoid().min() > 1 - 1e-6
    assert mask["page: theta"](torch.tensor([[1.0, 0.0]])).tolist() == [[0.0, 1.0]]


def test_the_table_has_a_line_for_each() -> None:
    def report(read: int, db: float) -> dict[str, Any]:
        metrics = {"snr_mean_db": db}
        conditions = ("none", "rotate180")
        return {
            "groups": [
                {"folder": "a", "condition": c, "read": read, "pages": 4, "metrics": metrics} for c in conditions
            ]
        }

    assert table({"nothing": report(4, 20.04), "page: grid": report(0, 0.0)}).splitlines() == [
        "| masked | a | a, rotate180 |",
        "| --- | --- | --- |",
        "| nothing | 4 of 4, 20.0 dB | 4 of 4, 20.0 dB |",
        "| page: grid | 0 of 4, 0.0 dB | 0 of 4, 0.0 dB |",
    ]


def test_a_folder_that_is_not_there_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--output", "nowhere"])
    assert "--pages" in capsys.readouterr().err
