"""Logits of prepared inputs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import nn


class Inputs(NamedTuple):
    """What a network is shown of records: signal [record, channel, sample], features [record, k], and demographics
    [record, 2], age in years and 1 for a man, 0 for a woman, NaN where unknown.
    """

    signal: np.ndarray
    features: np.ndarray
    demographics: np.ndarray

    def at(self, rows: slice | range | list[int]) -> Inputs:
        """The inputs of some records."""
        return Inputs(*(part[rows] for part in self))


def predict(net: nn.Module, inputs: Inputs, batch_size: int = 64) -> np.ndarray:
    """Logits float32 [record, label], without gradients.

    The network stays in the mode that it is in: call `net.eval()` first.
    """
    device = next(net.parameters()).device
    logits = []
    with torch.no_grad():
        for start in range(0, len(inputs.signal), batch_size):
            part = inputs.at(slice(start, start + batch_size))
            shown = (torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in part)
            logits.append(net(*shown).float().cpu().numpy())
    return np.concatenate(logits)
