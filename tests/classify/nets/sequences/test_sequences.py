"""Sequences: chunks that add up, guides that guide, selected tokens, and what a single lead sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from classify.nets import build
from classify.nets.sequences.dual_path import DualPath
from classify.nets.sequences.guided import Guided, Weigh, _filters
from classify.nets.sequences.token_selection import _kept, correlation_of_halves

torch.set_num_threads(1)


def test_chunks_cover_the_sequence_and_add_up() -> None:
    net = DualPath(1, 1000, chunk=6, hop=3, blocks=1)
    maps = torch.randn(2, 64, 18)
    chunks = maps.unfold(2, 6, 3).permute(0, 2, 3, 1)
    count = torch.ones(2, 1, 18).unfold(2, 6, 3).permute(0, 2, 3, 1)
    assert torch.allclose(net._added(chunks) / net._added(count), maps, atol=1e-6)


@pytest.mark.parametrize("name", ["dprnn", "mina", "mpgt"])
def test_networks_of_one_lead_see_lead_two_alone(name: str) -> None:
    torch.manual_seed(0)
    small = {"dprnn": {"blocks": 1, "width": 8}, "mina": {"width": 8, "units": 8}, "mpgt": {"width": 16, "depth": 1}}
    net = build(name, 2, 24, 300, small[name]).eval()
    signal, other = torch.randn(2, 24, 300), torch.randn(2, 24, 300)
    other[:, [1, 13]] = signal[:, [1, 13]]
    assert torch.equal(net(signal), net(other))
    other[:, 1] += torch.randn(300)
    assert not torch.equal(net(signal), net(other))


def test_bands_pass_what_they_name() -> None:
    kernels, rate = _filters(((0.001, 0.5), (0.5, 50.0), (50.0, None)), 300.0).numpy()[:, 0], 300.0
    gain = {
        f: np.abs([(k * np.exp(-2j * np.pi * f / rate * np.arange(len(k)))).sum() for k in kernels])
        for f in (0.2, 10.0, 100.0)
    }
    assert [int(np.argmax(gain[f])) for f in (0.2, 10.0, 100.0)] == [0, 1, 2]
    assert gain[10.0][1] == pytest.approx(1.0, abs=0.02) and gain[10.0][2] < 0.01


def test_a_band_beyond_the_rate_is_brought_down_to_it() -> None:
    assert _filters(((0.5, 50.0), (50.0, None)), 100.0).isfinite().all()


def test_the_attention_of_mina_can_be_drawn() -> None:
    """A hook sees how beats, rhythm and bands were weighed; weights sum to one."""
    net, seen = Guided(12, 1000, lead=1, width=8, units=8).eval(), []
    hooks = [m.share.register_forward_hook(lambda *x: seen.append(x[2])) for m in net.modules() if isinstance(m, Weigh)]
    net(torch.randn(2, 12, 1000))
    assert len(hooks) == len(seen) == 2 * 4 + 1
    assert all(torch.allclose(weights.sum(-2), torch.ones_like(weights.sum(-2))) for weights in seen)
    assert seen[1].shape == (2, 20, 1)


def test_selected_tokens_are_the_most_attended_in_their_order() -> None:
    x = torch.arange(6.0)[None, :, None]
    attended = torch.tensor([[0.1, 0.9, 0.2, 0.8, 0.3]])  # of the tokens 1 to 5
    assert _kept(x, attended, 3)[0, :, 0].tolist() == [0.0, 2.0, 4.0, 5.0]


def test_a_branch_goes_on_with_half_of_its_tokens() -> None:
    net = build("token_selection", 2, 12, 400, {"width": 16, "depths": (2, 2), "select_at": (1, 1), "maps": 16}).eval()
    lengths: list[int] = []
    for layer in net.trunk.branches[0].layers:
        layer.register_forward_pre_hook(lambda module, given: lengths.append(given[0].shape[1]))
    net(torch.randn(1, 12, 400))
    assert lengths == [1 + 20, 1 + 10]


def test_the_correlation_of_equal_halves_is_one() -> None:
    half = torch.randn(3, 8)
    assert correlation_of_halves(torch.cat((half, 2 * half + 1), 1)).item() == pytest.approx(1.0, abs=1e-5)
    apart = torch.tensor([[1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, -1.0]])
    assert correlation_of_halves(apart).item() == pytest.approx(0.0, abs=1e-6)


def test_every_fourth_block_of_the_network_of_2018_adds_channels() -> None:
    with torch.device("meta"):
        net = build("ecgnet2018", 2, 12, 1000).trunk
    assert net.width == 640 + 40
    norms = [m.num_features for m in net.trunk.children() if isinstance(m, nn.BatchNorm1d)]
    assert norms == [64, 160]
