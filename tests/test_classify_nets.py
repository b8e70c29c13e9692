"""The networks: sizes as documented, one way to call them, and breakpoints that learn."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from classify.nets import NETS, build
from classify.nets.plrnn import PiecewiseLinear

torch.set_num_threads(1)


def trainable(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


def test_plrnn_has_exactly_28560_trainable_parameters() -> None:
    assert trainable(build("plrnn", 5, 12, 500)) == 28_560


def test_lstm_lite_has_8461_parameters_in_keras_counting() -> None:
    net = build("lstm_lite", 5, 12, 500)
    statistics = sum(2 * m.num_features for m in net.modules() if isinstance(m, nn.BatchNorm1d))
    assert (trainable(net), trainable(net) + statistics) == (8_317, 8_461)
    assert (net.lstm.bias_hh_l0 == 0).all()


def test_the_convolutional_network_has_about_two_million() -> None:
    assert 1.8e6 < trainable(build("resnet1d", 11, 24, 1250)) < 2.2e6


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("labels", [1, 11])
def test_every_network_answers_the_same_call(name: str, labels: int) -> None:
    net = build(name, labels, 12, 250).eval()
    logits = net(torch.randn(3, 12, 250), torch.randn(3, 8), torch.randn(3, 2))
    assert logits.shape == (3, labels)
    assert logits.isfinite().all()


@pytest.mark.parametrize("name", NETS)
def test_every_trainable_weight_receives_a_gradient(name: str) -> None:
    torch.manual_seed(0)
    net = build(name, 5, 12, 100)
    for module in net.modules():
        if isinstance(module, PiecewiseLinear):  # equal pieces have no edge to move
            module.slopes.data += torch.linspace(-0.2, 0.2, len(module.slopes))
    net(torch.randn(8, 12, 100), torch.randn(8, 8)).square().sum().backward()
    without = [n for n, p in net.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert not without


def test_breakpoints_learn_and_in_the_source_form_they_cannot() -> None:
    x = torch.linspace(-3, 3, 301)
    target = torch.where(x < 1.2, 0.2 * x, 0.24 + 1.5 * (x - 1.2))
    moved = {}
    for hard in (False, True):
        torch.manual_seed(0)
        f = PiecewiseLinear(3, hard)
        start = f.breakpoints.detach().clone()
        optimiser = torch.optim.Adam(f.parameters(), 0.03)
        for _ in range(300):
            optimiser.zero_grad()
            loss = (f(x) - target).square().mean()
            loss.backward()
            optimiser.step()
        moved[hard] = (f.breakpoints - start).abs().max().item()
        if not hard:
            assert loss < 0.01
    assert moved[False] > 0.1
    assert moved[True] == 0


def test_the_soft_form_is_continuous() -> None:
    f = PiecewiseLinear(4)
    with torch.no_grad():
        f.slopes += torch.tensor([0.5, -1.0, 2.0, 0.0])
        f.intercepts += torch.tensor([1.0, -1.0, 0.5, 0.0])
        y = f(torch.linspace(-4, 4, 8001))
    assert y.diff().abs().max() < 0.05


def test_unknown_networks_and_options_are_named() -> None:
    with pytest.raises(ValueError, match="unknown network 'resnet9'"):
        build("resnet9", 5, 12, 500)
    with pytest.raises(ValueError, match=r"'plrnn'.*depth"):
        build("plrnn", 5, 12, 500, {"depth": 3})


def test_networks_without_their_features_say_so() -> None:
    with pytest.raises(ValueError, match="core features"):
        build("plrnn", 5, 12, 100)(torch.randn(2, 12, 100))
