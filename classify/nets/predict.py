"""Logits of prepared inputs."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


def predict(net: nn.Module, signal: np.ndarray, features: np.ndarray, batch_size: int = 64) -> np.ndarray:
    """Logits float32 [record, label] of signal [record, channel, sample] and features [record, k], without gradients.

    The network stays in the mode that it is in: call `net.eval()` first.
    """
    device = next(net.parameters()).device
    logits = []
    with torch.no_grad():
        for start in range(0, len(signal), batch_size):
            part = slice(start, start + batch_size)
            x, f = (torch.from_numpy(np.ascontiguousarray(a[part])).to(device) for a in (signal, features))
            logits.append(net(x, f).float().cpu().numpy())
    return np.concatenate(logits)
