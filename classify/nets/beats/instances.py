"""Multimodal multi-instance learning: beats, and patches of a picture of the recording, as two bags."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.beats.cut import BeatCutter, two_convolutions
from classify.nets.layers import channels_per_lead, conv_norm_relu
from classify.nets.trunk import Trunk


def angular_field(signal: Tensor, size: int) -> Tensor:
    """The Gramian angular summation field of every channel: [batch, channel, sample] to [batch, channel, size, size].

    A channel is averaged to `size` values and scaled to -1 ... 1; a point is cos(a + b) for the angles whose cosines
    the two values are (Wang and Oates 2015).
    """
    short = functional.interpolate(signal, size, mode="linear")
    low, high = short.amin(-1, keepdim=True), short.amax(-1, keepdim=True)
    x = ((2 * short - high - low) / (high - low).clamp(min=1e-3)).clamp(-1, 1)
    across = torch.sqrt((1 - x**2).clamp(min=1e-6))
    return x[..., None] * x[..., None, :] - across[..., None] * across[..., None, :]


class Bag(nn.Module):
    """The most telling of many instances [batch, instance, width], beside the rest as it attends them; 2 width.

    A linear score finds the top instance; the others are added by the inner products of their queries with its own
    (dual-stream multi-instance learning: Li, Li and Eliceiri 2021).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score, self.query, self.value = nn.Linear(width, 1), nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        absent = (1 - there) * -1e4
        scores = self.score(x)[..., 0] + absent
        top = scores.argmax(1)[:, None, None]
        best = x.gather(1, top.expand(-1, 1, x.shape[2])) * torch.sigmoid(scores.gather(1, top[..., 0]))[..., None]
        queries = self.query(x)
        chosen = queries.gather(1, top.expand(-1, 1, x.shape[2]))
        weights = ((queries * chosen).sum(-1) / x.shape[2] ** 0.5 + absent).softmax(1)
        rest = (weights[..., None] * self.value(x)).sum(1)
        return torch.cat((rest, best[:, 0]), 1)


class MultiInstance(Trunk):
    """MAMIL: a bag of beats and a bag of picture patches, each read by a network of its own, joined by a linear layer.

    `beats` and `patches` (a square number) of the Gramian angular field of `picture` x `picture` bound the cost.
    """

    def __init__(
        self, channels: int, samples: int, leads: int | None = None, beats: int = 16, patches: int = 16,
        picture: int = 64, width: int = 64, seconds: float = 10.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.leads, _ = channels_per_lead(channels, leads)
        self.side = round(patches**0.5)
        if self.side**2 != patches or picture % self.side:
            raise ValueError(f"{patches} patches do not tile a picture of {picture} x {picture}")
        self.picture = picture
        self.cut = BeatCutter(samples, self.leads, beats, seconds=seconds)
        self.each_beat = two_convolutions(channels, width)
        self.each_patch = nn.Sequential(
            *conv_norm_relu(self.leads, width // 2, 3, 2, axes=2), *conv_norm_relu(width // 2, width, 3, 2, axes=2)
        )
        self.bags = nn.ModuleList((Bag(width), Bag(width)))
        self.join = nn.Sequential(nn.Linear(4 * width, 2 * width), nn.ReLU())
        self.width = 2 * width

    def encode(self, signal: Tensor) -> Tensor:
        beats, there = self.cut(signal)
        of_beats = self.each_beat(beats)
        tiles = self._tiles(angular_field(signal[:, : self.leads], self.picture))
        of_patches = self.each_patch(tiles.flatten(0, 1)).mean((2, 3)).unflatten(0, tiles.shape[:2])
        every = torch.ones(tiles.shape[:2], device=signal.device)
        bags = zip(self.bags, ((of_beats, there), (of_patches, every)), strict=True)
        return self.join(torch.cat([bag(*instances) for bag, instances in bags], 1))

    def _tiles(self, field: Tensor) -> Tensor:
        """[batch, channel, size, size] as [batch, patch, channel, size / side, size / side]."""
        rows = field.unflatten(2, (self.side, -1)).unflatten(4, (self.side, -1))
        return rows.permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
