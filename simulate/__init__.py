"""From a `Record` to a photographed page with its exact truth."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulate.scene import Scene

__all__ = ["Scene"]


def __getattr__(name: str) -> object:
    if name != "Scene":
        raise AttributeError(f"module 'simulate' has no attribute {name!r}; it has {', '.join(__all__)}")
    return import_module("simulate.scene").Scene
