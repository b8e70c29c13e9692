"""Dual-path recurrent network: LSTMs inside chunks and across chunks in turn."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from classify.nets.layers import by_lead, channels_per_lead
from classify.nets.trunk import Trunk


class DualPath(Trunk):
    """Strided convolution, chunks that overlap by half, dual-path blocks, overlap and add, means of four bins, dense.

    One of `leads` leads is read, with its mask and amplitude; `lead` None reads all channels.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        leads: int | None = None,
        lead: int | None = None,
        width: int = 64,
        chunk: int = 45,
        hop: int = 22,
        blocks: int = 4,
        dense: int = 256,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.leads, each = channels_per_lead(channels, leads)
        self.lead, self.chunk, self.hop, self.bins = lead, chunk, hop, 4
        self.enter = nn.Conv1d(channels if lead is None else each, width, 8, 4, 4)
        self.blocks = nn.ModuleList(_DualBlock(width, dropout) for _ in range(blocks))
        self.dense = nn.Sequential(nn.Linear(self.bins * width, dense), nn.ReLU())
        self.width = dense

    def encode(self, signal: Tensor) -> Tensor:
        seen = signal if self.lead is None else by_lead(signal, self.leads)[:, :, self.lead]
        maps = torch.relu(self.enter(seen))
        steps = maps.shape[-1]
        more = max(self.chunk - steps, 0) + (-(max(steps, self.chunk) - self.chunk)) % self.hop
        chunks = functional.pad(maps, (0, more)).unfold(2, self.chunk, self.hop).permute(0, 2, 3, 1)
        for block in self.blocks:
            chunks = block(chunks)
        whole = self._added(chunks)[..., :steps]
        parts = [part.mean(-1) for part in whole.tensor_split(self.bins, -1)]
        return self.dense(torch.cat(parts, 1))

    def _added(self, chunks: Tensor) -> Tensor:
        """Chunks [batch, chunk, step, width] at their places, added where they overlap; [batch, width, step]."""
        count = chunks.shape[1]
        maps = chunks.permute(0, 1, 3, 2)
        length = (count - 1) * self.hop + self.chunk
        placed = [
            functional.pad(maps[:, number], (number * self.hop, length - number * self.hop - self.chunk))
            for number in range(count)
        ]
        return torch.stack(placed).sum(0)


class _DualBlock(nn.Module):
    """LSTM over the steps of every chunk, then over the chunks of every step; each with linear, norm and shortcut."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.inside, self.across = _Path(width, dropout), _Path(width, dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.across(self.inside(x).transpose(1, 2)).transpose(1, 2)


class _Path(nn.Module):
    """x + norm(dropout(linear(LSTM x))) along the second last axis of [batch, row, step, width]."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.back, self.norm, self.drop = nn.Linear(2 * width, width), nn.LayerNorm(width), nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(x.flatten(0, 1))
        return x + self.norm(self.drop(self.back(states))).unflatten(0, x.shape[:2])
