"""The networks: `build` makes one of the catalogue's by name.

Every network is called as `net(signal, features=None, demographics=None)` with signal float [batch, channel, sample],
features float [batch, k] and demographics float [batch, 2] (age in years and sex, NaN where unknown), and returns
logits [batch, label]. It has `encode(signal)`, float [batch, width], which is what it makes of the signal alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.nets.catalog import NAMES, NETS, Row

if TYPE_CHECKING:
    from classify.nets.factory import build

__all__ = ["NAMES", "NETS", "Row", "build"]


def __getattr__(name: str) -> object:
    if name == "build":  # needs torch, which naming a network must not
        from classify.nets.factory import build

        return build
    raise AttributeError(f"module 'classify.nets' has no attribute {name!r}")
