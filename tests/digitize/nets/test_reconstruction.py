"""The reconstruction network: what its heads give, and a description that rebuilds it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations

import pytest
import torch

from digitize.nets.heads import HEADS, NetSpec, SignalHead
from digitize.nets.reconstruction import ReconstructionNet

torch.set_num_threads(1)

SMALL = NetSpec(decoder_channels=(16, 16, 8, 8, 8))
SHAPES = {
    "seg": {"seg": (2, 15, 64, 96)},
    "grid": {"grid": (2, 1, 64, 96)},
    "baseline": {"baseline": (2, 1, 64, 96)},
    "theta": {"theta": (2, 2)},
    "signal": {"signal": (2, 12, 64, 96), "signal_valid": (2, 12, 96), "signal_edge": (2, 12, 96)},
}


def seen(spec: NetSpec) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    net = ReconstructionNet(spec).eval()
    with torch.no_grad():
        return net(torch.rand(2, spec.in_channels, 64, 96))


@pytest.mark.parametrize("heads", [*[(name,) for name in HEADS], *combinations(HEADS, 4), tuple(HEADS)])
def test_every_choice_of_heads_gives_its_own_outputs(heads: tuple[str, ...]) -> None:
    wanted = {name: shape for head in heads for name, shape in SHAPES[head].items()}
    assert {name: tuple(value.shape) for name, value in seen(replace(SMALL, heads=heads)).items()} == wanted


def test_the_row_network_gives_one_lead_at_two_columns_a_pixel() -> None:
    spec = replace(SMALL, in_channels=4, heads=("seg", "signal"), seg_classes=5, signal_leads=1, columns_per_px=2)
    shapes = {name: tuple(value.shape) for name, value in seen(spec).items()}
    along = (2, 1, 192)
    assert shapes == {
        "seg": (2, 5, 64, 96), "signal": (2, 1, 64, 192), "signal_valid": along, "signal_edge": along,
    }  # fmt: skip


def test_columns_of_one_pixel_stand_side_by_side_and_leads_apart() -> None:
    head = SignalHead(width=4, leads=3, per_px=2)
    px, row, channel = torch.arange(7), torch.arange(5), torch.arange(6)
    values = (100 * channel[:, None, None] + 10 * row[:, None] + px)[None]  # [1, lead * 2 + column, row, px]
    spread = head._spread(values)
    assert spread.shape == (1, 3, 5, 14)
    for lead in range(3):
        for column in range(14):
            wanted = 100 * (2 * lead + column % 2) + 10 * row + column // 2
            assert torch.equal(spread[0, lead, :, column], wanted)
    assert torch.equal(head._spread(values[:, :, 0]), spread[:, :, 0])


def test_theta_has_unit_length() -> None:
    theta = seen(replace(SMALL, heads=("theta",)))["theta"]
    assert torch.allclose(theta.norm(dim=1), torch.ones(2), atol=1e-6)
    assert not torch.allclose(theta[0], theta[1])


@pytest.mark.parametrize("spec", [NetSpec(), replace(SMALL, in_channels=4, heads=("signal",), columns_per_px=2)])
def test_a_spec_survives_json(spec: NetSpec) -> None:
    assert NetSpec(**json.loads(json.dumps(spec.to_dict()))) == spec


def test_an_unknown_head_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"unknown heads \['phase'\]: expected some of seg, grid, baseline, theta"):
        NetSpec(heads=("seg", "phase"))
