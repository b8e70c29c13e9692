"""A residual convolutional network over time with squeeze-and-excitation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from classify.nets.fusion_head import required, scaled_demographics
from classify.nets.layers import Squeeze, conv_norm, conv_norm_relu


class ResNet1d(nn.Module):
    """Stem, four stages of residual blocks that halve the time, mean and maximum over time, linear head.

    Residual blocks: He et al. 2016; squeeze-and-excitation: Hu et al. 2018; used on ECG by Strodthoff et al. 2020.
    """

    def __init__(
        self,
        labels: int,
        channels: int,
        samples: int,
        widths: tuple[int, ...] = (48, 96, 160, 256),
        blocks: int = 2,
        kernel: int = 5,
        dropout: float = 0.3,
        features: int = 0,
        demographics: bool = False,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            *conv_norm_relu(channels, widths[0], 11, 2), *conv_norm_relu(widths[0], widths[0], 7), nn.MaxPool1d(2)
        )
        stages: list[nn.Module] = []
        before = widths[0]
        for number, width in enumerate(widths):
            for block in range(blocks):
                stages.append(ResidualBlock(before, width, kernel, 2 if number and not block else 1))
                before = width
        self.stages = nn.Sequential(*stages)
        self.features, self.demographics = features, demographics
        self.width = 2 * before
        joined = self.width + features + 2 * demographics
        self.head = nn.Sequential(nn.BatchNorm1d(joined), nn.Dropout(dropout), nn.Linear(joined, labels))

    def forward(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        parts = [self.encode(signal)]
        if self.features:
            parts.append(required(features, "the core features"))
        if self.demographics:
            parts.append(scaled_demographics(required(demographics, "age and sex")))
        return self.head(torch.cat(parts, 1))

    def encode(self, signal: Tensor) -> Tensor:
        maps = self.stages(self.stem(signal))
        return torch.cat((maps.mean(-1), maps.amax(-1)), 1)


class ResidualBlock(nn.Module):
    """conv, norm, ReLU, conv, norm, squeeze-and-excitation; the shortcut averages where the block strides."""

    def __init__(self, before: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *conv_norm_relu(before, width, kernel, stride), conv_norm(width, width, kernel), Squeeze(width)
        )
        shortcut: list[nn.Module] = [nn.AvgPool1d(stride, ceil_mode=True)] if stride > 1 else []
        if before != width:
            shortcut.append(conv_norm(before, width, 1))
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))
