"""`build`: a network of the catalogue by its name."""

from __future__ import annotations

from importlib import import_module

from torch import nn

from classify.nets.catalog import NETS
from classify.nets.catalog.row import Options
from classify.nets.fusion_head import HEAD_OPTIONS, FusionNet


def build(name: str, labels: int, channels: int, samples: int, options: Options | None = None) -> nn.Module:
    """The network for `labels` outputs; `options` change those of its row. Raises ValueError for an unknown one."""
    if name not in NETS:
        raise ValueError(f"unknown network {name!r}: expected one of {', '.join(NETS)}")
    row = NETS[name]
    maker = getattr(import_module(f"classify.nets.{row.module}"), row.maker)
    chosen = {**row.options, **(row.head or {}), **(options or {})}
    try:
        if row.head is None:
            whole: nn.Module = maker(labels, channels, samples, **chosen)
            return whole
        trunk = maker(channels, samples, **{k: v for k, v in chosen.items() if k not in HEAD_OPTIONS})
        return FusionNet(trunk, labels, **{k: v for k, v in chosen.items() if k in HEAD_OPTIONS})
    except TypeError as error:
        raise ValueError(f"network {name!r}: {error}") from error
