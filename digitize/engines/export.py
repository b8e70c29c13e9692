"""The shipped networks as ONNX files."""

from __future__ import annotations

from pathlib import Path

from digitize.engines import onnx as engine
from digitize.nets.pretrained import FOLDER, load_networks


def export(output: str | Path | None = None) -> list[engine.Exported]:
    """Write every shipped network to `<kind>.onnx` in a folder (default: beside the weights, where it is sought)."""
    return engine.export(load_networks(exact=True), Path(output) if output else FOLDER)


def describe(done: engine.Exported) -> str:
    """A written file and how far its outputs are from the network's own."""
    heads = ", ".join(f"{head} {value:.1e}" for head, value in done.largest_difference.items())
    return f"{done.path} ({done.path.stat().st_size / 1e6:.1f} MB): largest difference of {heads}"
