"""Which samples an answer rests on: integrated gradients and Grad-CAM over time, for any network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from classify.nets.ensemble import Ensemble

_BATCH = 16


def integrated_gradients(
    net: nn.Module, signal: Tensor, baseline: Tensor, other: Sequence[Tensor], outputs: Sequence[int], steps: int = 32
) -> np.ndarray:
    """Attributions [output, channel, sample] of one input [channel, sample], in logits (Sundararajan et al., 2017).

    They add up to the logit of the signal minus that of the baseline, the better the more steps. `other` are the
    network's other inputs, each [1, ...], the same along the whole way.
    """
    total = torch.zeros(len(outputs), *signal.shape)
    middles = (torch.arange(steps) + 0.5) / steps
    for part in middles.split(_BATCH):
        there = baseline + part[:, None, None] * (signal - baseline)
        there.requires_grad_(True)
        logits = net(there, *(x.expand(len(part), *x.shape[1:]) for x in other))
        for row, output in enumerate(outputs):
            (slope,) = torch.autograd.grad(logits[:, output].sum(), there, retain_graph=True)
            total[row] += slope.sum(0)
    return ((signal - baseline) * total / steps).detach().numpy()


def grad_cam(
    net: nn.Module, signal: Tensor, other: Sequence[Tensor], output: int
) -> tuple[np.ndarray | None, tuple[int, int]]:
    """(heat, (with_map, all)): where in time the last convolution supports an output (Selvaraju et al., 2017).

    `heat` is 0..1 [sample], None when nothing supports the output. Of an ensemble the heats of all members are added;
    `with_map` of its `all` members have a convolution over time.
    """
    with torch.enable_grad(), _maps_over_time(net) as maps:
        logit = net(signal[None].clone().requires_grad_(True), *other)[0, output]
        last = [found[-1] for found in maps if found]
        counted = len(last), len(maps)
        slopes = torch.autograd.grad(logit, last) if last else ()
    heats = [_heat(made, slope, signal.shape[1]) for made, slope in zip(last, slopes, strict=True)]
    heat = np.sum(heats, axis=0) if heats else np.zeros(signal.shape[1])
    return heat / heat.max() if heat.max() > 0 else None, counted


def _heat(made: Tensor, slope: Tensor, samples: int) -> np.ndarray:
    """What a map [1, channel, (lead,) time] adds to the logit over time, [sample], not below 0."""
    axes = tuple(range(2, slope.ndim))
    weighted = (slope.mean(axes, keepdim=True) * made).sum(1)
    heat = torch.relu(weighted.reshape(-1, weighted.shape[-1]).mean(0)).detach().numpy()
    return over_time(heat, samples)


def over_time(values: np.ndarray, samples: int) -> np.ndarray:
    """Values of even stretches of a signal at each of its samples."""
    centres = (np.arange(values.size) + 0.5) * samples / values.size - 0.5
    return np.interp(np.arange(samples), centres, values)


@contextmanager
def _maps_over_time(net: nn.Module) -> Iterator[list[list[Tensor]]]:
    """Of every member what its convolutions give for a single input, in order of use: [1, channel, (lead,) time]."""
    members = list(net.members) if isinstance(net, Ensemble) else [net]
    found: list[list[Tensor]] = [[] for _ in members]
    hooks = [
        m.register_forward_hook(partial(_keep, maps))
        for maps, member in zip(found, members, strict=True)
        for m in member.modules()
        if isinstance(m, nn.Conv1d | nn.Conv2d)
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _keep(maps: list[Tensor], module: nn.Module, inputs: tuple[Tensor, ...], made: Tensor) -> None:
    if made.shape[0] == 1 and made.ndim >= 3 and made.shape[-1] > 1:
        maps.append(made)


@contextmanager
def penultimate(net: nn.Module) -> Iterator[list[np.ndarray]]:
    """Collects, for every call of the network within the block, the input [record, unit] of its last linear layer."""
    latest: list[Tensor] = []
    found: list[np.ndarray] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        latest[:] = inputs[:1]

    def keep(module: nn.Module, inputs: tuple[Tensor, ...], made: Tensor) -> None:
        found.append(latest[0].detach().flatten(1).float().cpu().numpy())

    hooks = [m.register_forward_pre_hook(note) for m in net.modules() if isinstance(m, nn.Linear)]
    hooks.append(net.register_forward_hook(keep))
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()
