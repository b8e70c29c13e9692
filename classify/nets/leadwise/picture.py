"""IM-ECG and SE-ECGNet: the twelve leads as the rows of a picture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classify.nets.layers import Squeeze, by_lead, channels_per_lead
from classify.nets.trunk import Trunk


class ImEcg(Trunk):
    """Dual-kernel residual blocks: rows x n kernels pull the leads together, 1 x n kernels run along time.

    Every map keeps the leads as rows, so that Grad-CAM marks lead and time. Three parallel stages with kernels of 5, 7
    and 15 samples are joined by a 1x1 convolution.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        leads: int | None = None,
        stem: int = 32,
        widths: Sequence[int] = (64, 128, 256),
        kernels: Sequence[int] = (5, 7, 15),
        pairs: Sequence[int] = (4, 6),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.leads, each = channels_per_lead(channels, leads)
        first, second, third = widths
        self.begin = nn.Sequential(
            nn.Conv2d(each, stem, (1, 50), (1, 2), (0, 24), bias=False), nn.BatchNorm2d(stem), nn.ReLU(),
            _Residual(stem, first, ((3, 15),), 2, 4), _Residual(first, first, ((1, 15), (1, 15)), 1, 4),
            _pairs(first, second, 15, pairs[0], dropout),
        )  # fmt: skip
        self.branches = nn.ModuleList(_pairs(second, third, kernel, pairs[1], dropout) for kernel in kernels)
        joined = third * len(kernels)
        self.join = nn.Sequential(
            nn.BatchNorm2d(joined), nn.ReLU(), nn.Conv2d(joined, joined, 1), nn.BatchNorm2d(joined), nn.ReLU()
        )
        self.width = joined

    def encode(self, signal: Tensor) -> Tensor:
        maps = self.begin(by_lead(signal, self.leads))
        made = [branch(maps) for branch in self.branches]
        shortest = min(part.shape[-1] for part in made)
        return self.join(torch.cat([part[..., :shortest] for part in made], 1)).mean((2, 3))


def _pairs(before: int, width: int, kernel: int, count: int, dropout: float) -> nn.Sequential:
    """Residual pairs of convolutions, the first of which joins three leads and halves the time."""
    along = (1, kernel)
    first = _Residual(before, width, ((3, kernel), along), 2, 4, dropout)
    return nn.Sequential(first, *(_Residual(width, width, (along, along), 1, 4, dropout) for _ in range(count - 1)))


class _Residual(nn.Module):
    """Pre-activation convolutions over (lead, time), the first with the stride in time, squeeze-and-excitation.

    The shortcut is a 1x1 convolution, of the mean of the samples where the block strides, if the shape changes.
    """

    def __init__(
        self, before: int, width: int, kernels: Sequence[tuple[int, int]], stride: int, squeeze: int,
        dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        layers: list[nn.Module] = []
        for number, kernel in enumerate(kernels):
            step, inputs = (1, width) if number else (stride, before)
            pad = (kernel[0] - 1) // 2, (kernel[1] - step + 1) // 2
            layers += [nn.BatchNorm2d(inputs), nn.ReLU(), *([nn.Dropout(dropout)] if number and dropout else [])]
            layers.append(nn.Conv2d(inputs, width, kernel, (1, step), pad, bias=False))
        self.body = nn.Sequential(*layers, Squeeze(width, squeeze))
        same = before == width and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(before, width, 1, bias=False)
        self.shorten = nn.AvgPool2d((1, stride), ceil_mode=True) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        body, kept = self.body(x), self.shortcut(self.shorten(x))
        steps = min(body.shape[-1], kept.shape[-1])
        return body[..., :steps] + kept[..., :steps]


class SeEcgNet(Trunk):
    """Stem and block of two-dimensional residuals, branches with kernels 3, 5 and 7 over leads, then over time."""

    def __init__(
        self, channels: int, samples: int, leads: int | None = None, width: int = 32,
        kernels: Sequence[int] = (3, 5, 7), blocks: int = 4, dropout: float = 0.2,
    ) -> None:  # fmt: skip
        super().__init__()
        self.leads, each = channels_per_lead(channels, leads)
        self.begin = nn.Sequential(
            nn.Conv2d(each, width, (1, 50), (1, 2), bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            *(_Residual(width, width, ((1, 15),), 2, min(16, width)) for _ in range(3)),
        )  # fmt: skip
        rows = width * self.leads
        self.over_leads = nn.ModuleList(
            nn.Sequential(*(_Residual(width, width, ((1, k),) * 3, 1, min(16, width), dropout) for _ in range(blocks)))
            for k in kernels
        )
        self.over_time = nn.ModuleList(
            nn.Sequential(*(_TimeResidual(rows, k, dropout) for _ in range(blocks))) for k in kernels
        )
        self.width = rows * len(kernels)

    def encode(self, signal: Tensor) -> Tensor:
        maps = self.begin(by_lead(signal, self.leads))
        branches = zip(self.over_leads, self.over_time, strict=True)
        return torch.cat([time(leads(maps).flatten(1, 2)).mean(-1) for leads, time in branches], 1)


class _TimeResidual(nn.Module):
    """A strided convolution with squeeze-and-excitation and a shortcut, then three convolutions in another residual."""

    def __init__(self, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.shorter = nn.Sequential(*_active_conv(width, kernel, 2), Squeeze(width, 16))
        self.shortcut = nn.AvgPool1d(2, ceil_mode=True)
        self.deeper = nn.Sequential(
            *_active_conv(width, kernel, 1), *_active_conv(width, kernel, 1), nn.Dropout(dropout),
            *_active_conv(width, kernel, 1), Squeeze(width, 16),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        x = self.shorter(x) + self.shortcut(x)
        return x + self.deeper(x)


def _active_conv(width: int, kernel: int, stride: int) -> list[nn.Module]:
    """Batch norm, ReLU, convolution."""
    return [nn.BatchNorm1d(width), nn.ReLU(), nn.Conv1d(width, width, kernel, stride, kernel // 2, bias=False)]
