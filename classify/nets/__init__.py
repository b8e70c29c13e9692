"""The networks: a registry of makers, one file per family.

Every network is called as `net(signal, features=None, demographics=None)` with signal float [batch, channel, sample],
features float [batch, k] and demographics float [batch, 2] (age, sex), and returns logits [batch, label].
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

# name -> (module, maker); imported when asked for, so that naming the networks needs no torch
NETS: Mapping[str, tuple[str, str]] = {
    "resnet1d": ("classify.nets.resnet", "ResNet1d"),
    "plrnn": ("classify.nets.plrnn", "PlrnnNet"),
    "lstm_lite": ("classify.nets.lstm", "LstmLite"),
}


def build(name: str, labels: int, channels: int, samples: int, options: Mapping[str, Any] | None = None) -> nn.Module:
    """A network by name for `labels` outputs; options are the maker's own keyword arguments."""
    if name not in NETS:
        raise ValueError(f"unknown network {name!r}: expected one of {', '.join(NETS)}")
    module, maker = NETS[name]
    try:
        net: nn.Module = getattr(import_module(module), maker)(labels, channels, samples, **(options or {}))
    except TypeError as error:
        raise ValueError(f"network {name!r}: {error}") from error
    return net
