"""DB-ECGNet: a convolutional branch whose maps a few tokens query, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.layers import conv_norm
from classify.nets.tokens.attention import Attention, CrossAttention
from classify.nets.tokens.encoder import EncoderBlock
from classify.nets.trunk import Trunk


class DualBranch(Trunk):
    """Maps of inverted residual blocks; tokens of `patch` samples and a CLS token, which read the maps in every block.

    The maps never read the tokens. 6,907,185 parameters with twelve channels of 1000 samples and nine labels.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        patch: int = 100,
        dims: Sequence[int] = (72, 144, 288),
        depths: Sequence[int] = (2, 3, 4),
        heads: Sequence[int] = (2, 4, 8),
    ) -> None:
        super().__init__()
        if samples < patch:
            raise ValueError(f"{samples} samples are shorter than a patch of {patch}")
        self.stem = conv_norm(channels, dims[0], 3, 2)
        self.patches = nn.Conv1d(channels, dims[0], patch, patch)
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, dims[0]))
        self.places = nn.Parameter(0.02 * torch.randn(1, 1 + samples // patch, dims[0]))
        self.norm = nn.LayerNorm(dims[0])
        self.stages = nn.ModuleList(
            nn.ModuleList(_Block(width, count) for _ in range(depth))
            for width, depth, count in zip(dims, depths, heads, strict=True)
        )
        steps = list(pairwise(dims))
        self.map_steps = nn.ModuleList(nn.Conv1d(a, b, 3, 2, 1) for a, b in steps)
        self.token_steps = nn.ModuleList(nn.Linear(a, b) for a, b in steps)
        self.width = dims[-1]

    def encode(self, signal: Tensor) -> Tensor:
        maps, tokens = self.stem(signal), self.patches(signal).transpose(1, 2)
        tokens = torch.cat((self.token.expand(tokens.shape[0], -1, -1), tokens), 1)
        tokens = self.norm(tokens + _stretched(self.places, tokens.shape[1]))
        for stage, blocks in enumerate(self.stages):
            if stage:
                maps, tokens = self.map_steps[stage - 1](maps), self.token_steps[stage - 1](tokens)
            for block in cast(nn.ModuleList, blocks):
                maps, tokens = block(maps, tokens)
        return tokens[:, 0]


def _stretched(places: Tensor, tokens: int) -> Tensor:
    """The places [1, 1 + n, width] for another number of tokens; the first stays."""
    if places.shape[1] == tokens:
        return places
    others = functional.interpolate(places[:, 1:].transpose(1, 2), tokens - 1, mode="linear").transpose(1, 2)
    return torch.cat((places[:, :1], others), 1)


class _Block(nn.Module):
    """map = inverted(map); tokens += attention of the map; tokens = encoder(tokens)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.local = SummedInverted(width)
        self.asks, self.asked = nn.LayerNorm(width), nn.LayerNorm(width)
        self.read = CrossAttention(width, heads)
        self.among = EncoderBlock(width, Attention(width, heads))

    def forward(self, maps: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.local(maps)
        answer = self.read(self.asks(tokens), self.asked(maps.transpose(1, 2)))
        return maps, self.among(tokens + answer)


class SummedInverted(nn.Module):
    """x + f(LN x), f: 1x1 to twice the width, a sum of depthwise kernels, 1x1 back, with batch norms and GELU."""

    def __init__(self, width: int, kernels: Sequence[int] = (9, 7, 5, 3)) -> None:
        super().__init__()
        inner = 2 * width
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Sequential(nn.Conv1d(width, inner, 1, bias=False), nn.BatchNorm1d(inner), nn.GELU())
        self.kernels = nn.ModuleList(_depthwise(inner, k) for k in kernels)
        self.narrow = nn.Sequential(
            nn.BatchNorm1d(inner), nn.GELU(), nn.Conv1d(inner, width, 1, bias=False), nn.BatchNorm1d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        wide = self.widen(self.norm(x.transpose(1, 2)).transpose(1, 2))
        return x + self.narrow(torch.stack([kernel(wide) for kernel in self.kernels]).sum(0))

    @torch.no_grad()
    def fuse(self) -> None:
        """Put one kernel, the sum of all, in their place: the same output from a quarter of the convolutions."""
        weights = [cast(Tensor, kernel.weight) for kernel in self.kernels]
        longest = max(weight.shape[-1] for weight in weights)
        whole = _depthwise(len(weights[0]), longest).to(weights[0])
        reach = [(longest - weight.shape[-1]) // 2 for weight in weights]
        padded = [functional.pad(weight, (r, r)) for weight, r in zip(weights, reach, strict=True)]
        whole.weight.copy_(torch.stack(padded).sum(0))
        self.kernels = nn.ModuleList([whole])


def _depthwise(width: int, kernel: int) -> nn.Conv1d:
    return nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width, bias=False)


def fuse_kernels(net: nn.Module) -> nn.Module:
    """Re-parameterise every summed depthwise convolution of a trained network in place."""
    for module in net.modules():
        if isinstance(module, SummedInverted):
            module.fuse()
    return net
