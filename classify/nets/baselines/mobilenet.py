"""MobileNetV2 over time."""

from __future__ import annotations

from torch import Tensor, nn

from classify.nets.layers import conv_norm
from classify.nets.trunk import Trunk

# (widening, width, blocks, stride) of every stage (Sandler et al. 2018)
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


class MobileNetV2(Trunk):
    """Inverted residuals with linear bottlenecks; 1280 channels, their mean over time."""

    width = 1280

    def __init__(self, channels: int, samples: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_norm(channels, 32, 3, 2), nn.ReLU6()]
        before = 32
        for widening, width, blocks, stride in _STAGES:
            for block in range(blocks):
                layers.append(_Inverted(before, width, widening, 1 if block else stride))
                before = width
        self.layers = nn.Sequential(*layers, conv_norm(before, self.width, 1), nn.ReLU6())

    def encode(self, signal: Tensor) -> Tensor:
        return self.layers(signal).mean(-1)


class _Inverted(nn.Module):
    def __init__(self, before: int, width: int, widening: int, stride: int) -> None:
        super().__init__()
        inner = before * widening
        widen = [conv_norm(before, inner, 1), nn.ReLU6()] if widening > 1 else []
        self.body = nn.Sequential(
            *widen, conv_norm(inner, inner, 3, stride, groups=inner), nn.ReLU6(), conv_norm(inner, width, 1)
        )
        self.residual = stride == 1 and before == width

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.residual else self.body(x)
