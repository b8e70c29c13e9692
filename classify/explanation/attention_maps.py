"""Where in time the attention of a network looks, layer by layer and stage by stage, drawn over the trace."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from classify.explanation.attribution import over_time
from classify.nets.tokens.attention import DotProduct, attention_weights

_INK = "#1d2433"


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """How much attention every moment receives: `weight` float [sample], 0..1, of the layer or stage `name`."""

    name: str
    weight: np.ndarray


def attention_maps(net: nn.Module, signal: Tensor, other: Sequence[Tensor] = ()) -> list[AttentionMap]:
    """The maps of all attention layers for one input [channel, sample], in order of use; none without attention.

    A token's attention is what it receives from all tokens, mean over heads; where a CLS token stands beside the
    tokens, what that one gives them. Layers whose keys stand for no moments (routed ones) have no map. `other` are the
    network's other inputs, each [1, ...].
    """
    with torch.no_grad(), _listening(net) as found:
        net(signal[None], *other)
    return [AttentionMap(name, _over_time(weight, signal.shape[1])) for name, weight in found]


def by_stage(maps: Sequence[AttentionMap]) -> list[AttentionMap]:
    """The mean map of every stage: of layers whose names share all up to their first number."""
    stages: dict[str, list[np.ndarray]] = {}
    for one in maps:
        stages.setdefault(_stage(one.name), []).append(one.weight)
    return [AttentionMap(name, _scaled(np.mean(weights, axis=0))) for name, weights in stages.items()]


def draw_attention(trace_mv: np.ndarray, fs_hz: float, maps: Sequence[AttentionMap], lead: str = "II") -> Figure:
    """One row for every map: the trace of a lead [sample] over what the map weighs, dark where it looks."""
    figure = Figure(figsize=(11, 0.6 + 0.95 * len(maps)), layout="constrained")
    axes = np.atleast_1d(figure.subplots(len(maps), 1, sharex=True))
    end_s = trace_mv.size / fs_hz
    low, high = (np.nanpercentile(trace_mv, q) for q in (0.5, 99.5))
    room = max(high - low, 0.2) * 0.3
    for view, one in zip(axes, maps, strict=True):
        extent = (0.0, end_s, low - room, high + room)
        view.imshow(one.weight[None], cmap="Reds", vmin=0, vmax=1.3, extent=extent, aspect="auto")
        view.plot(np.arange(trace_mv.size) / fs_hz, trace_mv, color=_INK, lw=0.8)
        view.set(ylim=extent[2:], xlim=extent[:2], yticks=[])
        view.set_title(f"{one.name}, lead {lead}", fontsize=8, loc="left", pad=2)
        view.tick_params(labelsize=7)
    axes[-1].set_xlabel("s", fontsize=8)
    return figure


class _Listener:
    """Collects (name of the layer, attention received [token]) of every call of an attention in `found`."""

    def __init__(self, net: nn.Module) -> None:
        self.found: list[tuple[str, Tensor]] = []
        # Networks of this package name their CLS token so; it stands before the others.
        self.with_cls = any(name.rpartition(".")[2] == "token" for name, _ in net.named_parameters())
        self.queries: dict[str, int] = {}

    def note(self, name: str, module: nn.Module, given: tuple[Tensor, ...]) -> None:
        q, k, *rest = given
        queries, keys, in_windows = q.shape[-2], k.shape[-2], q.dim() == 5
        gathered = in_windows and queries != keys
        dropped = queries < self.queries.setdefault(_stage(name), queries)
        if gathered or dropped:
            return  # such keys stand for no known moments
        weights = attention_weights(q, k, rest[1] if len(rest) > 1 else None)[0].float()
        if self.with_cls and not in_windows:
            self.found.append((name, weights.mean(0)[0, int(queries == keys) :]))
        else:
            self.found.append((name, weights.mean((-3, -2)).flatten()))


@contextmanager
def _listening(net: nn.Module) -> Iterator[list[tuple[str, Tensor]]]:
    listener = _Listener(net)
    hooks = [
        module.register_forward_pre_hook(partial(listener.note, name.removesuffix(".core")))
        for name, module in net.named_modules()
        if isinstance(module, DotProduct)
    ]
    try:
        yield listener.found
    finally:
        for hook in hooks:
            hook.remove()


def _over_time(weight: Tensor, samples: int) -> np.ndarray:
    """Weights of tokens [token] at every sample, 0..1."""
    return _scaled(over_time(weight.cpu().numpy(), samples))


def _scaled(weight: np.ndarray) -> np.ndarray:
    low, high = float(weight.min()), float(weight.max())
    return (weight - low) / (high - low) if high > low else np.zeros_like(weight)


def _stage(name: str) -> str:
    found = re.match(r".*?\.\d+(?=\.|$)", name)
    return found.group(0) if found else name
