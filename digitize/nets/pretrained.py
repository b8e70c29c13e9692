"""The shipped weights: safetensors in half precision, each with a JSON card of its recipe, data and metrics."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from digitize.nets.fused import fuse_batchnorm, fused
from digitize.nets.heads import NetSpec
from digitize.nets.networks import Networks
from digitize.nets.word_net import WordNet, WordNetSpec
from ecg.files import InputError, check_regular
from ecg.fit.checkpoint import CheckpointError, fill, read_weights
from ecg.fit.device import dtype_for

FOLDER = Path(__file__).parents[1] / "weights"


@dataclass(frozen=True, eq=False)
class Pass:
    """A loaded pass: the network in eval mode, its input size (width, height) in px, and its version."""

    net: nn.Module
    size_px: tuple[int, int]
    version: str


def load_networks(device: str = "cpu", *, exact: bool = False) -> Networks:
    """The shipped networks, rounded to what the device computes in fastest, or `exact`: float32."""
    page, row, words = (load_pass(kind, device, exact=exact) for kind in ("page", "row", "names"))
    versions = {"page": page.version, "row": row.version, "names": words.version}
    return Networks(page.net, row.net, words.net, page.size_px, versions)


def load_pass(kind: str, device: str = "cpu", folder: Path = FOLDER, *, exact: bool = False) -> Pass:
    """Load the page pass, the row pass or the word reader ("names").

    The weights are rounded to what the device computes in fastest, or `exact`: float32.
    Raises FileNotFoundError when they are not there, ValueError for a device that torch cannot compute on.
    """
    path = folder / f"{kind}.safetensors"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: the weights of the {kind} pass are missing; install the package again or train them"
        )
    found = read_weights(path)
    state = {name: value.float() if value.is_floating_point() else value for name, value in found.items()}
    version, spec, (width, height) = _card(path.with_suffix(".json"))
    try:
        net = _build(kind, spec, state, path)
    except CheckpointError:
        raise
    except Exception as error:  # what stands in a foreign card or file makes torch raise nearly anything
        text = " ".join(str(error).split())[:160]
        raise CheckpointError(f"{path}: no weights of the {kind} pass, or not those of its card ({text})") from error
    place = _device(device)
    dtype = torch.float32 if exact else dtype_for("auto", place)
    net = net.eval().to(place, dtype).to(memory_format=torch.channels_last)
    return Pass(net, (width, height), version)


def _card(path: Path) -> tuple[str, Mapping[str, Any], tuple[int, int]]:
    """Version, network and input size (width, height) in px, as the card beside the weights has them."""
    check_regular(path)
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        recipe = card["recipe"]
        width, height = (int(side) for side in recipe["pages"]["size_px"])
        return str(card["version"]), dict(recipe["net"]), (width, height)
    except Exception as error:
        raise InputError(f"{path}: no card of shipped weights, or a damaged one ({error})") from error


def _device(name: str) -> torch.device:
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).splitlines()[0][:90]
        raise ValueError(f"device {name!r}: torch cannot compute there ({why}); expected cpu, cuda or mps") from error


def _build(kind: str, spec: Mapping[str, Any], state: Mapping[str, Tensor], path: Path) -> nn.Module:
    if kind == "names":
        net = WordNet(WordNetSpec(**spec))
        fill(net, state, path)
        return fuse_batchnorm(net)
    return fused(NetSpec(**spec), state)
