"""ResNet-18 and ResNet-34 as they are known from pictures, over time (one axis) or over spectrograms (two)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from classify.nets.layers import conv_norm, conv_norm_relu
from classify.nets.trunk import Trunk

BLOCKS_18, BLOCKS_34 = (2, 2, 2, 2), (3, 4, 6, 3)
_POOLS = {1: nn.MaxPool1d, 2: nn.MaxPool2d}


class PlainResNet(Trunk):
    """Kernel 7 with stride 2, max pool, four stages of basic blocks, the mean over all axes (He et al. 2016)."""

    def __init__(
        self, channels: int, samples: int, blocks: Sequence[int] = BLOCKS_18,
        widths: Sequence[int] = (64, 128, 256, 512), axes: Literal[1, 2] = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        layers: list[nn.Module] = [*conv_norm_relu(channels, widths[0], 7, 2, axes=axes), _POOLS[axes](3, 2, 1)]
        before = widths[0]
        for stage, (count, width) in enumerate(zip(blocks, widths, strict=True)):
            for block in range(count):
                layers.append(_Basic(axes, before, width, 2 if stage and not block else 1))
                before = width
        self.layers, self.width = nn.Sequential(*layers), before

    def encode(self, signal: Tensor) -> Tensor:
        return self.layers(signal).flatten(2).mean(-1)


class _Basic(nn.Module):
    """Two convolutions of kernel 3 and a shortcut, which is a 1x1 convolution where the shape changes."""

    def __init__(self, axes: Literal[1, 2], before: int, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *conv_norm_relu(before, width, 3, stride, axes=axes), conv_norm(width, width, 3, axes=axes)
        )
        same = before == width and stride == 1
        self.shortcut = nn.Sequential(*([] if same else [conv_norm(before, width, 1, stride, axes=axes)]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))
