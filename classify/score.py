"""Scores of probabilities against labels; a NaN label means unknown and is left out."""

from __future__ import annotations

import numpy as np


def auc(probability: np.ndarray, target: np.ndarray) -> float:
    """Area under the ROC curve of one label [record], by ranks; NaN without both classes."""
    from scipy.stats import rankdata

    known = np.isfinite(target)
    p, t = probability[known], target[known] > 0.5
    positives, negatives = int(t.sum()), int((~t).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(p)
    return float((ranks[t].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def macro_auc(probability: np.ndarray, target: np.ndarray) -> float:
    """Mean AUC over the labels [record, label] that have both classes."""
    each = [auc(probability[:, k], target[:, k]) for k in range(target.shape[1])]
    known = [value for value in each if value == value]
    return float(np.mean(known)) if known else float("nan")


def bootstrap(probability: np.ndarray, target: np.ndarray, rounds: int = 500, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the macro AUC over resampled records."""
    rng = np.random.default_rng(seed)
    draws = [rng.integers(0, len(target), len(target)) for _ in range(rounds)]
    values = [macro_auc(probability[d], target[d]) for d in draws]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def counts(predicted: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Precision, recall (sensitivity), specificity and F1 of one label [record]; NaN where undefined."""
    known = np.isfinite(target)
    p, t = predicted[known].astype(bool), target[known] > 0.5
    tp, fp, fn, tn = (float(np.sum(x)) for x in (p & t, p & ~t, ~p & t, ~p & ~t))
    return {
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "positives": tp + fn,
        "records": tp + fp + fn + tn,
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
