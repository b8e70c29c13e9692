"""Layers that several families share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

Strides = int | tuple[int, int]


def conv_norm(
    before: int, width: int, kernel: int, stride: Strides = 1, groups: int = 1, axes: Literal[1, 2] = 1
) -> nn.Sequential:
    """A convolution over one axis or two that keeps their lengths (divided by the stride), then batch norm."""
    conv, norm = (nn.Conv1d, nn.BatchNorm1d) if axes == 1 else (nn.Conv2d, nn.BatchNorm2d)
    layer = conv(before, width, kernel, stride, kernel // 2, groups=groups, bias=False)  # type: ignore[arg-type]
    return nn.Sequential(layer, norm(width))


def conv_norm_relu(
    before: int, width: int, kernel: int, stride: Strides = 1, groups: int = 1, axes: Literal[1, 2] = 1
) -> tuple[nn.Module, nn.Module]:
    """The same with a ReLU behind it, as two modules of a sequence."""
    return conv_norm(before, width, kernel, stride, groups, axes), nn.ReLU()


class Squeeze(nn.Module):
    """Squeeze-and-excitation over every axis behind the channels (Hu et al. 2018)."""

    def __init__(self, width: int, part: int = 8, activation: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(width, width // part), activation(), nn.Linear(width // part, width))

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.sigmoid(self.gate(x.flatten(2).mean(-1)))
        return x * scale.reshape(*scale.shape, *[1] * (x.dim() - 2))


class MeanAndMax(nn.Module):
    """Mean and maximum over time side by side; [batch, channel, step] to [batch, 2 channel]."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x.mean(-1), x.amax(-1)), 1)


def dense(inputs: int, layers: Sequence[tuple[int, float, bool]]) -> nn.Sequential:
    """Linear, ReLU, batch norm where asked for, dropout; for every (width, dropout, norm) one after the other."""
    out: list[nn.Module] = []
    for width, dropout, norm in layers:
        out += [nn.Linear(inputs, width), nn.ReLU(), *([nn.BatchNorm1d(width)] if norm else []), nn.Dropout(dropout)]
        inputs = width
    return nn.Sequential(*out)


def by_lead(signal: Tensor, leads: int) -> Tensor:
    """[batch, k * lead, sample] as [batch, k, lead, sample]: the channels of one lead (signal, mask ...) together."""
    batch, channels, samples = signal.shape
    return signal.reshape(batch, channels // leads, leads, samples)


def trainable_parameters(net: nn.Module) -> int:
    """How many numbers of a network are learned."""
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


def channels_per_lead(channels: int, leads: int | None) -> tuple[int, int]:
    """(leads, channels of each lead); without a number of leads every channel is one."""
    leads = leads or channels
    if channels % leads:
        raise ValueError(f"{channels} channels cannot belong to {leads} leads: expected a multiple of {leads}")
    return leads, channels // leads


def keras_lstm(inputs: int, units: int) -> nn.LSTM:
    """An LSTM counted as Keras counts: PyTorch's second bias is zero and frozen."""
    lstm = nn.LSTM(inputs, units, batch_first=True)
    second_bias = lstm.get_parameter("bias_hh_l0")
    nn.init.zeros_(second_bias)
    second_bias.requires_grad_(False)
    return lstm
