"""The reconstruction network and the word reader, and how they are run fast; the whole network is loaded when used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digitize.nets.reconstruction import ReconstructionNet

__all__ = ["ReconstructionNet"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'digitize.nets' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module("digitize.nets.reconstruction"), name)
