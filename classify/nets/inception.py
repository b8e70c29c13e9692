"""Inception over time: parallel kernels of many lengths."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classify.nets.layers import MeanAndMax
from classify.nets.trunk import Trunk


class Inception(Trunk):
    """Modules of parallel kernels with a shortcut around every three (Ismail Fawaz et al. 2020); mean and maximum."""

    def __init__(
        self, channels: int, samples: int, depth: int = 6, width: int = 32, kernels: Sequence[int] = (39, 19, 9)
    ) -> None:
        super().__init__()
        out = width * (len(kernels) + 1)
        self.parts = nn.ModuleList(_Module(out if k else channels, width, kernels) for k in range(depth))
        self.shortcuts = nn.ModuleList(_shortcut(out if k else channels, out) for k in range(depth // 3))
        self.pool = MeanAndMax()
        self.width = 2 * out

    def encode(self, signal: Tensor) -> Tensor:
        x = kept = signal
        for k, part in enumerate(self.parts):
            x = part(x)
            if k % 3 == 2:
                x = kept = torch.relu(x + self.shortcuts[k // 3](kept))
        return self.pool(x)


class _Module(nn.Module):
    def __init__(self, before: int, width: int, kernels: Sequence[int]) -> None:
        super().__init__()
        self.narrow = nn.Conv1d(before, width, 1, bias=False)
        self.wide = nn.ModuleList(nn.Conv1d(width, width, k, padding=k // 2, bias=False) for k in kernels)
        self.peak = nn.Sequential(nn.MaxPool1d(3, 1, 1), nn.Conv1d(before, width, 1, bias=False))
        self.norm = nn.BatchNorm1d(width * (len(kernels) + 1))

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.narrow(x)
        return torch.relu(self.norm(torch.cat([*(conv(narrow) for conv in self.wide), self.peak(x)], 1)))


def _shortcut(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(before, width, 1, bias=False), nn.BatchNorm1d(width))
