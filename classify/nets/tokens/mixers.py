"""What mixes the channels of a token, and the modulation that mixes tokens without attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

Mixer = Literal["mlp", "glu", "dwffn"]


class Mlp(nn.Sequential):
    """Linear, GELU, linear, on tokens [batch, n, width]."""

    def __init__(self, width: int, ratio: int = 2) -> None:
        super().__init__(nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width))


class GatedMlp(nn.Module):
    """Half of a linear layer gates the other half (Dauphin et al. 2017), then a linear layer."""

    def __init__(self, width: int, ratio: int = 2) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(width, 2 * ratio * width), nn.Linear(ratio * width, width)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.enter(x).chunk(2, -1)
        return self.leave(value * torch.sigmoid(gate))


class DepthwiseMlp(nn.Module):
    """A depthwise convolution over time between the two linear layers."""

    def __init__(self, width: int, ratio: int = 2) -> None:
        super().__init__()
        inner = ratio * width
        self.enter, self.leave = nn.Linear(width, inner), nn.Linear(inner, width)
        self.along = nn.Conv1d(inner, inner, 3, padding=1, groups=inner)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.along(self.enter(x).transpose(1, 2)).transpose(1, 2)
        return self.leave(nn.functional.gelu(inner))


MIXERS: dict[Mixer, Callable[[int, int], nn.Module]] = {"mlp": Mlp, "glu": GatedMlp, "dwffn": DepthwiseMlp}


class Modulation(nn.Module):
    """W3(DWConv(W1 x) * (W2 x)) on maps [batch, width, step] (Conv2Former: Hou et al. 2022)."""

    def __init__(self, width: int, kernel: int = 11) -> None:
        super().__init__()
        self.context = nn.Sequential(
            nn.Conv1d(width, width, 1), nn.GELU(), nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        )
        self.value, self.out = nn.Conv1d(width, width, 1), nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.context(x) * self.value(x))
