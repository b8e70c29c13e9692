"""From a checkpoint to weights that can be trusted: temperatures and thresholds, chosen on validation records only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classify.card import Card, softmax
from classify.weights import DEFAULT

if TYPE_CHECKING:
    from classify.datasets.arrays import Arrays

_LIMITS = (0.05, 0.95)
_FEW = 6  # with fewer positives the best threshold of a sample is chance


def temperature(logits: np.ndarray, target: np.ndarray, exclusive: bool = False) -> float:
    """The temperature [0.3, 5] that makes logits / T [record, label] likeliest (Guo et al. 2017).

    NaN targets are left out; of an exclusive group the labels of a record are judged together.
    """
    from scipy.optimize import minimize_scalar

    known = np.isfinite(target).all(1) if exclusive else np.isfinite(target)
    if not known.any():
        return 1.0
    z, t = logits[known].astype(np.float64), target[known]

    def loss(log_t: float) -> float:
        scaled = z / np.exp(log_t)
        if exclusive:
            return float(-np.mean(np.log((softmax(scaled) * t).sum(-1) + 1e-12)))
        return float(np.mean(np.logaddexp(0, scaled) - t * scaled))

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.3), np.log(5.0)), method="bounded").x))


def best_threshold(probability: np.ndarray, target: np.ndarray) -> float:
    """The threshold with the best F1 of one label [record]; 0.5 where there are too few positives to tell."""
    known = np.isfinite(target)
    p, t = probability[known], target[known] > 0.5
    if t.sum() < _FEW:
        return 0.5
    order = np.argsort(-p)
    hits = np.cumsum(t[order])
    f1 = 2 * hits / (np.arange(1, len(p) + 1) + t.sum())
    k = int(np.argmax(f1))
    after = p[order][min(k + 1, len(p) - 1)]
    return float(np.clip((p[order][k] + after) / 2, *_LIMITS))


def fitted(card: Card, logits: np.ndarray, target: np.ndarray) -> Card:
    """The card with temperatures and thresholds that suit these (validation) records [record, label]."""
    shifted = card.shifted(logits)
    temperatures = {
        group: round(temperature(shifted[:, mine], target[:, mine], group in card.exclusive), 4)
        for group, mine in card.groups.items()
    }
    warm = replace(card, temperatures=temperatures)
    p = warm.calibrated(logits)
    thresholds = {
        group: {card.labels[k][1]: round(best_threshold(p[:, k], target[:, k]), 4) for k in mine}
        for group, mine in card.groups.items()
        if group not in card.exclusive
    }
    return replace(warm, thresholds=thresholds)


def calibrate(checkpoint: Path, data: Path | None = None, output: Path = DEFAULT, eight_bit: bool = False) -> Card:
    """Write the checkpoint's weights to `output` with temperatures and thresholds from its validation records.

    A network for pages sees the validation records whole and as a 3x4 page prints them, so that one threshold serves
    both.
    """
    from classify import weights
    from classify.datasets.loaders import fixed_inputs
    from classify.recipe import Recipe
    from classify.train import load_arrays, predict
    from ecg.fit import checkpoint as files
    from ecg.fit.recipe import from_dict

    state = files.load(checkpoint)
    recipe = from_dict(Recipe, state["recipe"])
    arrays = load_arrays(recipe, data)
    card = _blank(output.stem, state, arrays)
    net = weights.network(state["recipe"], len(card.labels))
    net.load_state_dict(files.weights(state))
    net.eval()
    shown = arrays.of("validation")
    if not len(shown):
        raise ValueError(f"{checkpoint}: no validation records in {data}; thresholds are chosen on nothing else")
    layouts = ("full", "3x4+1") if recipe.data.page_masks else ("full",)
    logits = np.concatenate([predict(net, *fixed_inputs(shown, layout, recipe.data)) for layout in layouts])
    target = np.concatenate([shown.targets] * len(layouts))
    if recipe.data.balanced:
        card = replace(card, biases=_biases(card, logits, target, arrays.of("train").targets))
    card = fitted(card, logits, target)
    return weights.save(output, files.weights(state), card, eight_bit)


def _biases(card: Card, logits: np.ndarray, target: np.ndarray, trained: np.ndarray) -> dict[str, dict[str, float]]:
    """Of every exclusive group: what brings back how rare its labels are, as far as validation records ask for it."""
    from classify.evaluation.comparison_metrics import prior_bias

    found = {}
    for group, mine in card.groups.items():
        if group in card.exclusive:
            bias = prior_bias(logits[:, mine], target[:, mine], trained[:, mine], True)
            found[group] = {card.labels[k][1]: round(float(b), 4) for k, b in zip(mine, bias, strict=True)}
    return found


def _blank(name: str, state: Mapping[str, Any], arrays: Arrays) -> Card:
    """What is known of a checkpoint before it is calibrated."""
    from classify.labels import GROUPS, columns
    from classify.tasks import CREDITS, TASKS

    groups = TASKS[state["recipe"]["task"]].groups
    labels = columns(groups)
    positives = np.nansum(arrays.of("train").targets, axis=0).astype(int).tolist()
    seen: dict[str, dict[str, int]] = {group: {} for group in groups}
    for (group, label), count in zip(labels, positives, strict=True):
        seen[group][label] = count
    credits = tuple(CREDITS[source] for source in dict.fromkeys(arrays.source.tolist()))
    sizes = {part: len(arrays.of(part)) for part in ("train", "validation", "test")}
    metrics = {"records": sizes, "best_epoch": state["best_epoch"], "validation_score": state["best_metric"]}
    exclusive = tuple(group for group in groups if GROUPS[group].exclusive)
    return Card(name, state["recipe"], labels, {}, {}, credits, metrics, exclusive, seen)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m classify.training.calibrate", description="Checkpoint to calibrated weights."
    )
    p.add_argument("--checkpoint", type=Path, required=True, help="best.pth of a training run")
    p.add_argument("--data", type=Path, help="the folder it was trained on (default: simulated records)")
    p.add_argument("--output", type=Path, default=DEFAULT, help="the .safetensors file to write")
    p.add_argument("--eight_bit", action="store_true", help="keep kernels in eight bits: half the size")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        card = calibrate(args.checkpoint, args.data, args.output, args.eight_bit)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{args.output}: {card.version}, temperatures {dict(card.temperatures)}, thresholds {dict(card.thresholds)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
