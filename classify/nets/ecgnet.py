"""Networks that keep the leads as rows of a map and share their kernels among them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classify.nets.layers import Squeeze, by_lead, channels_per_lead
from classify.nets.trunk import Trunk

_STEM = ((50, True), (16, True))  # (kernel, followed by a pool)


class EcgNet(Trunk):
    """Stem and residual blocks along each lead, merging of leads, residual blocks over time, mean over time.

    The stem's convolutions and pools halve the time each. `kernels` are parallel branches of every residual block;
    `strides` those of the blocks behind the merging of leads.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        leads: int | None = None,
        width: int = 32,
        kernels: Sequence[int] = (5,),
        stem: Sequence[tuple[int, bool]] = _STEM,
        row_blocks: int = 3,
        strides: Sequence[int] = (2, 1, 1),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.leads, each = channels_per_lead(channels, leads)
        layers: list[nn.Module] = []
        for number, (kernel, pooled) in enumerate(stem):
            layers += [nn.Conv2d(width if number else each, width, (1, kernel), (1, 2), bias=False)]
            layers += [nn.BatchNorm2d(width), nn.ReLU(), *([nn.MaxPool2d((1, 2))] if pooled else [])]
        layers.append(nn.Dropout(dropout))
        self.rows = nn.Sequential(*layers, *(_Block(width, width, kernels, 1, rows=True) for _ in range(row_blocks)))
        merged = 4 * width
        self.merge = nn.Sequential(
            nn.Conv1d(width * self.leads, merged, 1, bias=False), nn.BatchNorm1d(merged), nn.ReLU()
        )
        self.times = nn.Sequential(*(_Block(merged, merged, kernels, stride) for stride in strides))
        self.width = merged

    def encode(self, signal: Tensor) -> Tensor:
        rows = self.rows(by_lead(signal, self.leads))
        return self.times(self.merge(rows.flatten(1, 2))).mean(-1)


class _Block(nn.Module):
    """Three convolutions, of which the first has parallel kernels that are joined; norms, ReLUs, squeeze; residual."""

    def __init__(self, before: int, width: int, kernels: Sequence[int], stride: int, rows: bool = False) -> None:
        super().__init__()
        conv: type[nn.Conv1d] | type[nn.Conv2d] = nn.Conv2d if rows else nn.Conv1d
        norm: type[nn.BatchNorm1d] | type[nn.BatchNorm2d] = nn.BatchNorm2d if rows else nn.BatchNorm1d

        def along(inputs: int, kernel: int, stride: int = 1) -> nn.Module:
            sizes = kernel, stride, kernel // 2
            size, step, padding = ((1, kernel), (1, stride), (0, kernel // 2)) if rows else sizes
            return conv(inputs, width, size, step, padding, bias=False)  # type: ignore[arg-type]

        self.branches = nn.ModuleList(along(before, kernel, stride) for kernel in kernels)
        joined = width * len(kernels)
        self.behind = nn.Sequential(
            norm(joined), nn.ReLU(), along(joined, kernels[0]),
            norm(width), nn.ReLU(), along(width, kernels[0]),
            norm(width), Squeeze(width, 4),
        )  # fmt: skip
        self.shortcut = nn.AvgPool1d(stride, ceil_mode=True) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([branch(x) for branch in self.branches], 1)
        return torch.relu(self.behind(joined) + self.shortcut(x))
