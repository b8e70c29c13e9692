"""Weights on disk: `<name>.safetensors` in half precision or eight bits, and `<name>.json` that says all about them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.card import Card

if TYPE_CHECKING:
    from torch import Tensor, nn

DEFAULT = Path(__file__).resolve().parent / "diagnosis.safetensors"


def save(path: Path, state: Mapping[str, Tensor], card: Card, eight_bit: bool = False) -> Card:
    """Write the weights and the card beside them; gives the card with its checksum."""
    import torch
    from safetensors.torch import save_file

    from classify.weights.packed import halved, packed
    from ecg.formats import atomic_path

    small = packed(state) if eight_bit else halved(state)
    if not all(torch.isfinite(v).all() for v in small.values()):
        raise ValueError(f"{path}: a weight does not fit half precision")
    with atomic_path(path) as temporary:
        save_file(small, str(temporary))
    card = replace(card, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    save_card(path, card)
    return card


def save_card(path: Path, card: Card) -> None:
    from ecg.formats import write_text

    write_text(path.with_suffix(".json"), json.dumps(card.to_dict(), indent=2) + "\n")


def load_card(path: Path) -> Card:
    """The card beside a weights file, checked against it."""
    beside = path.with_suffix(".json")
    for needed in (path, beside):
        if not needed.is_file():
            raise FileNotFoundError(f"{needed}: no such file; weights are a .safetensors file with a .json beside it")
    try:
        card = Card.from_dict(json.loads(beside.read_text()))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{beside}: not a card of classifier weights ({error})") from error
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != card.sha256:
        raise ValueError(
            f"{path}: checksum {found[:8]} but {beside.name} speaks of {card.sha256[:8]}; do they belong together?"
        )
    return card


def load(path: Path = DEFAULT) -> tuple[nn.Module, Card]:
    """The network in single precision, ready to answer, and its card."""
    from safetensors.torch import load_file

    from classify.weights.packed import unpacked

    card = load_card(path)
    net = network(card.recipe, len(card.labels))
    net.load_state_dict(unpacked(load_file(str(path))))
    return net.eval(), card


def network(recipe: Mapping[str, Any], labels: int) -> nn.Module:
    """The untrained network of a recipe (as it stands in a card or a checkpoint)."""
    from classify.nets import build
    from classify.recipe import Recipe
    from classify.tasks import TASKS
    from ecg.fit.recipe import from_dict

    known = from_dict(Recipe, recipe)
    samples = round(TASKS[known.task].seconds * known.data.fs_hz)
    return build(known.net.name, labels, known.channels, samples, known.net.options)
