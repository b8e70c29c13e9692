"""The encoders have the sizes of their sources and give what pretraining asks for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from classify.evaluation.network_cost import cost
from classify.nets import build
from classify.nets.encoders.contrastive import ClocsEncoder
from classify.nets.encoders.masked import StMemEncoder, waves

torch.set_num_threads(1)


def test_a_frame_of_2500_samples_becomes_320_values() -> None:
    net = ClocsEncoder(12, 5000)
    (linear,) = (m for m in net.layers if isinstance(m, nn.Linear))
    assert linear.in_features == 320
    assert net.frames(torch.randn(2, 12, 5000)).shape == (2, 12, 2, 128)


def test_a_frame_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a frame of 100 samples is too short"):
        build("clocs", 2, 12, 200)


def test_patches_and_width_of_st_mem() -> None:
    with torch.device("meta"):
        net = StMemEncoder(12, 2250, 12)
        assert net.patches(torch.zeros(1, 12, 2250)).shape == (1, 12, 30, 75)
    assert cost("st_mem", 9, 12, 2250).parameters / 1e6 == pytest.approx(85.1, abs=0.2)  # ViT-B without its picture


def test_an_encoder_of_kept_patches_sees_no_other() -> None:
    torch.manual_seed(0)
    net = StMemEncoder(2, 100, 2, patch=10, width=16, depth=1, heads=2).eval()
    patches = net.patches(torch.randn(1, 2, 100))
    kept = torch.tensor([[[0, 3], [1, 9]]])
    made = net.tokens(patches, kept)
    assert made.shape == (1, 2, 2, 16)
    every = torch.arange(10).expand(1, 2, 10)
    assert torch.allclose(net.tokens(patches, every), net.tokens(patches), atol=1e-6)


def test_waves_are_those_of_the_transformer() -> None:
    made = waves(5, 8)
    assert made[0].tolist() == [0.0, 1.0] * 4
    assert made[3, 0].item() == pytest.approx(torch.tensor(3.0).sin().item())


def test_what_the_lstm_knows_does_not_look_ahead() -> None:
    torch.manual_seed(0)
    net = build("cpc_small", 2, 12, 100, {"units": 8}).trunk.eval()
    signal = torch.randn(1, 12, 100)
    other = signal.clone()
    other[..., 60:] = 0
    one, two = net.series(signal)[1], net.series(other)[1]
    assert torch.equal(one[:, :60], two[:, :60]) and not torch.equal(one[:, 60:], two[:, 60:])
