"""Recurrent networks that weigh their steps, for single beats, and a small transformer."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from classify.nets.layers import keras_lstm
from classify.nets.lstm import in_blocks
from classify.nets.trunk import Trunk


class SoftAttention(Trunk):
    """LSTM 64 over all steps, times a gate from a dense layer, then LSTM 32; counted as Keras counts.

    The gate is normalised over time ("softmax") or used as it comes ("linear").
    """

    width = 32

    def __init__(self, channels: int, samples: int, gate: Literal["softmax", "linear"] = "softmax") -> None:
        super().__init__()
        self.first = keras_lstm(channels, 64)
        self.score = nn.Linear(64, 64)
        self.second = keras_lstm(64, 32)
        self.gate = gate

    def encode(self, signal: Tensor) -> Tensor:
        states, _ = self.first(signal.transpose(1, 2))
        score = self.score(states)
        if self.gate == "softmax":
            # Weights that sum to one over hundreds of steps leave nothing of the states: keep their mean at one.
            score = score.softmax(1) * score.shape[1]
        weighted, _ = self.second(states * score)
        return weighted[:, -1]


class Bahdanau(Trunk):
    """Bidirectional LSTM and additive attention over its steps (Bahdanau et al. 2015)."""

    def __init__(self, channels: int, samples: int, units: int = 64, step: int = 3, dropout: float = 0.2) -> None:
        super().__init__()
        self.width, self.step = 2 * units, step
        self.lstm = nn.LSTM(channels * step, units, batch_first=True, bidirectional=True)
        self.score = nn.Sequential(nn.Linear(2 * units, units), nn.Tanh(), nn.Linear(units, 1, bias=False))
        self.drop = nn.Dropout(dropout)

    def encode(self, signal: Tensor) -> Tensor:
        states, _ = self.lstm(in_blocks(signal, self.step))
        weights = self.score(states).softmax(1)
        return self.drop((states * weights).sum(1))


class Transformer(Trunk):
    """Blocks of `step` samples as tokens with a learned place each, encoder layers, the mean token."""

    def __init__(
        self, channels: int, samples: int, width: int = 64, layers: int = 3, heads: int = 4, step: int = 10,
        dropout: float = 0.1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.width, self.step = width, step
        self.tokens = nn.Linear(channels * step, width)
        self.places = nn.Parameter(0.02 * torch.randn(samples // step, width))
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)

    def encode(self, signal: Tensor) -> Tensor:
        tokens = self.tokens(in_blocks(signal, self.step)) + self.places
        return self.norm(self.encoder(tokens)).mean(1)
