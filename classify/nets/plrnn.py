"""Piecewise-linear recurrent networks: over parallel convolutions, and the shallow one on the signal itself."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from classify.nets.layers import dense
from classify.nets.trunk import Trunk

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


class Plrnn(Trunk):
    """Convolutions of three widths, two recurrent layers that both see every step, the last state or their mean."""

    width = 48

    def __init__(
        self, channels: int, samples: int, hard_breakpoints: bool = False, pool: Literal["last", "mean"] = "last"
    ) -> None:
        super().__init__()
        self.pool = pool
        self.branches = nn.ModuleList(_branch(channels, kernel) for kernel in (3, 5, 7))
        self.first = PlrnnLayer(96, 64, 4, hard_breakpoints)
        self.second = PlrnnLayer(64, 32, 3, hard_breakpoints)
        self.summary = dense(32, [(48, 0.3, True)])

    def encode(self, signal: Tensor) -> Tensor:
        maps = torch.cat([branch(signal) for branch in self.branches], 1).transpose(1, 2)
        states = self.second(self.first(maps))
        return self.summary(states.mean(1) if self.pool == "mean" else states[:, -1])


def _branch(channels: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(channels, 32, kernel, padding=kernel // 2), nn.ReLU(), nn.BatchNorm1d(32), nn.MaxPool1d(2),
        nn.Dropout(0.1),
    )  # fmt: skip


class ShallowPlrnn(Trunk):
    """z' = a z + W1 relu(W2 z + h2) + h1 + C s (Hess et al. 2023); gives the mean state over time.

    In training the first states are drawn towards the signal by the part `forcing`: generalised teacher forcing keeps
    the gradients of a long recording bounded. `clipped` takes W1 relu(W2 z) away (the same paper's bounded form):
    without it a single step of training may let the states of a long recording grow beyond all numbers.
    """

    def __init__(
        self, channels: int, samples: int, states: int = 30, units: int = 940, forcing: float = 0.1,
        clipped: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.width, self.forcing, self.clipped = states, forcing, clipped
        self.decay = nn.Parameter(torch.full((states,), 0.9))
        self.inner = nn.Linear(states, units)
        self.outer = nn.Linear(units, states)
        self.drive = nn.Linear(channels, states, bias=False)
        nn.init.normal_(self.outer.weight, std=0.1 / units**0.5)

    def encode(self, signal: Tensor) -> Tensor:
        seen = min(signal.shape[1], self.width)
        driven, truth = self.drive(signal.transpose(1, 2)).unbind(1), signal[:, :seen].transpose(1, 2).unbind(1)
        state = signal.new_zeros(signal.shape[0], self.width)  # len() would fix the number of records in ONNX
        total = torch.zeros_like(state)
        for push, observed in zip(driven, truth, strict=True):
            state = self.decay * state + self.outer(self._hidden(state)) + push
            if self.training and self.forcing:
                drawn = torch.lerp(state[:, :seen], observed, self.forcing)
                state = torch.cat((drawn, state[:, seen:]), 1)
            total = total + state
        return total / signal.shape[2]

    def _hidden(self, state: Tensor) -> Tensor:
        within = self.inner(state)
        return torch.relu(within) - torch.relu(within - self.inner.bias) if self.clipped else torch.relu(within)
