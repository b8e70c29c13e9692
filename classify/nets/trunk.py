"""`Encoder` and `Trunk`: what turns a signal into a vector."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn


class Encoder(Protocol):
    """A network, or the trunk of one, as pretraining sees it: signal to [batch, width]."""

    width: int

    def encode(self, signal: Tensor) -> Tensor: ...


class Trunk(nn.Module):
    """A module with `encode(signal)`: float [batch, channel, sample] to [batch, width]."""

    width: int

    def encode(self, signal: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} must define encode(signal)")

    def forward(self, signal: Tensor) -> Tensor:
        return self.encode(signal)
