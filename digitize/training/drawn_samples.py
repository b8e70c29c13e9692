"""Samples that are drawn when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from ecg.fit.seeds import rng_for
from simulate.dataset.page_stream import PageStream


@dataclass
class DrawnSamples:
    """A part of an endless stream; an item is a pure function of (seed, epoch, index)."""

    stream: PageStream
    length: int
    epoch: int = field(default=0, init=False)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return self.example(rng_for(self.stream.seed, self.epoch, index))

    def example(self, rng: np.random.Generator) -> dict[str, Tensor]:
        raise NotImplementedError
