"""MVMS-Net: a multi-scale network for every view of the heart; and the network of a single lead that learns from it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classify.nets.bottleneck import BottleneckMaps
from classify.nets.inceptionformer.blocks import CoordinateGate
from classify.nets.layers import MeanAndMax, by_lead, channels_per_lead, conv_norm
from classify.nets.trunk import Trunk
from ecg.leads import STANDARD

# The views of the paper, by what their leads look at.
VIEWS = (("aVR",), ("I", "aVL"), ("V1", "V2"), ("V3", "V4"), ("V5", "V6"), ("II", "III", "aVF"))


class SingleView(Trunk):
    """Convolution of kernel 25, two Res2 blocks that end in coordinate attention, the mean over time."""

    def __init__(
        self, channels: int, samples: int, width: int = 128, stem: int = 64, kernel: int = 15, inner: int = 52
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(channels, stem, 25, bias=False), nn.BatchNorm1d(stem), nn.Mish(),
            Res2Block(stem, width, kernel, inner), Res2Block(width, width, kernel, inner),
        )  # fmt: skip
        self.width = width

    def encode(self, signal: Tensor) -> Tensor:
        return self.layers(signal).mean(-1)


class Res2Block(nn.Module):
    """Four groups of `inner` channels, each of which also sees the one before it (Gao et al. 2021); halves the time.

    The last group is pooled only.
    """

    def __init__(self, before: int, width: int, kernel: int, inner: int, groups: int = 4) -> None:
        super().__init__()
        self.enter = nn.Sequential(conv_norm(before, inner * groups, 1), nn.Mish())
        self.parts = nn.ModuleList(
            nn.Sequential(conv_norm(inner, inner, kernel, 2), nn.Mish()) for _ in range(groups - 1)
        )
        self.pool = nn.AvgPool1d(2, ceil_mode=True)
        self.leave = nn.Sequential(conv_norm(inner * groups, width, 1), CoordinateGate(width))
        self.shortcut = nn.Sequential(nn.AvgPool1d(2, ceil_mode=True), conv_norm(before, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        *first, last = self.enter(x).chunk(len(self.parts) + 1, 1)
        # A block that strides has no group at its own rate to add: every group is convolved alone.
        made = [part(group) for part, group in zip(self.parts, first, strict=True)]
        return nn.functional.mish(self.leave(torch.cat([*made, self.pool(last)], 1)) + self.shortcut(x))


class MultiView(Trunk):
    """A single-view network for each of six groups of leads; their encodings, weighed and added, and a dense layer.

    The channels are those of the twelve standard leads: the leads, then perhaps their masks and amplitudes.
    """

    def __init__(
        self, channels: int, samples: int, views: Sequence[Sequence[str]] = VIEWS, width: int = 128, **single: int
    ) -> None:
        super().__init__()
        self.leads, each = channels_per_lead(channels, len(STANDARD))
        self.rows = [[STANDARD.index(lead) for lead in view] for view in views]
        self.nets = nn.ModuleList(SingleView(each * len(view), samples, width, **single) for view in views)
        self.weights = nn.ModuleList(nn.Linear(width, 1) for _ in views)
        self.mix = nn.Sequential(nn.Linear(width, width), nn.Mish())
        self.width = width

    def encode(self, signal: Tensor) -> Tensor:
        rows = by_lead(signal, self.leads)
        made = [net(rows[:, :, own].flatten(1, 2)) for net, own in zip(self.nets, self.rows, strict=True)]
        weighed = [torch.sigmoid(weight(view)) * view for weight, view in zip(self.weights, made, strict=True)]
        return self.mix(torch.stack(weighed).sum(0))


class OneLead(Trunk):
    """A residual network for one lead of the standard twelve, with its mask and amplitude: MVKT's student.

    What it learns from a network of twelve leads is the loss's business (`loss.teacher`).
    """

    def __init__(self, channels: int, samples: int, lead: str = "II", **maps: object) -> None:
        super().__init__()
        self.leads, each = channels_per_lead(channels, len(STANDARD))
        if lead not in STANDARD:
            raise ValueError(f"unknown lead {lead!r}: expected one of {', '.join(STANDARD)}")
        self.row = STANDARD.index(lead)
        self.maps = BottleneckMaps(each, samples, **maps)  # type: ignore[arg-type]
        self.pool, self.width = MeanAndMax(), 2 * self.maps.width

    def encode(self, signal: Tensor) -> Tensor:
        return self.pool(self.maps(by_lead(signal, self.leads)[:, :, self.row]))
