"""From a checkpoint to weights that can be trusted: temperatures and thresholds, chosen on validation records only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classify.weights import DEFAULT, Card

_LIMITS = (0.05, 0.95)
_FEW = 6  # with fewer positives the best threshold of a sample is chance


def temperature(logits: np.ndarray, target: np.ndarray) -> float:
    """The temperature [0.3, 5] that makes logits / T likeliest (Guo et al. 2017); NaN targets are left out."""
    from scipy.optimize import minimize_scalar

    known = np.isfinite(target)
    if not known.any():
        return 1.0
    z, t = logits[known].astype(np.float64), target[known]

    def loss(log_t: float) -> float:
        scaled = z / np.exp(log_t)
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


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


def expected_calibration_error(probability: np.ndarray, target: np.ndarray, bins: int = 10) -> float:
    """Mean distance between stated probability and observed frequency over equal bins, weighted by their size."""
    known = np.isfinite(target)
    p, t = probability[known], target[known]
    which = np.clip((p * bins).astype(int), 0, bins - 1)
    gaps = [abs(p[which == b].mean() - t[which == b].mean()) * (which == b).sum() for b in np.unique(which)]
    return float(sum(gaps) / max(len(p), 1))


def calibrate(checkpoint: Path, data: Path | None = None, output: Path = DEFAULT) -> Card:
    """Write the checkpoint's weights to `output` with temperatures and thresholds from its validation records.

    The validation records are seen whole and as a 3x4 page prints them, so that one threshold serves both.
    """
    from classify import weights
    from classify.data import fixed_inputs
    from classify.labels import columns
    from classify.recipe import Recipe
    from classify.sources import CREDITS, TASKS
    from classify.train import load_arrays, predict
    from ecg.fit import checkpoint as files
    from ecg.fit.recipe import from_dict

    state = files.load(checkpoint)
    recipe = from_dict(Recipe, state["recipe"])
    arrays = load_arrays(recipe, data)
    labels = columns(TASKS[recipe.task].groups)
    net = weights.network(state["recipe"], len(labels))
    net.load_state_dict(files.weights(state))
    net.eval()
    shown = arrays.of("validation")
    views = [fixed_inputs(shown, layout, recipe.data) for layout in ("full", "3x4+1")]
    logits = np.concatenate([predict(net, *view) for view in views])
    target = np.concatenate([shown.targets] * len(views))
    temperatures, thresholds = _choose(logits, target, labels)
    credits = tuple(CREDITS[source] for source in dict.fromkeys(arrays.source.tolist()))
    sizes = {part: len(arrays.of(part)) for part in ("train", "validation", "test")}
    metrics = {"records": sizes, "best_epoch": state["best_epoch"], "validation_score": state["best_metric"]}
    card = Card(output.stem, state["recipe"], labels, temperatures, thresholds, credits, metrics)
    return weights.save(output, files.weights(state), card)


def _choose(
    logits: np.ndarray, target: np.ndarray, labels: Sequence[tuple[str, str]]
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    temperatures: dict[str, float] = {}
    thresholds: dict[str, dict[str, float]] = {}
    for group in dict.fromkeys(group for group, _ in labels):
        mine = [k for k, (g, _) in enumerate(labels) if g == group]
        temperatures[group] = round(temperature(logits[:, mine], target[:, mine]), 4)
        probability = sigmoid(logits / temperatures[group])
        thresholds[group] = {labels[k][1]: round(best_threshold(probability[:, k], target[:, k]), 4) for k in mine}
    return temperatures, thresholds


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m classify.calibrate", description="Checkpoint to calibrated weights.")
    p.add_argument("--checkpoint", type=Path, required=True, help="best.pth of a training run")
    p.add_argument("--data", type=Path, help="the folder it was trained on (default: simulated records)")
    p.add_argument("--output", type=Path, default=DEFAULT, help="the .safetensors file to write")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        card = calibrate(args.checkpoint, args.data, args.output)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{args.output}: {card.version}, temperatures {dict(card.temperatures)}, thresholds {dict(card.thresholds)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
