"""From a checkpoint to weights with honest probabilities: temperatures and thresholds from validation records only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from classify.card import Card, softmax
from classify.datasets.arrays import Arrays
from classify.datasets.collect import load_arrays
from classify.datasets.sources import SOURCES
from classify.labels import GROUPS, columns
from classify.nets.predict import predict
from classify.recipe import Recipe
from classify.tasks import TASKS
from classify.training.inputs import fixed_inputs
from classify.training.label_prior import prior_bias
from classify.training.validation import LAYOUTS
from classify.weights import DEFAULT
from classify.weights.files import network, save
from ecg.fit import checkpoint as checkpoints
from ecg.fit.recipe import from_dict


@dataclass(frozen=True)
class CalibrationLimits:
    """Bounds of what is fitted. They keep a small validation part from giving absurd values; set by judgement."""

    temperature: tuple[float, float] = (0.3, 5.0)  # a logit is never sharpened or softened by more than this
    threshold: tuple[float, float] = (0.05, 0.95)  # no label is predicted at, or withheld above, such probabilities
    min_positives: int = 6  # with fewer positives the best threshold of a sample is chance: it stays at one half


LIMITS = CalibrationLimits()


def temperature(logits: np.ndarray, target: np.ndarray, exclusive: bool = False) -> float:
    """The temperature that makes logits / T [record, label] likeliest (Guo et al. 2017), within the limits.

    NaN targets are left out; of an exclusive group the labels of a record are judged together.
    """
    known = np.isfinite(target).all(1) if exclusive else np.isfinite(target)
    if not known.any():
        return 1.0
    z, t = logits[known].astype(np.float64), target[known]

    def loss(log_t: float) -> float:
        scaled = z / np.exp(log_t)
        if exclusive:
            return float(-np.mean(np.log((softmax(scaled) * t).sum(-1) + 1e-12)))
        return float(np.mean(np.logaddexp(0, scaled) - t * scaled))

    low, high = LIMITS.temperature
    return float(np.exp(minimize_scalar(loss, bounds=(np.log(low), np.log(high)), method="bounded").x))


def best_threshold(probability: np.ndarray, target: np.ndarray) -> float:
    """The threshold with the best F1 of one label [record]; 0.5 where there are too few positives to tell."""
    known = np.isfinite(target)
    p, t = probability[known], target[known] > 0.5
    if t.sum() < LIMITS.min_positives:
        return 0.5
    order = np.argsort(-p)
    hits = np.cumsum(t[order])
    f1 = 2 * hits / (np.arange(1, len(p) + 1) + t.sum())
    k = int(np.argmax(f1))
    after = p[order][min(k + 1, len(p) - 1)]
    return float(np.clip((p[order][k] + after) / 2, *LIMITS.threshold))


def fitted(card: Card, logits: np.ndarray, target: np.ndarray) -> Card:
    """The card with temperatures and thresholds that suit these (validation) records [record, label]."""
    shifted = card.shifted(logits)
    temperatures = {
        group: round(temperature(shifted[:, own], target[:, own], group in card.exclusive), 4)
        for group, own in card.groups.items()
    }
    with_temperatures = replace(card, temperatures=temperatures)
    p = with_temperatures.calibrated(logits)
    thresholds = {
        group: {card.labels[k][1]: round(best_threshold(p[:, k], target[:, k]), 4) for k in own}
        for group, own in card.groups.items()
        if group not in card.exclusive
    }
    return replace(with_temperatures, thresholds=thresholds)


def calibrate(checkpoint: Path, data: Path | None = None, output: Path = DEFAULT, eight_bit: bool = False) -> Card:
    """Write the checkpoint's weights to `output` with temperatures and thresholds from its validation records.

    A network for pages sees the validation records whole and as a 3x4 page prints them, so that one threshold serves
    both.
    """
    state = checkpoints.load(checkpoint)
    recipe = from_dict(Recipe, state["recipe"])
    arrays = load_arrays(recipe, data)
    card = _uncalibrated(output.stem, state, arrays)
    net = network(state["recipe"], len(card.labels))
    net.load_state_dict(checkpoints.weights(state))
    net.eval()
    held_out = arrays.of("validation")
    if not len(held_out):
        raise ValueError(f"{checkpoint}: no validation records in {data}; thresholds are chosen on nothing else")
    layouts = LAYOUTS if recipe.data.page_masks else LAYOUTS[:1]
    logits = np.concatenate([predict(net, fixed_inputs(held_out, layout, recipe.data)) for layout in layouts])
    target = np.concatenate([held_out.targets] * len(layouts))
    if recipe.data.balanced:
        card = replace(card, biases=_biases(card, logits, target, arrays.of("train").targets))
    return save(output, checkpoints.weights(state), fitted(card, logits, target), eight_bit)


def _biases(card: Card, logits: np.ndarray, target: np.ndarray, trained: np.ndarray) -> dict[str, dict[str, float]]:
    """Of every exclusive group: what brings back how rare its labels are, as far as validation records ask for it."""
    biases = {}
    for group, own in card.groups.items():
        if group in card.exclusive:
            bias = prior_bias(logits[:, own], target[:, own], trained[:, own], True)
            biases[group] = {card.labels[k][1]: round(float(b), 4) for k, b in zip(own, bias, strict=True)}
    return biases


def _uncalibrated(name: str, state: Mapping[str, Any], arrays: Arrays) -> Card:
    """What is known of a checkpoint before it is calibrated."""
    groups = TASKS[state["recipe"]["task"]].groups
    labels = columns(groups)
    positives = np.nansum(arrays.of("train").targets, axis=0).astype(int).tolist()
    seen: dict[str, dict[str, int]] = {group: {} for group in groups}
    for (group, label), count in zip(labels, positives, strict=True):
        seen[group][label] = count
    credits = tuple(SOURCES[source].credit for source in dict.fromkeys(arrays.source.tolist()))
    metrics = {"records": arrays.counts(), "best_epoch": state["best_epoch"], "validation_score": state["best_metric"]}
    exclusive = tuple(group for group in groups if GROUPS[group].exclusive)
    return Card(name, state["recipe"], labels, {}, {}, credits, metrics, exclusive, seen)
