"""Networks that see the short-time Fourier transform of the leads, alone or beside the leads themselves."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from classify.nets.baselines.plain_resnet import BLOCKS_34, PlainResNet
from classify.nets.trunk import Trunk

_FLOOR = 1e-3  # of a magnitude, before its logarithm: signals come with a standard deviation of one


class Spectrogram(nn.Module):
    """Log magnitude of the short-time Fourier transform: [batch, channel, sample] to [batch, channel, frequency, time].

    A Hann window of `window` samples every `hop`; as two convolutions, which every runtime knows.
    """

    def __init__(self, window: int = 100, hop: int = 50) -> None:
        super().__init__()
        self.hop = hop
        angle = 2 * math.pi * torch.arange(window // 2 + 1)[:, None] * torch.arange(window) / window
        shape = torch.hann_window(window)
        self.register_buffer("waves", torch.stack((angle.cos() * shape, angle.sin() * shape))[:, :, None], False)

    def forward(self, signal: Tensor) -> Tensor:
        rows = signal.flatten(0, 1)[:, None]
        waves: Tensor = self.waves  # type: ignore[assignment]
        real, imaginary = (nn.functional.conv1d(rows, wave, stride=self.hop) for wave in waves)
        magnitude = torch.sqrt(real**2 + imaginary**2 + _FLOOR**2)
        return magnitude.log().unflatten(0, signal.shape[:2])


class StftResNet(Trunk):
    """The spectrograms of all channels as one picture for a two-dimensional residual network."""

    def __init__(
        self, channels: int, samples: int, blocks: tuple[int, ...] = BLOCKS_34,
        widths: tuple[int, ...] = (64, 128, 256, 512), window: int = 100, hop: int = 50,
    ) -> None:  # fmt: skip
        super().__init__()
        if samples < window:
            raise ValueError(f"{samples} samples are shorter than a window of {window}")
        self.spectrogram = Spectrogram(window, hop)
        self.maps = PlainResNet(channels, samples, blocks, widths, axes=2)
        self.width = self.maps.width

    def encode(self, signal: Tensor) -> Tensor:
        return self.maps(self.spectrogram(signal))


class TwoStream(Trunk):
    """A residual network over time and one over spectrograms, side by side."""

    def __init__(
        self, channels: int, samples: int, blocks: tuple[int, ...] = BLOCKS_34,
        widths: tuple[int, ...] = (64, 128, 256, 512), window: int = 100, hop: int = 50,
    ) -> None:  # fmt: skip
        super().__init__()
        self.time = PlainResNet(channels, samples, blocks, widths)
        self.frequency = StftResNet(channels, samples, blocks, widths, window, hop)
        self.width = self.time.width + self.frequency.width

    def encode(self, signal: Tensor) -> Tensor:
        return torch.cat((self.time(signal), self.frequency(signal)), 1)
