"""From column distributions to a curve: where in each column the trace is, and how sure that is."""

from __future__ import annotations

import torch
from torch import Tensor

_REACH = 4  # rows around the peak that take part in its centre of gravity


def decode_columns(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Height in px and certainty in 0..1 of every column; logits [..., row, col] to two tensors [..., col].

    The height is the centre of gravity of the distribution near its peak, the certainty the share that lies there.
    """
    share = logits.softmax(-2).transpose(-1, -2)  # [..., col, row]
    rows = share.shape[-1]
    peak = share.argmax(-1, keepdim=True)
    near = peak + torch.arange(-_REACH, _REACH + 1, device=logits.device)
    weight = share.gather(-1, near.clamp(0, rows - 1)) * ((near >= 0) & (near < rows))
    mass = weight.sum(-1)
    return (weight * near).sum(-1) / mass, mass
