"""From a `Record` to a photographed page with its exact truth."""

from simulate.scene import Scene, presets

__all__ = ["Scene", "presets"]
