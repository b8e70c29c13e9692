"""The running average of the weights, and small guards around validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def blend(average: dict[str, Tensor], new: Mapping[str, Tensor], decay: float, step: int) -> None:
    """Move the average towards the new weights; young averages move faster, so that they forget the random start."""
    keep = min(decay, (1 + step) / (10 + step))
    for name, value in new.items():
        if value.is_floating_point():
            average[name].lerp_(value.detach(), 1 - keep)
        else:
            average[name].copy_(value)


@contextmanager
def with_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> Iterator[None]:
    """Inside, the model holds these weights (its own where there are none); afterwards its own again."""
    own = {k: v.detach().clone() for k, v in model.state_dict().items()} if weights else {}
    if weights:
        model.load_state_dict(weights)
    try:
        yield
    finally:
        if weights:
            model.load_state_dict(own)


@contextmanager
def keep_rng() -> Iterator[None]:
    """Validation must not move the stream that training draws from."""
    state = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(state)
