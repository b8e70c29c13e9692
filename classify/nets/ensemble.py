"""Several networks whose logits are averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict, cast

import torch
from torch import Tensor, nn

from classify.nets.factory import build
from classify.nets.trunk import Encoder


class Member(TypedDict):
    """A network of the catalogue that sees the first `channels` of the signal and gives `outputs` logits.

    Those at `columns` are the ensemble's labels in their order. A member may hold more, as how it was trained; that is
    for readers of the card.
    """

    name: str
    options: Mapping[str, object]
    channels: int
    outputs: int
    columns: Sequence[int]


class Ensemble(nn.Module):
    """The mean of its members' logits; its encoding is theirs side by side."""

    def __init__(self, labels: int, channels: int, samples: int, members: Sequence[Member]) -> None:
        super().__init__()
        for member in members:
            if len(member["columns"]) != labels:
                raise ValueError(f"{member['name']} gives {len(member['columns'])} of {labels} labels")
        self.parts = [(member["channels"], list(member["columns"])) for member in members]
        self.members = nn.ModuleList(
            build(member["name"], member["outputs"], member["channels"], samples, member["options"])
            for member in members
        )

    @property
    def width(self) -> int:
        return sum(member.width for member in self._encoders())

    def encode(self, signal: Tensor) -> Tensor:
        parts = zip(self._encoders(), self.parts, strict=True)
        return torch.cat([net.encode(signal[:, :channels]) for net, (channels, _) in parts], 1)

    def _encoders(self) -> list[Encoder]:
        return [cast(Encoder, net) for net in self.members]

    def each(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        """The logits of every member, [member, batch, label]."""
        logits = [
            net(signal[:, :channels], features, demographics)[:, columns]
            for net, (channels, columns) in zip(self.members, self.parts, strict=True)
        ]
        return torch.stack(logits)

    def forward(self, signal: Tensor, features: Tensor | None = None, demographics: Tensor | None = None) -> Tensor:
        return self.each(signal, features, demographics).mean(0)
