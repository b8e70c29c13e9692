"""Deep residual networks of bottleneck blocks over time: plain, grouped, with squeeze-and-excitation, and xresnet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classify.nets.layers import MeanAndMax, Squeeze, conv_norm, conv_norm_relu
from classify.nets.trunk import Trunk

_EXPANSION = 4


class Bottleneck(nn.Module):
    """1, kernel, 1 with the stride in the middle (He et al. 2016); grouped as in ResNeXt (Xie et al. 2017)."""

    def __init__(
        self, before: int, inner: int, outer: int, kernel: int, stride: int, groups: int, squeeze: bool, dropout: float
    ) -> None:
        super().__init__()
        last = nn.BatchNorm1d(outer)
        nn.init.constant_(last.weight, 0.1)  # a deep stack begins close to its shortcuts
        self.body = nn.Sequential(
            *conv_norm_relu(before, inner, 1),
            *conv_norm_relu(inner, inner, kernel, stride, groups), nn.Dropout(dropout),
            nn.Conv1d(inner, outer, 1, bias=False), last, *([Squeeze(outer, 16)] if squeeze else []),
        )  # fmt: skip
        shortcut: list[nn.Module] = [nn.AvgPool1d(stride, ceil_mode=True)] if stride > 1 else []
        if before != outer:
            shortcut.append(conv_norm(before, outer, 1))
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


class BottleneckMaps(nn.Module):
    """Stem and stages; [batch, channel, sample] to [batch, width, sample / 32].

    `stem` lists (width, kernel, stride) of its convolutions before a max pool; every stage has its number of blocks,
    its planes and its kernel. The middle of a block is planes x group_width / 64 channels wide in every group.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        blocks: Sequence[int],
        planes: Sequence[int] = (64, 128, 256, 512),
        kernels: Sequence[int] = (11, 7, 5, 3),
        stem: Sequence[tuple[int, int, int]] = ((64, 15, 2),),
        groups: int = 1,
        group_width: int = 64,
        squeeze: bool = False,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for width, kernel, stride in stem:
            layers += conv_norm_relu(before, width, kernel, stride)
            before = width
        layers.append(nn.MaxPool1d(3, 2, 1))
        for stage, (count, plane, kernel) in enumerate(zip(blocks, planes, kernels, strict=True)):
            for block in range(count):
                stride = 2 if stage and not block else 1
                inner, outer = plane * group_width // 64 * groups, plane * _EXPANSION
                layers.append(Bottleneck(before, inner, outer, kernel, stride, groups, squeeze, dropout))
                before = outer
        self.layers = nn.Sequential(*layers)
        self.width = before

    def forward(self, signal: Tensor) -> Tensor:
        return self.layers(signal)


class BottleneckNet(Trunk):
    """The maps, then their mean and maximum over time."""

    def __init__(self, channels: int, samples: int, **options: object) -> None:
        super().__init__()
        self.maps = BottleneckMaps(channels, samples, **options)  # type: ignore[arg-type]
        self.pool = MeanAndMax()
        self.width = 2 * self.maps.width

    def encode(self, signal: Tensor) -> Tensor:
        return self.pool(self.maps(signal))
