"""What every network has around its trunk: features, age and sex beside it, and the dense layers after it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classify.nets.layers import dense
from classify.nets.trunk import Trunk

_MEAN_AGE_YEARS, _AGE_SD_YEARS = 60.0, 20.0
HEAD_OPTIONS = ("features", "demographics", "branch", "hidden", "head_dropout")

Layers = Sequence[tuple[int, float, bool]]


class FusionNet(nn.Module):
    """trunk(signal), branch(features), age and sex, concatenated; then dense layers and one logit per label.

    `branch` and `hidden` list (width, dropout, batch norm) of their dense layers; `features` 0 and `demographics` False
    leave these inputs out.
    """

    def __init__(
        self,
        trunk: Trunk,
        labels: int,
        features: int = 0,
        demographics: bool = False,
        branch: Layers = ((16, 0.2, True),),
        hidden: Layers = (),
        head_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.trunk, self.width = trunk, trunk.width
        self.branch = dense(features, branch) if features else None
        self.demographics = demographics
        joined = trunk.width + (branch[-1][0] if features else 0) + 2 * demographics
        self.hidden = dense(joined, hidden)
        self.head = nn.Sequential(nn.Dropout(head_dropout), nn.Linear(hidden[-1][0] if hidden else joined, labels))

    def encode(self, signal: Tensor) -> Tensor:
        return self.trunk(signal)

    def forward(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        parts = [self.trunk(signal)]
        if self.branch is not None:
            parts.append(self.branch(required(features, "the core features")))
        if self.demographics:
            parts.append(scaled_demographics(required(demographics, "age and sex")))
        return self.head(self.hidden(torch.cat(parts, 1)))


def asks_demographics(net: nn.Module) -> bool:
    """Whether a network, or a member of it, uses age and sex."""
    return any(getattr(module, "demographics", False) for module in net.modules())


def scaled_demographics(demographics: Tensor) -> Tensor:
    """Age in years and sex (0 or 1) [batch, 2] around zero; NaN, unknown, becomes 0: mean age, between the sexes."""
    centre = demographics.new_tensor([_MEAN_AGE_YEARS, 0.5])
    spread = demographics.new_tensor([_AGE_SD_YEARS, 0.5])
    return torch.nan_to_num((demographics - centre) / spread)


def required(value: Tensor | None, what: str) -> Tensor:
    """The value; raises ValueError where a network is called without an input that it needs."""
    if value is None:
        raise ValueError(f"this network needs {what} beside the signal")
    return value
