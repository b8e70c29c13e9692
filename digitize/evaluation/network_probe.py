"""Listening in on a digitizer's networks: what they were shown and what they answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from digitize.pipeline import Digitizer


@dataclass(frozen=True, eq=False)
class Answer:
    """One look of a network: `image` uint8 [row, col, RGB] and its outputs by name, each float32 without the batch."""

    image: np.ndarray
    outputs: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Listener:
    """Stands in for a network and keeps every answer in `heard`."""

    net: Any
    heard: list[Answer] = field(default_factory=list)

    def __call__(self, image: Any) -> Any:
        outputs = self.net(image)
        shown = image[0, :3].float().clamp(0, 1).mul(255).byte().permute(1, 2, 0).cpu().numpy()
        self.heard.append(Answer(shown, {name: value[0].float().cpu().numpy() for name, value in outputs.items()}))
        return outputs

    def parameters(self) -> Iterator[Any]:
        return self.net.parameters()


def listening(digitizer: Digitizer) -> tuple[Digitizer, Listener, Listener]:
    """The same digitizer, and the listeners to its page pass and to its row pass."""
    page, row = Listener(digitizer.nets.page), Listener(digitizer.nets.row)
    return replace(digitizer, nets=replace(digitizer.nets, page=page, row=row)), page, row
