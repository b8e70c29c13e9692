"""What a classifier of several labels decides: by thresholds that validation records chose, and by one half."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classify.card import sigmoid
from classify.scoring.metrics import Metric, bootstrap, exact_match, f1, macro_auc, macro_f1
from classify.training.calibrate import best_threshold

MIN_TEST_RECORDS = 10  # of a label; with fewer its figure is chance


def label_accuracy(predicted: np.ndarray, target: np.ndarray) -> float:
    """The part of all known answers [record, label] that are right: high where most labels are rare."""
    known = np.isfinite(target)
    return float((predicted == (target > 0.5))[known].mean()) if known.any() else float("nan")


def thresholds(probability: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The threshold with the best F1 of every label of validation records [record, label]; float [label]."""
    return np.array([best_threshold(probability[:, k], target[:, k]) for k in range(target.shape[1])])


def decision_figures(
    validation: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    names: Sequence[str],
    patient: np.ndarray | None = None,
) -> dict[str, str]:
    """The figures of test records by the heads of a table's columns; each pair is (logits, targets) [record, label].

    Macro F1 (with its 95 % interval), label-wise accuracy and exact match by the thresholds of the validation records
    and by one half; macro F1 again without the labels of fewer than ten test records, where there are such; macro AUC;
    F1 of every label.
    """
    (seen, truth), (logits, target) = validation, test
    chosen = sigmoid(logits) >= thresholds(sigmoid(seen), truth)
    half = sigmoid(logits) >= 0.5
    low, high = bootstrap(chosen, target, macro_f1, patient)
    enough = np.nansum(target, axis=0) >= MIN_TEST_RECORDS
    out = {"macro F1": f"{macro_f1(chosen, target):.3f} ({low:.3f}..{high:.3f})"}
    if enough.any() and not enough.all():
        out[f"macro F1 of {enough.sum()} labels"] = f"{macro_f1(chosen[:, enough], target[:, enough]):.3f}"
    out |= {
        "macro F1 at 0.5": f"{macro_f1(half, target):.3f}",
        "macro AUC": f"{macro_auc(logits, target):.3f}",
        "label-wise accuracy": _both(chosen, half, target, label_accuracy),
        "exact match": _both(chosen, half, target, exact_match),
    }
    of_labels = {f"{name} F1": f"{f1(chosen[:, k], target[:, k]):.2f}" for k, name in enumerate(names)}
    return {**out, **of_labels}


def _both(chosen: np.ndarray, half: np.ndarray, target: np.ndarray, metric: Metric) -> str:
    return f"{metric(chosen, target):.3f} / {metric(half, target):.3f}"
