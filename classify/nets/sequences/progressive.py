"""MPGT: fine and coarse stacks of attention and temporal convolutions, joined by a progressive gate."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from classify.nets.layers import by_lead, channels_per_lead, conv_norm_relu
from classify.nets.tokens.attention import Attention
from classify.nets.tokens.encoder import EncoderBlock
from classify.nets.trunk import Trunk


class Progressive(Trunk):
    """Two extractors of one lead, with small and with large kernels; x1 * sigmoid(tanh(FC x1)) + x2, x1 the coarse one.

    The document leaves kernels, width and depth open, and which of the two is gated.
    """

    def __init__(
        self, channels: int, samples: int, leads: int | None = None, lead: int = 0, width: int = 64, depth: int = 2,
        kernels: tuple[int, int] = (7, 31),
    ) -> None:  # fmt: skip
        super().__init__()
        self.leads, each = channels_per_lead(channels, leads)
        self.lead = lead
        self.fine, self.coarse = (_Extractor(each, width, depth, kernel) for kernel in kernels)
        self.gate = nn.Linear(width, width)
        self.width = width

    def encode(self, signal: Tensor) -> Tensor:
        one = by_lead(signal, self.leads)[:, :, self.lead]
        coarse, fine = self.coarse(one), self.fine(one)
        return (coarse * torch.sigmoid(torch.tanh(self.gate(coarse))) + fine).mean(1)


class _Extractor(nn.Module):
    """Convolution, max pool, convolution, mean pool; then blocks of attention, FFN, temporal convolution, FFN."""

    def __init__(self, channels: int, width: int, depth: int, kernel: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(
            *conv_norm_relu(channels, width // 2, kernel, 2), nn.MaxPool1d(2, ceil_mode=True),
            *conv_norm_relu(width // 2, width, kernel, 2), nn.AvgPool1d(2, ceil_mode=True),
        )  # fmt: skip
        blocks: list[nn.Module] = []
        for number in range(depth):
            blocks.append(EncoderBlock(width, Attention(width, 8)))
            blocks.append(EncoderBlock(width, _Temporal(width, dilation=2**number)))
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.embed(x).transpose(1, 2))


class _Temporal(nn.Module):
    """Two dilated convolutions over time that see no later step (Bai, Kolter and Koltun 2018); [batch, n, width]."""

    def __init__(self, width: int, kernel: int = 3, dilation: int = 1) -> None:
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.first, self.second = (nn.Conv1d(width, width, kernel, dilation=dilation) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        for conv in (self.first, self.second):
            x = torch.relu(conv(nn.functional.pad(x, (self.past, 0))))
        return x.transpose(1, 2)
