"""Several networks that answer as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from classify.nets import build


class Ensemble(nn.Module):
    """The mean of its members' logits.

    A member is {"name", "options", "channels", "outputs", "columns"}: a network of the table that sees the first
    `channels` of the signal and gives `outputs` logits, of which those at `columns` are the labels in their order. What
    else stands with it, as how it was trained, is for readers of the card.
    """

    def __init__(self, labels: int, channels: int, samples: int, members: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        for member in members:
            if len(member["columns"]) != labels:
                raise ValueError(f"{member['name']} gives {len(member['columns'])} of {labels} labels")
        self.parts = [(member["channels"], list(member["columns"])) for member in members]
        self.members = nn.ModuleList(
            build(member["name"], member["outputs"], member["channels"], samples, member["options"])
            for member in members
        )

    def forward(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        said = [
            net(signal[:, :channels], features, demographics)[:, columns]
            for net, (channels, columns) in zip(self.members, self.parts, strict=True)
        ]
        return torch.stack(said).mean(0)
