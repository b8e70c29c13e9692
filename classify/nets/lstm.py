"""Long short-term memories: alone, behind convolutions, and in both directions."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from classify.nets.layers import dense, keras_lstm
from classify.nets.trunk import Trunk


class LstmLite(Trunk):
    """LSTM over every sample, its last state or their mean, a dense layer; counted as Keras counts."""

    width = 24

    def __init__(self, channels: int, samples: int, pool: Literal["last", "mean"] = "last") -> None:
        super().__init__()
        self.pool = pool
        self.drop = nn.Dropout(0.2)
        self.lstm = keras_lstm(channels, 32)
        self.summary = dense(32, [(24, 0.3, True)])

    def encode(self, signal: Tensor) -> Tensor:
        states, _ = self.lstm(self.drop(signal.transpose(1, 2)))
        return self.summary(states.mean(1) if self.pool == "mean" else states[:, -1])


class CnnBiLstm(Trunk):
    """Two convolutions with pooling, two bidirectional LSTMs, the last state of each direction, a dense layer."""

    width = 48

    def __init__(self, channels: int, samples: int, pool: int = 4) -> None:
        super().__init__()
        self.maps = nn.Sequential(
            nn.Conv1d(channels, 32, 5, padding=2), nn.ReLU(), nn.BatchNorm1d(32), nn.MaxPool1d(pool),
            nn.Conv1d(32, 64, 3, padding=1), nn.ReLU(), nn.BatchNorm1d(64), nn.MaxPool1d(pool),
        )  # fmt: skip
        self.first = nn.LSTM(64, 64, batch_first=True, bidirectional=True)
        self.second = nn.LSTM(128, 32, batch_first=True, bidirectional=True)
        self.summary = dense(64, [(48, 0.3, True)])

    def encode(self, signal: Tensor) -> Tensor:
        states, _ = self.first(self.maps(signal).transpose(1, 2))
        _, (last, _) = self.second(states)
        return self.summary(torch.cat((last[0], last[1]), 1))


class Lstm(Trunk):
    """LSTM over blocks of `step` samples, in one or both directions, and its last state or the mean over time.

    With single samples and the last state a 5000-step recording gives no gradient to its beginning: the source's
    bidirectional network never learned. The mean over time reaches every step.
    """

    def __init__(
        self,
        channels: int,
        samples: int,
        units: int = 64,
        layers: int = 1,
        both_ways: bool = False,
        step: int = 1,
        pool: Literal["last", "mean"] = "mean",
    ) -> None:
        super().__init__()
        self.width, self.step, self.pool = units * (1 + both_ways), step, pool
        self.lstm = nn.LSTM(channels * step, units, layers, batch_first=True, bidirectional=both_ways)

    def encode(self, signal: Tensor) -> Tensor:
        states, (last, _) = self.lstm(in_blocks(signal, self.step))
        if self.pool == "mean":
            return states.mean(1)
        return last[-self.width // self.lstm.hidden_size :].transpose(0, 1).flatten(1)


def in_blocks(signal: Tensor, step: int) -> Tensor:
    """[batch, channel, sample] as [batch, block, channel * step]; samples that fill no block are left out."""
    blocks = signal.unfold(2, step, step)
    return blocks.transpose(1, 2).flatten(2)
