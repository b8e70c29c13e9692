"""ECGNet of 2018: parallel kernels and a deep residual trunk beside a recurrent network over the samples."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classify.nets.trunk import Trunk

_EVERY, _MORE = 4, 32  # every fourth block halves the time and adds 32 channels


class EcgNet2018(Trunk):
    """Convolutions of 15 to 21 samples side by side, 15 pre-activation blocks of kernel 17, a dense layer; LSTM beside.

    The LSTM gives the mean of its states: its last one hears little of ten seconds of single samples.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        kernels: Sequence[int] = (15, 17, 19, 21),
        each: int = 16,
        blocks: int = 15,
        kernel: int = 17,
        dense: int = 640,
        units: int = 40,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Conv1d(channels, each, k, padding=k // 2, bias=False) for k in kernels)
        width = each * len(kernels)
        layers: list[nn.Module] = [
            nn.BatchNorm1d(width), nn.ReLU(), nn.Conv1d(width, width, kernel, 2, kernel // 2, bias=False),
        ]  # fmt: skip
        for number in range(1, blocks + 1):
            deeper = width + _MORE if number % _EVERY == 0 else width
            layers.append(_Block(width, deeper, kernel, dropout))
            width = deeper
        self.trunk = nn.Sequential(*layers, nn.BatchNorm1d(width), nn.ReLU())
        self.dense = nn.Sequential(nn.Linear(width, dense), nn.ReLU())
        self.beside = nn.LSTM(channels, units, batch_first=True)
        self.width = dense + units

    def encode(self, signal: Tensor) -> Tensor:
        maps = self.trunk(torch.cat([branch(signal) for branch in self.branches], 1))
        states, _ = self.beside(signal.transpose(1, 2))
        return torch.cat((self.dense(maps.mean(-1)), states.mean(1)), 1)


class _Block(nn.Module):
    """Pre-activation convolutions; a block that widens halves the time, and its shortcut has zeros for new channels."""

    def __init__(self, before: int, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        stride = 2 if width > before else 1
        self.body = nn.Sequential(
            nn.BatchNorm1d(before), nn.ReLU(), nn.Conv1d(before, width, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout),
            nn.Conv1d(width, width, kernel, 1, kernel // 2, bias=False),
        )  # fmt: skip
        self.shortcut = nn.MaxPool1d(2, ceil_mode=True) if stride > 1 else nn.Identity()
        self.more = width - before

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + nn.functional.pad(self.shortcut(x), (0, 0, 0, self.more))
