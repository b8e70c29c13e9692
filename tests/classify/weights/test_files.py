"""Weights of classifiers and their cards: whole and fitting, or refused by name in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from classify.card import Card
from classify.classifier import Classifier
from classify.infer import main
from classify.recipe import Recipe
from classify.weights import files
from ecg.files import InputError
from ecg.fit.recipe import from_dict

RECIPE = {"task": "rhythm5", "net": {"name": "resnet1d", "options": {"widths": [4, 4]}}}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A network of a few numbers with a card that fits."""
    recipe = from_dict(Recipe, RECIPE)
    from classify.labels import columns
    from classify.tasks import TASKS

    labels = columns(TASKS[recipe.task].groups)
    net = files.network(RECIPE, len(labels))
    groups = {group for group, _ in labels}
    thresholds = {group: {name: 0.5 for own, name in labels if own == group} for group in groups}
    card = Card("tiny", RECIPE, labels, dict.fromkeys(groups, 1.0), thresholds, (), {})
    files.save(tmp_path / "w.safetensors", net.state_dict(), card)
    return tmp_path / "w.safetensors"


def change(weights: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    card = json.loads(weights.with_suffix(".json").read_text())
    edit(card)
    weights.with_suffix(".json").write_text(json.dumps(card))


def test_whole_weights_are_loaded(weights: Path) -> None:
    assert Classifier.load(weights).card.name == "tiny"


@pytest.mark.parametrize("content", ["", "[]", "null", "3", "{}", "[" * 100_000, '{"labels": 3}', "\x00"])
def test_a_card_that_is_torn_or_foreign_is_named(weights: Path, content: str) -> None:
    weights.with_suffix(".json").write_text(content)
    with pytest.raises(InputError, match=r"w\.json: not a card of classifier weights"):
        files.load(weights)


@pytest.mark.parametrize(
    "edit",
    [
        lambda card: card.update(labels=card["labels"][:-1]),
        lambda card: card.update(labels=[*card["labels"], ["rhythm", "NEW"]]),
        lambda card: card.update(labels=[card["labels"][0]] * len(card["labels"])),
        lambda card: card.update(labels=[]),
        lambda card: card.update(temperatures={}),
        lambda card: card["temperatures"].update({card["labels"][0][0]: 0.0}),
        lambda card: card["temperatures"].update({card["labels"][0][0]: "warm"}),
        lambda card: card.update(thresholds={}),
        lambda card: card.update(biases={card["labels"][0][0]: {card["labels"][0][1]: float("nan")}}),
        lambda card: card.update(recipe={**RECIPE, "task": "palmistry"}),
        lambda card: card.update(recipe={**RECIPE, "net": {"name": "resnet1d", "options": {"widths": [8, 8]}}}),
        lambda card: card.update(recipe={**RECIPE, "net": {"name": "oracle"}}),
        lambda card: card.update(recipe=[]),
    ],
)
def test_a_card_that_does_not_fit_is_named(
    weights: Path, edit: Callable[[dict[str, Any]], object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(weights, edit)
    with pytest.raises(InputError, match=r"w\.(json|safetensors): "):
        Classifier.load(weights)
    assert main(["--record", "x.csv", "--weights", str(weights), "--output", str(tmp_path / "out")]) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("spoil", [b"", b"\xff" * 64, b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_torn_weights_are_named_with_and_without_a_checksum_that_fits(weights: Path, spoil: bytes) -> None:
    weights.write_bytes(spoil)
    with pytest.raises(InputError, match=r"w\.safetensors: checksum .* do they belong together"):
        files.load(weights)
    change(weights, lambda card: card.update(sha256=hashlib.sha256(spoil).hexdigest()))
    with pytest.raises(InputError, match=r"w\.safetensors: (no|these) weights"):
        files.load(weights)


def test_weights_that_are_no_numbers_are_refused(weights: Path) -> None:
    card = files.load_card(weights)
    net = files.network(RECIPE, len(card.labels))
    spoilt = {
        name: torch.full_like(value, float("nan"))
        for name, value in net.state_dict().items()
        if value.is_floating_point()
    }
    save_file({**net.state_dict(), **spoilt}, weights)
    files.save_card(weights, replace(card, sha256=hashlib.sha256(weights.read_bytes()).hexdigest()))
    with pytest.raises(InputError, match=r"w\.safetensors: damaged weights"):
        files.load(weights)
