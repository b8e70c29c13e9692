"""Beats cut in a network stand where beats are; bags, fields and light convolutions are what they say."""

from __future__ import annotations

import pytest
import torch

from classify.nets import build
from classify.nets.beats.cut import BeatCutter
from classify.nets.beats.instances import Bag, MultiInstance, angular_field
from classify.nets.beats.lightweight import LightConv

torch.set_num_threads(1)


def spikes(places: list[int], samples: int = 1000, channels: int = 24) -> torch.Tensor:
    """Triangles of 5 samples at the places, in the first twelve channels."""
    signal = torch.zeros(1, channels, samples)
    for place in places:
        for offset, height in ((-2, 0.3), (-1, 0.7), (0, 1.0), (1, 0.7), (2, 0.3)):
            signal[:, :12, place + offset] = height
    return signal


def test_beats_are_found_at_their_peaks_in_order() -> None:
    places = [80, 170, 260, 350, 440, 530, 620, 710, 800, 890]
    cutter = BeatCutter(1000, 12, beats=16)
    _, found = cutter.peaks(spikes(places))
    beats, there = cutter(spikes(places))
    assert int(there.sum()) == len(places)
    assert (found[there > 0] - torch.tensor(places)).abs().max() <= 4
    assert beats.shape == (1, 16, 24, 70)
    highest = beats[0, there[0] > 0, 0].argmax(-1)
    assert (highest - 25).abs().max() <= 4
    assert (beats[0, there[0] == 0] == 0).all()


def test_a_beat_at_the_very_end_is_cut_with_zeros() -> None:
    beats, there = BeatCutter(1000, 12, beats=4)(spikes([20, 500, 990]))
    assert int(there.sum()) == 3 and beats.isfinite().all()


def test_more_beats_than_samples_are_no_error() -> None:
    beats, _ = BeatCutter(40, 1, beats=64)(torch.randn(2, 1, 40))
    assert beats.shape[:3] == (2, 64, 1)


def test_the_angular_field_is_the_cosine_of_summed_angles() -> None:
    x = torch.linspace(-1, 1, 8)
    field = angular_field(x[None, None], 8)[0, 0]
    angle = torch.acos(x)
    assert torch.allclose(field, torch.cos(angle[:, None] + angle[None]), atol=2e-3)


def test_a_bag_does_not_know_the_order_and_ignores_who_is_not_there() -> None:
    torch.manual_seed(0)
    bag, x, there = Bag(8), torch.randn(2, 6, 8), torch.ones(2, 6)
    order = torch.randperm(6)
    assert torch.allclose(bag(x, there), bag(x[:, order], there), atol=1e-6)
    there[:, 4:] = 0
    other = x.clone()
    other[:, 4:] = torch.randn(2, 2, 8)
    assert torch.allclose(bag(x, there), bag(other, there), atol=1e-6)


def test_patches_that_tile_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="15 patches do not tile"):
        MultiInstance(12, 1000, patches=15)


def test_a_light_convolution_is_an_average() -> None:
    """Its kernels sum to one: a constant sequence stays constant away from the ends."""
    net, x = LightConv(16, 3), torch.randn(1, 1, 16).expand(-1, 9, -1)
    made = net(x)
    assert torch.allclose(made[:, 1:-1], made[:, 1:2].expand(-1, 7, -1), atol=1e-6)


def test_the_person_is_told_from_nobody() -> None:
    torch.manual_seed(0)
    net = build("multi_module", 2, 12, 300, {"width": 16, "depth": 1}).eval()
    signal, unknown = torch.randn(2, 12, 300), torch.full((2, 2), float("nan"))
    assert torch.equal(net(signal), net(signal, None, unknown))
    assert not torch.equal(net(signal), net(signal, None, torch.tensor([[60.0, 0.5]] * 2)))  # the mean person
    assert not torch.equal(net(signal, None, torch.tensor([[30.0, 1.0]] * 2)), net(signal))
