"""The encoder of contrastive predictive coding: pointwise layers, then an LSTM over every sample."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from classify.nets.trunk import Trunk


class CpcEncoder(Trunk):
    """Four pointwise layers without strides (100 Hz is coarse already), an LSTM; mean, maximum and last state."""

    def __init__(self, channels: int, samples: int, units: int = 512, pointwise: int = 4, layers: int = 2) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        for number in range(pointwise):
            before = units if number else channels
            steps += [nn.Conv1d(before, units, 1, bias=False), nn.BatchNorm1d(units), nn.ReLU()]
        self.points = nn.Sequential(*steps)
        self.context = nn.LSTM(units, units, layers, batch_first=True)
        self.units, self.width = units, 3 * units

    def series(self, signal: Tensor) -> tuple[Tensor, Tensor]:
        """What stands at every sample, and what the LSTM knows by then; both [batch, sample, units]."""
        local = self.points(signal).transpose(1, 2)
        context, _ = self.context(local)
        return local, context

    def encode(self, signal: Tensor) -> Tensor:
        _, context = self.series(signal)
        return torch.cat((context.mean(1), context.amax(1), context[:, -1]), 1)
