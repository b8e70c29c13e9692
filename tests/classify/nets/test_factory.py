"""The networks: sizes as documented, one way to call them, and breakpoints that learn."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from classify.nets import NETS, build
from classify.nets.plrnn import PiecewiseLinear
from classify.nets.s4 import StateSpace

torch.set_num_threads(1)


def trainable(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


ALONE = [name for name in NETS if name != "ensemble" and "." not in NETS[name].module]  # rooms have tests of their own
# name -> options that keep a network's shape but make it small enough to be trained in a test
DEEP = {"blocks": (1, 1, 1, 1), "planes": (8, 8, 8, 8), "stem": ((8, 7, 2),)}
SMALL: dict[str, dict[str, object]] = {
    **{name: DEEP for name in NETS if NETS[name].module == "bottleneck" or name.startswith("seresnet_gru")},
    "resnet1d": {"widths": (16, 32), "blocks": 1},
    "plrnn_shallow": {"units": 64},
    "inception1d": {"depth": 3, "width": 8, "kernels": (9, 5)},
    "s4": {"width": 16, "layers": 2},
    "transformer": {"width": 16, "layers": 1},
    "beat_cnn": {"hidden_share": 0.0},
    **{f"ecgnet_v{k}": {"width": 16} for k in (1, 2, 3)},
}
SAMPLES = {"seresnet_gru_v3": 512, "plrnn": 64, "plrnn_shallow": 64}  # two steps for each of eight cells; few loops


def inputs(name: str, batch: int, channels: int = 8) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    signal = torch.randn(batch, channels, 1) + 0.5 * torch.randn(batch, channels, SAMPLES.get(name, 160))
    return signal, torch.randn(batch, 8), torch.tensor([[40.0, 1.0]] * batch)


def small(name: str, labels: int, channels: int = 8, **options: object) -> nn.Module:
    return build(name, labels, channels, SAMPLES.get(name, 160), {**SMALL.get(name, {}), **options})


def test_plrnn_has_exactly_28560_trainable_parameters() -> None:
    assert trainable(build("plrnn", 5, 12, 500)) == 28_560
    assert trainable(build("plrnn", 5, 12, 500, {"pool": "mean"})) == 28_560


def test_the_shallow_recurrence_has_57760_parameters() -> None:
    assert trainable(build("plrnn_shallow", 5, 12, 500).trunk) == 57_760


def test_lstm_lite_has_8461_parameters_in_keras_counting() -> None:
    net = build("lstm_lite", 5, 12, 500)
    statistics = sum(2 * m.num_features for m in net.modules() if isinstance(m, nn.BatchNorm1d))
    assert (trainable(net), trainable(net) + statistics) == (8_317, 8_461)
    assert trainable(build("lstm_lite", 5, 12, 500, {"pool": "mean"})) == 8_317
    assert (net.trunk.lstm.bias_hh_l0 == 0).all()


@pytest.mark.parametrize("gate", ["softmax", "linear"])
def test_soft_attention_has_33637_parameters_in_keras_counting(gate: str) -> None:
    assert trainable(build("lstm_soft_attention", 5, 1, 300, {"gate": gate})) == 33_637


def test_the_convolutional_network_has_about_two_million() -> None:
    assert 1.8e6 < trainable(build("resnet1d", 11, 24, 1250)) < 2.2e6


def test_the_first_map_of_ecgnet_has_the_lengths_of_its_source() -> None:
    net = build("ecgnet_v1", 34, 8, 5000, {"width": 4}).eval()
    x, lengths = torch.zeros(1, 1, 8, 5000), []
    for layer in net.trunk.rows:
        x = layer(x)
        lengths.append(x.shape[-1])
    assert list(dict.fromkeys(lengths)) == [2476, 1238, 612, 306]
    assert net.trunk.times(torch.zeros(1, 16, 306)).shape[-1] == 153


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("labels", [1, 11])
def test_every_network_answers_the_same_call(name: str, labels: int) -> None:
    net = small(name, labels).eval()
    logits = net(*inputs(name, 3))
    assert logits.shape == (3, labels)
    assert logits.isfinite().all()


@pytest.mark.parametrize("name", ALONE)
def test_every_network_learns_one_small_batch_by_heart_with_all_its_weights(name: str) -> None:
    torch.manual_seed(0)
    net = small(name, 3)
    for module in net.modules():
        if isinstance(module, PiecewiseLinear):  # equal pieces have no edge to move
            module.slopes.data += torch.linspace(-0.2, 0.2, len(module.slopes))
        if isinstance(module, nn.Dropout | nn.Dropout1d):
            module.p = 0.0
    x, target = inputs(name, 6), torch.tensor([0, 1, 2, 0, 1, 2])
    optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 0.01)
    first = last = float("inf")
    for step in range(100):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(net(*x), target)
        loss.backward()
        if not step:
            first = loss.item()
            without = [n for n, p in net.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
            assert not without
        optimiser.step()
        last = loss.item()
        if last < 0.1:
            break
    assert last < 0.1 < first


@pytest.mark.parametrize("name", [n for n in ALONE if NETS[n].head is not None])
def test_every_network_takes_features_and_age_and_sex_beside_the_signal(name: str) -> None:
    torch.manual_seed(0)
    net = small(name, 2, features=8, demographics=True).eval()
    signal, features, person = inputs(name, 2)
    base = net(signal, features, person)
    assert not torch.equal(base, net(signal, features + 1, person))
    assert not torch.equal(base, net(signal, features, person + torch.tensor([30.0, -1.0])))
    assert net(signal, features, torch.full((2, 2), float("nan"))).isfinite().all()
    without = small(name, 2, features=0, demographics=False).eval()
    assert without(signal).shape == (2, 2)


def test_a_hidden_beat_leaves_the_features_alone_to_answer() -> None:
    net = build("beat_cnn", 5, 2, 100, {"hidden_share": 1.0})
    (signal, features, _), other = inputs("beat_cnn", 4, 2), torch.randn(4, 2, 160)
    assert torch.equal(net(signal, features), net(other, features))
    assert not torch.equal(net.eval()(signal, features), net(other, features))


@pytest.mark.parametrize("name", [n for n in NETS if NETS[n].module in ("ecgnet", "gru") and "seresnet" not in n])
def test_networks_of_rows_keep_a_lead_and_its_mask_together(name: str) -> None:
    net = small(name, 2, 36, leads=12).eval()
    assert net(torch.randn(2, 36, 160), None, torch.zeros(2, 2)).shape == (2, 2)
    assert net.trunk.leads == 12
    with pytest.raises(ValueError, match="36 channels cannot belong to 8 leads"):
        small(name, 2, 36, leads=8)


def test_a_state_space_is_the_convolution_that_it_says() -> None:
    torch.manual_seed(0)
    space = StateSpace(3, 4).eval()
    u = torch.randn(2, 3, 50)
    forth, back = space.kernel(50)
    expected = space.through[:, None] * u
    for t in range(50):
        for lag in range(50):
            if t >= lag:
                expected[..., t] += forth[:, lag] * u[..., t - lag]
            if t + lag + 1 < 50:
                expected[..., t] += back[:, lag] * u[..., t + lag + 1]
    assert torch.allclose(space(u), expected, atol=1e-4)
    assert torch.allclose(space.directly(u), expected, atol=1e-4)


def test_the_kernel_of_a_state_space_is_its_system_stepped() -> None:
    torch.manual_seed(0)
    space = StateSpace(2, 3, ways=1)
    a = torch.complex(-space.log_decay.exp(), space.frequency)
    step = space.log_step.exp()[:, None]
    decay, push = torch.exp(a * step), (torch.exp(a * step) - 1) / a
    state, read = torch.zeros_like(a), torch.view_as_complex(space.read[0])
    for t in range(20):
        state = decay * state + push * (t == 0)
        assert torch.allclose(2 * (read * state).sum(1).real, space.kernel(20)[0, :, t], atol=1e-5)
    u = torch.randn(1, 2, 20)
    assert torch.allclose(space(u), space.directly(u), atol=1e-5)


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
    with pytest.raises(ValueError, match="age and sex"):
        build("gru_v3", 5, 12, 100)(torch.randn(2, 12, 100))


@pytest.mark.parametrize("name", [name for name in ALONE if not name.endswith("101")])
def test_every_network_encodes_a_signal_as_one_vector(name: str) -> None:
    net = build(name, 3, 12, 250).eval()
    assert net.encode(torch.zeros(2, 12, 250)).shape == (2, net.width)


def test_an_ensemble_encodes_as_its_members_do() -> None:
    member = {"name": "resnet1d", "options": {"widths": [8], "blocks": 1}, "outputs": 3, "columns": [0, 1, 2]}
    net = build("ensemble", 3, 24, 200, {"members": [{**member, "channels": 12}, {**member, "channels": 24}]}).eval()
    signal = torch.randn(2, 24, 200)
    first, second = net.members
    expected = torch.cat([first.encode(signal[:, :12]), second.encode(signal)], 1)
    assert net.width == 32 and torch.equal(net.encode(signal), expected)


def test_naming_the_networks_needs_no_torch() -> None:
    code = "import sys; from classify.nets import NAMES; assert 'resnet1d' in NAMES and 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
