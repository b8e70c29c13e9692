"""The networks of comparison have the sizes that the document prints."""

from __future__ import annotations

import pytest
import torch

from classify.evaluation.network_cost import cost
from classify.nets import build
from classify.nets.baselines.spectrogram import Spectrogram

torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [("resnet18", 3.85, 176.57), ("resnet34", 7.23, 357.74), ("mobilenetv2", 2.19, 96.60)],
)
def test_parameters_and_multiply_adds_are_those_of_the_document(name: str, parameters: float, macs: float) -> None:
    found = cost(name, 9, 12, 1000)
    assert round(found.parameters / 1e6, 2) == parameters
    assert found.macs / 1e6 == pytest.approx(macs, abs=0.02)  # without the mean over time


def test_two_axes_have_the_parameters_of_torchvision() -> None:
    """21.28 million of ResNet-34 with 3 channels and 1000 classes, less its head, and 9 more input channels."""
    with torch.device("meta"):
        net = build("stft_resnet34", 9, 12, 1000).trunk
    assert sum(p.numel() for p in net.parameters()) == 21_797_672 - 513_000 + 9 * 64 * 49


def test_the_spectrogram_is_the_short_time_fourier_transform() -> None:
    torch.manual_seed(0)
    signal = torch.randn(2, 3, 400)
    expected = torch.stft(
        signal.flatten(0, 1), 100, 50, window=torch.hann_window(100), center=False, return_complex=True
    ).abs()
    made = Spectrogram(100, 50)(signal)
    assert made.shape == (2, 3, 51, 7)
    assert torch.allclose(made.exp().flatten(0, 1), expected.clamp(min=1e-3), rtol=1e-2, atol=2e-3)


def test_a_signal_shorter_than_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="80 samples are shorter than a window of 100"):
        build("two_stream", 2, 12, 80)
