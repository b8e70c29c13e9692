"""A small LSTM beside the core features."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LstmLite(nn.Module):
    """8,461 parameters in Keras counting (8,317 trainable and 144 BN statistics) for 12 channels, 8 features, 5 labels.

    PyTorch's LSTM has a second bias that Keras has not: it is zero and frozen.
    """

    def __init__(self, labels: int, channels: int, samples: int, features: int = 8) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.2)
        self.lstm = nn.LSTM(channels, 32, batch_first=True)
        second_bias = self.lstm.get_parameter("bias_hh_l0")
        nn.init.zeros_(second_bias)
        second_bias.requires_grad_(False)
        self.summary = nn.Sequential(nn.Linear(32, 24), nn.ReLU(), nn.BatchNorm1d(24), nn.Dropout(0.3))
        self.features = nn.Sequential(nn.Linear(features, 16), nn.ReLU(), nn.BatchNorm1d(16), nn.Dropout(0.2))
        self.head = nn.Sequential(
            nn.Linear(40, 32), nn.ReLU(), nn.BatchNorm1d(32), nn.Dropout(0.3), nn.Linear(32, labels)
        )

    def forward(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        if features is None:
            raise ValueError("this network needs the core features beside the signal")
        states, _ = self.lstm(self.drop(signal.transpose(1, 2)))
        return self.head(torch.cat((self.summary(states[:, -1]), self.features(features)), 1))
