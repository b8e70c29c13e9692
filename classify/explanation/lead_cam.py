"""Grad-CAM over leads and time, for networks whose maps keep the leads as rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from classify.explanation.attribution import over_time

_INK = "#1d2433"


def grad_cam_by_lead(
    net: nn.Module, signal: Tensor, other: Sequence[Tensor], output: int, leads: int
) -> np.ndarray | None:
    """Where the last map with `leads` rows supports an output: 0..1 [lead, sample] (Selvaraju et al., 2017).

    `signal` is [channel, sample], `other` the network's other inputs, each [1, ...]. None for a network without such a
    map, or where nothing supports the output.
    """
    maps: list[Tensor] = []

    def keep(module: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        if made.dim() == 4 and made.shape[:1] + made.shape[2:3] == (1, leads) and made.shape[3] > 1:
            maps.append(made)

    hooks = [m.register_forward_hook(keep) for m in net.modules() if isinstance(m, nn.Conv2d)]
    try:
        with torch.enable_grad():
            logit = net(signal[None].clone().requires_grad_(True), *other)[0, output]
            if not maps:
                return None
            (slope,) = torch.autograd.grad(logit, maps[-1:])
    finally:
        for hook in hooks:
            hook.remove()
    heat = torch.relu((slope.mean((2, 3), keepdim=True) * maps[-1]).sum(1))[0].detach().numpy()
    if not heat.max() > 0:
        return None
    spread = np.stack([over_time(row, signal.shape[1]) for row in heat])
    return spread / spread.max()


def draw_by_lead(signal_mv: np.ndarray, fs_hz: float, heat: np.ndarray, leads: Sequence[str]) -> Figure:
    """Every lead [lead, sample] over its heat 0..1 [lead, sample], at one scale."""
    figure = Figure(figsize=(11, 0.6 + 0.6 * len(leads)), layout="constrained")
    axes = figure.subplots(len(leads), 1, sharex=True, squeeze=False)[:, 0]
    end_s = signal_mv.shape[1] / fs_hz
    shown = np.nan_to_num(signal_mv - np.nanmedian(signal_mv, axis=1, keepdims=True))
    reach = max(float(np.percentile(np.abs(shown), 99.7)), 0.1)
    for view, name, values, own in zip(axes, leads, shown, heat, strict=True):
        view.imshow(own[None], cmap="Reds", vmin=0, vmax=1.3, extent=(0, end_s, -reach, reach), aspect="auto")
        view.plot(np.arange(values.size) / fs_hz, np.clip(values, -reach, reach), color=_INK, lw=0.7)
        view.set(xlim=(0, end_s), ylim=(-reach, reach), yticks=[])
        view.set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center")
        view.tick_params(labelsize=7)
    axes[-1].set_xlabel("s", fontsize=8)
    return figure
