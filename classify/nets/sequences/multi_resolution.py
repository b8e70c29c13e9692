"""MRTNet: overlapping windows at several rates, residual blocks, two poolings and an encoder over the windows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.layers import MeanAndMax, conv_norm_relu
from classify.nets.resnet import ResidualBlock
from classify.nets.tokens.encoder import encoder
from classify.nets.trunk import Trunk


class MultiResolution(Trunk):
    """For every scale, the windows of every so many samples: squeeze-and-excitation blocks, mean and maximum, encoder.

    Mean and maximum of a window are the paper's customized pooling component: the whole region beside its most telling
    point. Windows are `part` of the recording long and overlap by half.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        scales: Sequence[int] = (1, 2, 4),
        part: float = 0.25,
        width: int = 128,
        depth: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.scales, self.part = tuple(scales), part
        self.nets = nn.ModuleList(
            nn.Sequential(
                *conv_norm_relu(channels, width // 2, 7, 2), ResidualBlock(width // 2, width // 2, 5, 1),
                ResidualBlock(width // 2, width, 5, 2), ResidualBlock(width, width, 5, 1), MeanAndMax(),
                nn.Linear(2 * width, width), nn.Dropout(dropout),
            )
            for _ in scales
        )  # fmt: skip
        self.encoders = nn.ModuleList(encoder(width, depth, 8) for _ in scales)
        self.width = width * len(self.scales)

    def encode(self, signal: Tensor) -> Tensor:
        return torch.cat([self._scale(signal, k) for k in range(len(self.scales))], 1)

    def _scale(self, signal: Tensor, number: int) -> Tensor:
        scale = self.scales[number]
        taken = functional.avg_pool1d(signal, scale) if scale > 1 else signal
        window = max(int(self.part * taken.shape[-1]), 2)
        windows = taken.unfold(2, window, window // 2).transpose(1, 2)
        made = self.nets[number](windows.flatten(0, 1)).unflatten(0, windows.shape[:2])
        return self.encoders[number](made).mean(1)
