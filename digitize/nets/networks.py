"""The networks of a digitizer, and what it asks of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from ecg.fit.device import autocast_for


class HeadsNetwork(Protocol):
    """Image [batch, channel, row, col] in 0..1 to the outputs of its heads by name: a `ReconstructionNet`."""

    def __call__(self, image: Tensor) -> dict[str, Tensor]: ...

    def parameters(self) -> Iterator[nn.Parameter]: ...


class WordNetwork(Protocol):
    """Image [batch, 3, row, col] in 0..1 to logits [batch, word, row / 4, col / 4], as a `WordNet` has them."""

    def __call__(self, image: Tensor) -> Tensor: ...

    def parameters(self) -> Iterator[nn.Parameter]: ...


@dataclass(frozen=True, eq=False)
class Networks:
    """The page pass, the row pass and the word reader; `page_size_px` (width, height) is what the page pass sees.

    `versions` tells by kind which weights they hold.
    """

    page: HeadsNetwork
    row: HeadsNetwork
    words: WordNetwork
    page_size_px: tuple[int, int]
    versions: Mapping[str, str]


def run_heads(net: HeadsNetwork, image: Tensor) -> dict[str, Tensor]:
    """The outputs for one image [channel, row, col], in the precision that the network's device is fastest in."""
    device = next(net.parameters()).device
    with torch.inference_mode(), autocast_for("auto", device)():
        return net(image[None].to(device).contiguous(memory_format=torch.channels_last))


def run_words(net: WordNetwork, image: Tensor) -> Tensor:
    """The scores [word, row, col] in 0..1 for one image [3, row, col], on the CPU."""
    device = next(net.parameters()).device
    with torch.inference_mode(), autocast_for("auto", device)():
        return net(image[None].to(device).contiguous(memory_format=torch.channels_last))[0].float().sigmoid().cpu()
