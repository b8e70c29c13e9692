"""Temperatures, thresholds and decisions: chosen on validation, right for both kinds of label groups."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from classify.card import MIN_TRAINING_RECORDS, Card, sigmoid, softmax
from classify.datasets.arrays import Arrays
from classify.datasets.collect import load_arrays
from classify.recipe import Recipe
from classify.scoring.metrics import reliability
from classify.training.calibrate import _biases, best_threshold, calibrate, fitted, temperature
from classify.weights.files import network
from ecg.fit import checkpoint as checkpoints
from ecg.fit.recipe import from_dict, to_dict

torch.set_num_threads(1)

LABELS = (("a", "X"), ("a", "Y"), ("b", "P"), ("b", "Q"), ("b", "R"))
CARD = Card("t", {}, LABELS, {"a": 1.0, "b": 1.0}, {"a": {"X": 0.4, "Y": 0.6}}, (), {}, exclusive=("b",))


def test_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(1)
    true_logit = rng.normal(0, 2, (4000, 1))
    target = (rng.random((4000, 1)) < sigmoid(true_logit)).astype(float)
    target[::7] = np.nan
    found = temperature(3 * true_logit, target)
    assert found == pytest.approx(3, rel=0.1)
    before, after = (reliability(sigmoid(3 * true_logit / t), target).error for t in (1, found))
    assert after < before / 3


def test_temperature_of_labels_that_exclude_each_other() -> None:
    rng = np.random.default_rng(2)
    true_logits = rng.normal(0, 2, (4000, 4))
    drawn = [rng.choice(4, p=p) for p in softmax(true_logits)]
    assert temperature(2.5 * true_logits, np.eye(4)[drawn], exclusive=True) == pytest.approx(2.5, rel=0.1)
    assert temperature(true_logits, np.full((4000, 4), np.nan), exclusive=True) == 1.0


def test_threshold_maximises_f1_and_is_cautious_with_few_positives() -> None:
    p = np.array([0.9, 0.8, 0.7, 0.65, 0.6, 0.55, 0.3, 0.2, 0.1, 0.05])
    t = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0.0])
    assert 0.3 < best_threshold(p, t) < 0.55
    assert best_threshold(p[4:], t[4:]) == 0.5


def test_a_card_makes_probabilities_and_decisions_by_group() -> None:
    logits = np.array([[0.0, 0.0, 1.0, 3.0, 2.0], [-3.0, 3.0, 5.0, 0.0, 0.0]])
    p = CARD.calibrated(logits)
    assert p[0, :2] == pytest.approx([0.5, 0.5])
    assert p[:, 2:].sum(1) == pytest.approx([1, 1])
    assert CARD.decide(p).tolist() == [[True, False, False, True, False], [False, True, True, False, False]]
    assert not CARD.decide(np.full(5, np.nan)).any()
    assert np.isnan(CARD.threshold(2)) and CARD.threshold(1) == 0.6


def test_a_bias_brings_back_how_rare_a_class_is() -> None:
    biased = replace(CARD, biases={"b": {"Q": -2.5}})
    logits = np.array([[0.0, 0.0, 1.0, 3.0, 2.0]])
    assert biased.decide(biased.calibrated(logits))[0].tolist() == [True, False, False, False, True]
    assert CARD.calibrated(logits + np.array([0, 0, 0, -2.5, 0])) == pytest.approx(biased.calibrated(logits))


def test_a_card_comes_back_from_its_file() -> None:
    assert Card.from_dict(CARD.to_dict()) == CARD
    old = {k: v for k, v in CARD.to_dict().items() if k not in ("exclusive", "seen")}
    assert Card.from_dict(old).exclusive == ()


def test_rare_labels_are_known_as_untrained_and_uncounted_ones_are_not() -> None:
    seen = {"a": {"X": MIN_TRAINING_RECORDS, "Y": MIN_TRAINING_RECORDS - 1}, "b": {"P": 0}}
    assert replace(CARD, seen=seen).untrained == (1, 2)
    assert CARD.untrained == ()


def test_fitting_follows_the_names_when_labels_change_places() -> None:
    rng = np.random.default_rng(3)
    logits, target = rng.normal(0, 2, (300, 5)), (rng.random((300, 5)) < 0.3).astype(float)
    order = [3, 1, 4, 0, 2]
    turned = replace(CARD, labels=tuple(LABELS[k] for k in order))
    one, two = fitted(CARD, logits, target), fitted(turned, logits[:, order], target[:, order])
    assert one.temperatures == pytest.approx(two.temperatures)
    assert one.thresholds["a"] == pytest.approx(two.thresholds["a"])
    assert set(one.thresholds) == {"a"}


def test_the_bias_is_the_one_that_validation_asks_for() -> None:
    rng = np.random.default_rng(4)
    drawn = rng.choice(3, 3000, p=[0.9, 0.05, 0.05])
    target = np.concatenate([np.zeros((3000, 2)), np.eye(3)[drawn]], 1)
    logits = np.concatenate([np.zeros((3000, 2)), np.eye(3)[drawn] * 2 + rng.normal(0, 1, (3000, 3))], 1)
    found = _biases(CARD, logits, target, target)["b"]
    assert set(found) == {"P", "Q", "R"}
    assert found["P"] > found["Q"]  # the frequent class is the likelier one
    balanced = np.concatenate([np.zeros((3000, 2)), np.eye(3)[rng.integers(0, 3, 3000)]], 1)
    level = _biases(CARD, logits, target, balanced)["b"]
    assert abs(level["P"] - level["Q"]) < 0.2


LOAD = "classify.training.calibrate.load_arrays"
TINY = {"data": {"fs_hz": 100, "simulated": 20}, "net": {"options": {"widths": [8, 8], "blocks": 1, "kernel": 3}}}


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return load_arrays(from_dict(Recipe, TINY), None)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What training a tiny network for nothing leaves."""
    recipe = to_dict(from_dict(Recipe, TINY))
    torch.manual_seed(0)
    model = network(recipe, 11).state_dict()
    state = {"epoch": 0, "step": 0, "step_in_epoch": 0, "optimiser": {}, "schedule": {}, "rng": torch.get_rng_state()}
    path = tmp_path_factory.mktemp("run") / "best.pth"
    checkpoints.save(path, {**state, "recipe": recipe, "model": model, "ema": {}, "best_epoch": 1, "best_metric": 0.5})
    return path


def test_only_validation_records_choose(
    checkpoint: Path, arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swapped = arrays.targets.copy()
    swapped[arrays.part == "test"] = 1 - swapped[arrays.part == "test"]
    cards = []
    for name, targets in (("one", arrays.targets), ("two", swapped)):
        monkeypatch.setattr(LOAD, lambda recipe, data, t=targets: replace(arrays, targets=t))
        cards.append(calibrate(checkpoint, output=tmp_path / f"{name}.safetensors"))
    assert cards[0].thresholds == cards[1].thresholds
    assert cards[0].temperatures == cards[1].temperatures
    counted = np.nansum(arrays.of("train").targets, 0).astype(int).tolist()
    assert [cards[0].seen[group][name] for group, name in cards[0].labels] == counted


def test_without_validation_records_nothing_is_chosen(
    checkpoint: Path, arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOAD, lambda recipe, data: arrays.of("train"))
    with pytest.raises(ValueError, match="no validation records"):
        calibrate(checkpoint, output=tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())
