"""The blocks of InceptionFormer on maps [batch, width, step], and its stem."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from classify.nets.layers import Squeeze
from classify.nets.tokens.encoder import EncoderBlock
from classify.nets.tokens.mixers import MIXERS, Mixer, Modulation

KERNELS = (3, 7, 11, 19)  # samples; 30 to 190 ms at 100 Hz


class Stem(nn.Module):
    """Parallel full kernels behind a bottleneck, a pooled branch, a shortcut; the length stays.

    The document gives its size alone (36,720 parameters from 12 channels to 64); the form is Inception's.
    """

    def __init__(self, channels: int, width: int, kernels: tuple[int, ...] = (7, 15, 39)) -> None:
        super().__init__()
        narrow, each = 9 * width // 16, width // (len(kernels) + 1)
        self.narrow = nn.Conv1d(channels, narrow, 1, bias=False)
        self.wide = nn.ModuleList(nn.Conv1d(narrow, each, k, padding=k // 2, bias=False) for k in kernels)
        self.peak = nn.Sequential(nn.MaxPool1d(3, 1, 1), nn.Conv1d(channels, each, 1, bias=False))
        self.norm = nn.BatchNorm1d(width)
        self.shortcut = nn.Conv1d(channels, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.narrow(x)
        joined = torch.cat([*(conv(narrow) for conv in self.wide), self.peak(x)], 1)
        return nn.functional.gelu(self.norm(joined) + self.shortcut(x))


class MultiScale(nn.Module):
    """Depthwise convolutions with another kernel for every equal group of channels (InceptionNeXt: Yu et al. 2024)."""

    def __init__(self, width: int, kernels: tuple[int, ...] = KERNELS) -> None:
        super().__init__()
        each = width // len(kernels)
        self.parts = nn.ModuleList(nn.Conv1d(each, each, k, padding=k // 2, groups=each) for k in kernels)

    def forward(self, x: Tensor) -> Tensor:
        groups = x.chunk(len(self.parts), 1)
        return torch.cat([part(group) for part, group in zip(self.parts, groups, strict=True)], 1)


class CoordinateGate(nn.Module):
    """Coordinate attention over channel and time (Hou et al. 2021): a gate for each channel times one for each step."""

    def __init__(self, width: int, reduction: int = 16) -> None:
        super().__init__()
        inner = max(8, width // reduction)
        self.shared = nn.Sequential(nn.Conv1d(width, inner, 1), nn.BatchNorm1d(inner), nn.Hardswish())
        self.channel, self.time = nn.Conv1d(inner, width, 1), nn.Conv1d(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        both = self.shared(torch.cat((x.mean(-1, keepdim=True), x), -1))
        return x * torch.sigmoid(self.channel(both[..., :1])) * torch.sigmoid(self.time(both[..., 1:]))


def gates(width: int, se: int, coord: bool) -> list[nn.Module]:
    """What stands behind a depthwise convolution: squeeze-and-excitation by `se` (0: none), coordinate attention."""
    return [*([Squeeze(width, se, nn.GELU)] if se else []), *([CoordinateGate(width)] if coord else [])]


class ConvBlock(nn.Module):
    """x + local(norm x), x + mixer(norm x), where local is a multi-scale depthwise convolution, or modulation."""

    def __init__(
        self, width: int, mixer: Mixer = "mlp", se: int = 0, coord: bool = False, modulation: bool = False
    ) -> None:
        super().__init__()
        local: nn.Module = Modulation(width) if modulation else MultiScale(width)
        self.local = nn.Sequential(nn.BatchNorm1d(width), local, *gates(width, se, coord))
        self.norm, self.mixer = nn.BatchNorm1d(width), MIXERS[mixer](width, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.local(x)
        return x + self.mixer(self.norm(x).transpose(1, 2)).transpose(1, 2)


class InvertedBlock(nn.Module):
    """The multi-scale convolution between two 1x1, which widen before it and narrow behind it, and a shortcut."""

    def __init__(self, width: int, se: int = 0, coord: bool = False, norm: bool = False) -> None:
        super().__init__()
        inner = 2 * width
        self.body = nn.Sequential(
            *([nn.BatchNorm1d(width)] if norm else []),
            nn.Conv1d(width, inner, 1), nn.BatchNorm1d(inner), nn.GELU(),
            MultiScale(inner), nn.BatchNorm1d(inner), nn.GELU(), *gates(inner, se, coord),
            nn.Conv1d(inner, width, 1), nn.BatchNorm1d(width),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class GlobalBlock(nn.Module):
    """An encoder block over the steps of maps [batch, width, step], with or without a token beside them."""

    def __init__(self, block: EncoderBlock) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x.transpose(1, 2)).transpose(1, 2)

    def with_token(self, x: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
        """(maps, token [batch, 1, width]) that attend each other."""
        made = self.block(torch.cat((token, x.transpose(1, 2)), 1))
        return made[:, 1:].transpose(1, 2), made[:, :1]
