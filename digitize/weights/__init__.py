"""The shipped weights: safetensors in half precision, each with a JSON card of its recipe, data and metrics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class Pass:
    """A loaded pass: the network in eval mode, its input size (width, height) in px, and its version."""

    net: Any
    size_px: tuple[int, int]
    version: str


def load_pass(kind: str, device: str = "cpu", folder: Path = _FOLDER, *, exact: bool = False) -> Pass:
    """Load the page pass, the row pass or the name reader.

    The weights are rounded to what the device computes in fastest, or `exact`: float32.
    Raises FileNotFoundError when they are not there, ValueError for a device that torch cannot compute on.
    """
    import torch
    from safetensors.torch import load_file

    from ecg.fit.device import dtype_for

    path = folder / f"{kind}.safetensors"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: the weights of the {kind} pass are missing; install the package again or train them"
        )
    card = json.loads(path.with_suffix(".json").read_text())
    state = {name: value.float() if value.is_floating_point() else value for name, value in load_file(path).items()}
    net = _build(kind, card["recipe"]["net"], state)
    width, height = card["recipe"]["pages"]["size_px"]
    place = _device(device)
    dtype = torch.float32 if exact else dtype_for("auto", place)
    net = net.eval().to(place, dtype).to(memory_format=torch.channels_last)
    return Pass(net, (width, height), card["version"])


def _device(name: str) -> Any:
    import torch

    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).splitlines()[0][:90]
        raise ValueError(f"device {name!r}: torch cannot compute there ({why}); expected cpu, cuda or mps") from error


def _build(kind: str, spec: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
    from digitize.nets.fused import fold, lean

    if kind == "names":
        from digitize.layout.printed_words import NameNet, NameSpec

        net = NameNet(NameSpec(**spec))
        net.load_state_dict(state)
        return fold(net)
    from digitize.nets.reconstruction import NetSpec

    return lean(NetSpec(**spec), state)


def ship(checkpoint: Path, facts: Mapping[str, Any], folder: Path | None = None, partner: Path | None = None) -> Path:
    """Write a checkpoint's weights in half precision with their card; gives the weights' path.

    With `partner`, shipped weights of the same network, they are the mean of both. The version is the pass's name and
    the first digits of the weights' SHA-256.
    """
    from safetensors.torch import load_file, save_file

    from ecg.fit import checkpoint as checkpoints
    from ecg.formats import atomic_path, write_text

    state = checkpoints.load(checkpoint)
    weights = checkpoints.weights(state)
    if partner is not None:
        other = load_file(partner)
        weights = {k: (v + other[k].to(v)) / 2 if v.is_floating_point() else v for k, v in weights.items()}
    half = {k: v.half().contiguous() if v.is_floating_point() else v.contiguous() for k, v in weights.items()}
    path = (folder or _FOLDER) / f"{state['recipe']['kind']}.safetensors"
    with atomic_path(path) as temporary:
        save_file(half, temporary)
    version = f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
    card = {"version": version, "steps": state["step"], **facts, "recipe": state["recipe"]}
    write_text(path.with_suffix(".json"), json.dumps(card, indent=2))
    return path
