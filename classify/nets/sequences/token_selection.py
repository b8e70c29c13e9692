"""The dual branch with token selection: long and short tokens; each branch keeps those that its CLS attends."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.tokens.attention import Attention, attention_weights, by_head
from classify.nets.tokens.encoder import EncoderBlock
from classify.nets.trunk import Trunk


class TokenSelection(Trunk):
    """Tokens every 20 and every 5 samples, each embedded with two kernels; their CLS tokens side by side.

    From layer `select_at` on a branch goes on with the `keep` share of tokens that its CLS attended most, by the
    running mean of the layers (factor 0.99).
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        width: int = 424,
        depths: tuple[int, int] = (8, 5),
        select_at: tuple[int, int] = (4, 3),
        keep: float = 0.5,
        heads: int = 8,
        maps: int = 128,
        kernels: tuple[tuple[int, int], tuple[int, int]] = ((20, 40), (5, 100)),
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            _Branch(channels, samples, width, depth, at, keep, heads, maps, pair)
            for depth, at, pair in zip(depths, select_at, kernels, strict=True)
        )
        self.width = 2 * width

    def encode(self, signal: Tensor) -> Tensor:
        return torch.cat([branch(signal) for branch in self.branches], 1)


def correlation_of_halves(encoded: Tensor) -> Tensor:
    """Mean squared correlation of the two branches' CLS tokens, the halves of an encoding [batch, 2 width].

    As a loss it drives the branches apart (its negative, together).
    """
    first, second = (half - half.mean(1, keepdim=True) for half in encoded.chunk(2, 1))
    return functional.cosine_similarity(first, second).square().mean()


class _Branch(nn.Module):
    def __init__(
        self, channels: int, samples: int, width: int, depth: int, select_at: int, keep: float, heads: int, maps: int,
        kernels: tuple[int, int],
    ) -> None:  # fmt: skip
        super().__init__()
        stride = min(kernels[0], 20)
        self.maps, self.stride = _Maps(channels, maps), stride
        self.embed = nn.ModuleList(nn.Conv1d(maps, width // 2, k, stride) for k in kernels)
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.places = nn.Parameter(0.02 * torch.randn(1, width, samples // stride))
        self.layers = nn.ModuleList(EncoderBlock(width, Attention(width, heads), ratio=4) for _ in range(depth))
        self.norm, self.select_at, self.keep = nn.LayerNorm(width), select_at, keep

    def forward(self, signal: Tensor) -> Tensor:
        maps = self.maps(signal)
        count = maps.shape[-1] // self.stride
        tokens = torch.cat([self._embedded(conv, maps, count) for conv in self.embed], 1)
        places: Tensor = self.places
        if places.shape[-1] != count:
            places = functional.interpolate(places, count, mode="linear")
        x = torch.cat((self.token.expand(signal.shape[0], -1, -1), (tokens + places).transpose(1, 2)), 1)
        attended = x.new_zeros(x.shape[0], count)
        for number, layer in enumerate(self.layers, start=1):
            if number <= self.select_at:
                attended = 0.99 * attended + 0.01 * _cls_attention(layer, x)
            x = layer(x)
            if number == self.select_at:
                x = _kept(x, attended, max(round(self.keep * count), 1))
        return self.norm(x)[:, 0]

    def _embedded(self, conv: nn.Module, maps: Tensor, count: int) -> Tensor:
        """Exactly `count` tokens of a kernel, centred on their strides."""
        kernel = cast(nn.Conv1d, conv).kernel_size[0]
        more = (count - 1) * self.stride + kernel - maps.shape[-1]
        left = max(more, 0) // 2
        return conv(functional.pad(maps, (left, max(more - left, 0))))[..., :count]


def _cls_attention(layer: nn.Module, x: Tensor) -> Tensor:
    """How much the CLS token attends the others in a layer, mean over heads; [batch, n - 1]."""
    block = cast(EncoderBlock, layer)
    own = cast(Attention, block.attention)
    normed = block.first(x)
    q, k = by_head(own.q(normed[:, :1]), own.heads), by_head(own.k(normed), own.heads)
    return attention_weights(q, k)[:, :, 0, 1:].mean(1)


def _kept(x: Tensor, attended: Tensor, count: int) -> Tensor:
    """The CLS token and the `count` most attended others, in their order."""
    chosen = attended.topk(count, 1).indices.sort(1).values + 1
    whole = torch.cat((torch.zeros_like(chosen[:, :1]), chosen), 1)
    return x.gather(1, whole[..., None].expand(-1, -1, x.shape[2]))


class _Maps(nn.Module):
    """Convolutions of 7, 5 and 3 samples, parallel ones of 39, 19 and 9 behind a bottleneck, and a shortcut, added."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        each = width // 4
        self.deep = nn.Sequential(
            *_step(channels, width, 7), *_step(width, 2 * width, 5), *_step(2 * width, width, 3)[:2]
        )
        self.narrow = nn.Conv1d(channels, each, 1, bias=False)
        self.wide = nn.ModuleList(nn.Conv1d(each, each, k, padding=k // 2, bias=False) for k in (39, 19, 9))
        self.peak = nn.Sequential(nn.MaxPool1d(3, 1, 1), nn.Conv1d(channels, each, 1, bias=False))
        self.shortcut = nn.Conv1d(channels, width, 1, bias=False)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.narrow(x)
        wide = torch.cat([*(conv(narrow) for conv in self.wide), self.peak(x)], 1)
        return torch.relu(self.deep(x) + self.norm(wide + self.shortcut(x)))


def _step(before: int, width: int, kernel: int) -> list[nn.Module]:
    return [nn.Conv1d(before, width, kernel, padding=kernel // 2, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
