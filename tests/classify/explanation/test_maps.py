"""Attention and Grad-CAM are drawn where they are: at the moment and in the lead that a network was made to look at."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from torch import nn

from classify.explanation.attention_maps import AttentionMap, attention_maps, by_stage, draw_attention
from classify.explanation.lead_cam import draw_by_lead, grad_cam_by_lead
from classify.nets import build
from classify.nets.tokens.attention import Attention
from classify.nets.tokens.windows import WindowAttention

torch.set_num_threads(1)

FORMER = {"dims": (16, 24, 32, 40), "depths": (1, 2, 2, 2)}


class Looking(nn.Module):
    """Attention whose scores are those of the first channel alone."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention(2, 1)
        with torch.no_grad():
            for layer in (self.attention.q, self.attention.k):
                layer.weight.zero_()
                layer.bias.zero_()
            self.attention.q.bias.fill_(1.0)
            self.attention.k.weight[:, 0] = 5.0

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        return self.attention(signal.transpose(1, 2)).mean((1, 2))[:, None]


def test_a_map_is_high_where_the_attention_looks() -> None:
    signal = torch.zeros(2, 100)
    signal[0, 40] = 1.0
    (found,) = attention_maps(Looking(), signal)
    assert found.name == "attention"
    assert int(found.weight.argmax()) == 40
    assert found.weight.max() == 1.0 and found.weight[:30].max() < 0.01


@pytest.mark.parametrize(
    ("name", "options", "layers", "stages"),
    [("inceptionformer", FORMER, 3, 2), ("inceptionformer_cls", FORMER, 3, 2), ("inceptionformer_window", FORMER, 3, 2),
     ("inceptionformer_shunted", FORMER, 9, 2), ("inceptionformer_birouting", FORMER, 0, 0), ("resnet18", {}, 0, 0),
     ("db_ecgnet", {"dims": (16, 24, 32), "depths": (1, 1, 1)}, 6, 3),
     ("token_selection", {"width": 16, "depths": (2, 2), "select_at": (1, 1), "maps": 16}, 2, 2)],
)  # fmt: skip
def test_every_layer_and_stage_has_its_map(name: str, options: dict[str, object], layers: int, stages: int) -> None:
    torch.manual_seed(0)
    net = build(name, 2, 12, 400, options).eval()
    maps = attention_maps(net, torch.randn(12, 400))
    assert (len(maps), len(by_stage(maps))) == (layers, stages)
    assert all(one.weight.shape == (400,) and one.weight.min() >= 0 and one.weight.max() <= 1 for one in maps)


def test_a_window_that_is_looked_at_stands_at_its_time() -> None:
    net = Looking()
    windowed = WindowAttention(2, 1, size=10)
    windowed.load_state_dict(net.attention.state_dict())
    net.attention = windowed
    signal = torch.zeros(2, 100)
    signal[0, 73] = 1.0
    (found,) = attention_maps(net, signal)
    assert int(found.weight.argmax()) == 73


def test_attention_is_drawn() -> None:
    maps = [AttentionMap("stages.2", np.linspace(0, 1, 500)), AttentionMap("stages.3", np.zeros(500))]
    file = io.BytesIO()
    draw_attention(np.sin(np.arange(500) / 20), 100.0, maps).savefig(file)
    assert len(file.getvalue()) > 5000


class Rows(nn.Module):
    """A map of the leads as rows, whose mean over everything is the logit."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, (1, 5), padding=(0, 2), bias=False)
        nn.init.constant_(self.conv.weight, 0.2)

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        return self.conv(signal[:, None]).mean((1, 2, 3))[:, None]


def test_grad_cam_marks_the_lead_and_the_moment() -> None:
    signal = torch.zeros(12, 100)
    signal[7, 60:65] = 1.0
    heat = grad_cam_by_lead(Rows(), signal, (), 0, 12)
    assert heat is not None and heat.shape == (12, 100)
    assert np.unravel_index(int(heat.argmax()), heat.shape) == (7, 62)
    assert heat[np.arange(12) != 7].max() == 0


def test_im_ecg_is_marked_in_leads_and_time_and_other_networks_are_not() -> None:
    torch.manual_seed(0)
    options = {"stem": 4, "widths": (4, 8, 8), "pairs": (1, 1)}
    net, signal = build("im_ecg", 2, 24, 300, options).eval(), torch.randn(24, 300)
    found = [grad_cam_by_lead(net, signal, (), output, 12) for output in (0, 1)]
    heat = next(one for one in found if one is not None)
    assert heat.shape == (12, 300) and heat.std(axis=0).max() > 0
    assert grad_cam_by_lead(build("resnet18", 2, 24, 300).eval(), signal, (), 0, 12) is None
    file = io.BytesIO()
    draw_by_lead(np.random.default_rng(0).normal(size=(12, 300)), 30.0, heat, [f"L{k}" for k in range(12)]).savefig(
        file
    )
    assert len(file.getvalue()) > 5000
