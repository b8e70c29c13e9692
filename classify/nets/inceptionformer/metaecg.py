"""MetaECGNet: an inverted convolution, grid and pooled attention side by side, and an MLP in every block."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classify.nets.inceptionformer.blocks import InvertedBlock
from classify.nets.layers import conv_norm
from classify.nets.tokens.attention import CrossAttention
from classify.nets.tokens.encoder import EncoderBlock
from classify.nets.tokens.reduced import HiLo
from classify.nets.trunk import Trunk


class MetaEcgNet(Trunk):
    """Strided stem, three stages of dims and depths with windows of their own, mean over steps."""

    def __init__(
        self,
        channels: int,
        samples: int,
        dims: Sequence[int] = (144, 216, 288),
        depths: Sequence[int] = (2, 3, 4),
        heads: int = 4,
        windows: Sequence[int] = (5, 5, 1),
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_norm(channels, dims[0], 3, 2)]
        for stage, (width, depth, window) in enumerate(zip(dims, depths, windows, strict=True)):
            if stage:
                layers.append(conv_norm(dims[stage - 1], width, 3, 2))
            layers += [MetaBlock(width, heads, window) for _ in range(depth)]
        self.layers, self.width = nn.Sequential(*layers), dims[-1]

    def encode(self, signal: Tensor) -> Tensor:
        return self.layers(signal).mean(-1)


class MetaBlock(nn.Module):
    """x + inverted(BN x), x + dual attention(LN x), x + MLP(LN x); maps [batch, width, step]."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.local = InvertedBlock(width, se=4, norm=True)
        self.among = EncoderBlock(width, DualAttention(width, heads, window))

    def forward(self, x: Tensor) -> Tensor:
        return self.among(self.local(x).transpose(1, 2)).transpose(1, 2)


class DualAttention(nn.Module):
    """Half of the width and heads for grid attention, half for attention to pooled tokens; tokens [batch, n, width].

    Grid: the tokens l, l + window, l + 2 window ... attend each other. Pooled: every token attends the means of
    `window` tokens, mixed by a linear layer, layer norm and GELU.
    """

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        half = width // 2
        self.enter, self.window = nn.Linear(width, width), window
        self.grid = HiLo(half, heads // 2, size=window, coarse=0, grid=True)
        self.means = nn.Sequential(nn.Linear(half, half), nn.LayerNorm(half), nn.GELU())
        self.pooled = CrossAttention(half, heads // 2)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        near, far = self.enter(x).chunk(2, -1)
        pooled = nn.functional.avg_pool1d(far.transpose(1, 2), self.window, ceil_mode=True).transpose(1, 2)
        return self.out(torch.cat((self.grid(near), self.pooled(far, self.means(pooled))), -1))
