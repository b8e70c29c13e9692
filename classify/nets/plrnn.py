"""A piecewise-linear recurrent network over parallel convolutions, beside the core features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SOFTNESS = 0.1  # half width of the passage from one piece to the next


class PiecewiseLinear(nn.Module):
    """f(x) = slope_i x + intercept_i on piece i, with k - 1 breakpoints, shared by all units.

    With `hard` the piece is chosen by comparison, as in the source: then f jumps and the breakpoints never receive a
    gradient. Otherwise neighbouring pieces pass into each other smoothly: f is continuous and its breakpoints learn.
    """

    def __init__(self, pieces: int, hard: bool = False) -> None:
        super().__init__()
        self.breakpoints = nn.Parameter(torch.linspace(-2, 2, pieces - 1))
        self.slopes = nn.Parameter(torch.ones(pieces))
        self.intercepts = nn.Parameter(torch.zeros(pieces))
        self.hard = hard

    def forward(self, x: Tensor) -> Tensor:
        edges = self.breakpoints.sort().values
        distance = x[..., None] - edges
        passed = (distance > 0).to(x.dtype) if self.hard else torch.sigmoid(distance / _SOFTNESS)
        # Behind an edge the line changes by the difference of the two pieces.
        slope = self.slopes[0] + passed @ self.slopes.diff()
        intercept = self.intercepts[0] + passed @ self.intercepts.diff()
        return slope * x + intercept


class PlrnnLayer(nn.Module):
    """h_t = f(W_ih x_t + W_hh h_{t-1}); [batch, step, input] to [batch, step, unit]."""

    def __init__(self, inputs: int, units: int, pieces: int, hard: bool = False) -> None:
        super().__init__()
        self.from_input = nn.Linear(inputs, units)
        self.from_state = nn.Linear(units, units)
        self.activation = PiecewiseLinear(pieces, hard)

    def forward(self, x: Tensor) -> Tensor:
        driven = self.from_input(x)
        state = driven.new_zeros(driven.shape[0], driven.shape[2])
        states = []
        for step in driven.unbind(1):
            state = self.activation(step + self.from_state(state))
            states.append(state)
        return torch.stack(states, 1)


class PlrnnNet(nn.Module):
    """28,560 trainable parameters for 12 channels, 8 features and 5 labels; both recurrent layers see every step."""

    def __init__(
        self, labels: int, channels: int, samples: int, features: int = 8, hard_breakpoints: bool = False
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(_branch(channels, kernel) for kernel in (3, 5, 7))
        self.first = PlrnnLayer(96, 64, 4, hard_breakpoints)
        self.second = PlrnnLayer(64, 32, 3, hard_breakpoints)
        self.summary = nn.Sequential(nn.Linear(32, 48), nn.ReLU(), nn.BatchNorm1d(48), nn.Dropout(0.3))
        self.features = nn.Sequential(nn.Linear(features, 24), nn.ReLU(), nn.BatchNorm1d(24), nn.Dropout(0.2))
        self.head = nn.Sequential(
            nn.Linear(72, 64), nn.ReLU(), nn.BatchNorm1d(64), nn.Dropout(0.4), nn.Linear(64, 32), nn.ReLU(),
            nn.Dropout(0.3), nn.Linear(32, labels),
        )  # fmt: skip

    def forward(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        if features is None:
            raise ValueError("this network needs the core features beside the signal")
        maps = torch.cat([branch(signal) for branch in self.branches], 1).transpose(1, 2)
        last = self.second(self.first(maps))[:, -1]
        return self.head(torch.cat((self.summary(last), self.features(features)), 1))


def _branch(channels: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(channels, 32, kernel, padding=kernel // 2), nn.ReLU(), nn.BatchNorm1d(32), nn.MaxPool1d(2),
        nn.Dropout(0.1),
    )  # fmt: skip
