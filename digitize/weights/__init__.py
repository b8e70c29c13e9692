"""The shipped weights: safetensors in half precision, each with a JSON card of its recipe, data and metrics."""

from __future__ import annotations

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
