"""What a digitizer's networks are shown and what they answer, kept while pages are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from torch import Tensor, nn

from digitize.nets.networks import HeadsNetwork
from digitize.pipeline import Digitizer


@dataclass(frozen=True, eq=False)
class NetworkCall:
    """One call of a network: `image` uint8 [row, col, RGB] and its outputs by name, each float32 without the batch."""

    image: np.ndarray
    outputs: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Probe:
    """Stands in for a network and keeps every call of it."""

    net: HeadsNetwork
    calls: list[NetworkCall] = field(default_factory=list)

    def __call__(self, image: Tensor) -> dict[str, Tensor]:
        outputs = self.net(image)
        shown = image[0, :3].float().clamp(0, 1).mul(255).byte().permute(1, 2, 0).cpu().numpy()
        self.calls.append(NetworkCall(shown, {name: value[0].float().cpu().numpy() for name, value in outputs.items()}))
        return outputs

    def parameters(self) -> Iterator[nn.Parameter]:
        return self.net.parameters()


def probed(digitizer: Digitizer) -> tuple[Digitizer, Probe, Probe]:
    """The same digitizer, and the probes of its page pass and of its row pass."""
    page, row = Probe(digitizer.nets.page), Probe(digitizer.nets.row)
    return replace(digitizer, nets=replace(digitizer.nets, page=page, row=row)), page, row
