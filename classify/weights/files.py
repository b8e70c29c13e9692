"""Weights on disk: `<name>.safetensors` in half precision or eight bits, and `<name>.json` with their card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from classify.card import Card
from classify.nets import build
from classify.recipe import Recipe
from classify.tasks import TASKS
from classify.weights import DEFAULT
from classify.weights.packed import halved, packed, unpacked
from ecg.files import InputError
from ecg.fit.checkpoint import fill, read_weights
from ecg.fit.recipe import from_dict
from ecg.formats import atomic_path, write_text


def save(path: Path, state: Mapping[str, Tensor], card: Card, eight_bit: bool = False) -> Card:
    """Write the weights and the card beside them; gives the card with its checksum."""
    small = packed(state) if eight_bit else halved(state)
    if not all(torch.isfinite(v).all() for v in small.values()):
        raise InputError(f"{path}: a weight does not fit half precision")
    with atomic_path(path) as temporary:
        save_file(small, str(temporary))
    card = replace(card, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    save_card(path, card)
    return card


def save_card(path: Path, card: Card) -> None:
    write_text(path.with_suffix(".json"), json.dumps(card.to_dict(), indent=2) + "\n")


def load_card(path: Path) -> Card:
    """The card beside a weights file, checked against it."""
    beside = path.with_suffix(".json")
    for needed in (path, beside):
        if not needed.is_file():
            raise FileNotFoundError(f"{needed}: no such file; weights are a .safetensors file with a .json beside it")
    try:
        card = Card.from_dict(json.loads(beside.read_text(encoding="utf-8")))
        card.check()
    except Exception as error:  # a foreign file may hold anything under these names
        raise InputError(f"{beside}: not a card of classifier weights ({error})") from error
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != card.sha256:
        raise InputError(
            f"{path}: checksum {found[:8]} but {beside.name} names {card.sha256[:8]}; do they belong together?"
        )
    return card


def load(path: Path = DEFAULT) -> tuple[nn.Module, Card]:
    """The network in single precision, in evaluation mode, and its card."""
    card = load_card(path)
    try:
        net = network(card.recipe, len(card.labels))
    except Exception as error:
        raise InputError(f"{path.with_suffix('.json')}: its recipe makes no network ({error})") from error
    fill(net, unpacked(read_weights(path)), path)
    return net.eval(), card


def network(recipe: Mapping[str, object], labels: int) -> nn.Module:
    """The untrained network of a recipe (as it stands in a card or a checkpoint)."""
    known = from_dict(Recipe, recipe)
    samples = round(TASKS[known.task].seconds * known.data.fs_hz)
    return build(known.net.name, labels, known.channels, samples, known.net.options)
