"""What every network has around its trunk: the branches beside it and the layers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from classify.nets.layers import dense

_AGE_YEARS, _AGE_SPREAD_YEARS = 60.0, 20.0

Layers = Sequence[tuple[int, float, bool]]


class Beside(nn.Module):
    """trunk(signal) ‖ branch(features) ‖ age and sex, then dense layers, then one logit per label.

    `trunk` maps [batch, channel, sample] to [batch, trunk.width]. `branch` and `hidden` list (width, dropout, batch
    norm) of their dense layers; `features` 0 and `demographics` False leave these inputs out.
    """

    def __init__(
        self,
        trunk: nn.Module,
        labels: int,
        features: int = 0,
        demographics: bool = False,
        branch: Layers = ((16, 0.2, True),),
        hidden: Layers = (),
        head_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.branch = dense(features, branch) if features else None
        self.demographics = demographics
        width = cast(int, trunk.width) + (branch[-1][0] if features else 0) + 2 * demographics
        self.hidden = dense(width, hidden)
        self.head = nn.Sequential(nn.Dropout(head_dropout), nn.Linear(hidden[-1][0] if hidden else width, labels))

    def forward(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        parts = [self.trunk(signal)]
        if self.branch is not None:
            parts.append(self.branch(given(features, "the core features")))
        if self.demographics:
            parts.append(scaled(given(demographics, "age and sex")))
        return self.head(self.hidden(torch.cat(parts, 1)))


def scaled(demographics: Tensor) -> Tensor:
    """Age in years and sex (0 or 1) [batch, 2] around zero; NaN, unknown, becomes 0: usual age, between the sexes."""
    centre = demographics.new_tensor([_AGE_YEARS, 0.5])
    spread = demographics.new_tensor([_AGE_SPREAD_YEARS, 0.5])
    return torch.nan_to_num((demographics - centre) / spread)


def given(value: Tensor | None, what: str) -> Tensor:
    """The value, without which this network cannot answer."""
    if value is None:
        raise ValueError(f"this network needs {what} beside the signal")
    return value
