"""A lightweight fusing transformer: a small network for every beat, light convolutions over the sequence of beats."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classify.nets.beats.cut import BeatCutter, EachBeat
from classify.nets.layers import Squeeze, channels_per_lead, conv_norm_relu
from classify.nets.tokens.encoder import EncoderBlock
from classify.nets.trunk import Trunk


class LightConv(nn.Module):
    """Linear, GLU, a depthwise convolution whose kernels are normalised by a softmax, linear (Wu et al. 2019).

    Every one of `heads` groups of channels has one kernel; tokens [batch, n, width].
    """

    def __init__(self, width: int, kernel: int, heads: int = 8) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.kernel = nn.Parameter(torch.randn(heads, 1, kernel))
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.enter(x).chunk(2, -1)
        gated = (value * torch.sigmoid(gate)).transpose(1, 2)
        weights = self.kernel.softmax(-1).repeat_interleave(gated.shape[1] // self.heads, 0)
        mixed = nn.functional.conv1d(gated, weights, padding=weights.shape[-1] // 2, groups=gated.shape[1])
        return self.leave(mixed.transpose(1, 2))


class LightweightTransformer(Trunk):
    """Local attention is squeeze-and-excitation of a beat's maps; global attention, light convolutions of beats."""

    def __init__(
        self,
        channels: int,
        samples: int,
        leads: int | None = None,
        beats: int = 16,
        width: int = 128,
        kernels: Sequence[int] = (3, 7, 15, 31),
        seconds: float = 10.0,
    ) -> None:
        super().__init__()
        self.cut = BeatCutter(samples, channels_per_lead(channels, leads)[0], beats, seconds=seconds)
        self.each_beat = EachBeat(
            *conv_norm_relu(channels, width // 4, 7, 2), Squeeze(width // 4, 4),
            *conv_norm_relu(width // 4, width // 2, 5, 2), Squeeze(width // 2, 4),
            *conv_norm_relu(width // 2, width, 3, 2), Squeeze(width, 4),
        )  # fmt: skip
        self.sequence = nn.ModuleList(EncoderBlock(width, LightConv(width, kernel)) for kernel in kernels)
        self.width = width

    def encode(self, signal: Tensor) -> Tensor:
        beats, there = self.cut(signal)
        tokens = self.each_beat(beats)
        for block in self.sequence:
            tokens = block(tokens * there[..., None])
        return (tokens * there[..., None]).sum(1) / there.sum(1, keepdim=True).clamp(min=1)
