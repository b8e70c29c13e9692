"""Scores of probabilities against labels; a NaN label means unknown and is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

Metric = Callable[[np.ndarray, np.ndarray], float]


def auc(probability: np.ndarray, target: np.ndarray) -> float:
    """Area under the ROC curve of one label [record], by ranks; NaN without both classes."""
    known = np.isfinite(target)
    p, t = probability[known], target[known] > 0.5
    positives, negatives = int(t.sum()), int((~t).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(p)
    return float((ranks[t].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def auprc(probability: np.ndarray, target: np.ndarray) -> float:
    """Average precision of one label [record]; NaN without both classes."""
    known = np.isfinite(target)
    t = target[known] > 0.5
    return float(average_precision_score(t, probability[known])) if 0 < t.sum() < t.size else float("nan")


def macro(metric: Metric, values: np.ndarray, target: np.ndarray) -> float:
    """Mean of a label's metric over the labels [record, label] for which it is defined."""
    return mean(metric(values[:, k], target[:, k]) for k in range(target.shape[1]))


def macro_auc(probability: np.ndarray, target: np.ndarray) -> float:
    """Mean AUC over the labels [record, label] that have both classes."""
    return macro(auc, probability, target)


def f1(predicted: np.ndarray, target: np.ndarray) -> float:
    """F1 of one label [record]; NaN when it is neither there nor predicted."""
    return counts(predicted, target)["f1"]


def macro_f1(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean F1 over the labels [record, label] that are there or predicted."""
    return macro(f1, predicted, target)


def bootstrap(
    values: np.ndarray,
    target: np.ndarray,
    metric: Metric = macro_auc,
    patient: np.ndarray | None = None,
    rounds: int = 500,
    seed: int = 0,
) -> tuple[float, float]:
    """95 % interval of a metric over resampled records, or patients with all their records; NaN where it has no value.

    Tens of thousands of records get fewer rounds, a hundred at least.
    """
    rng = np.random.default_rng(seed)
    rounds = min(rounds, max(100, 2_000_000 // max(len(target), 1)))
    draws = _draws(rng, len(target), patient, rounds)
    found = np.array([metric(values[d], target[d]) for d in draws])
    found = found[np.isfinite(found)]
    if not found.size:
        return float("nan"), float("nan")
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def _draws(rng: np.random.Generator, records: int, patient: np.ndarray | None, rounds: int) -> Iterator[np.ndarray]:
    """Rows of resampled records, or of resampled patients, in each round."""
    if patient is None:
        yield from (rng.integers(0, records, records) for _ in range(rounds))
        return
    _, whose = np.unique(patient, return_inverse=True)
    rows = np.split(np.argsort(whose, kind="stable"), np.cumsum(np.bincount(whose))[:-1])
    for _ in range(rounds):
        yield np.concatenate([rows[k] for k in rng.integers(0, len(rows), len(rows))])


def counts(predicted: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """The confusion counts of one label [record], or of many pooled, and their ratios; NaN where one is undefined."""
    known = np.isfinite(target)
    p, t = predicted[known].astype(bool), target[known] > 0.5
    tp, fp, fn, tn = (float(np.sum(x)) for x in (p & t, p & ~t, ~p & t, ~p & ~t))
    return {
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": tn,
        "positives": tp + fn,
        "records": tp + fp + fn + tn,
    }


def exact_match(predicted: np.ndarray, target: np.ndarray) -> float:
    """The part of the records [record, label] with every label known of which every label is right."""
    known = np.isfinite(target).all(1)
    right = (predicted[known] == (target[known] > 0.5)).all(1)
    return _ratio(float(right.sum()), float(known.sum()))


def log_loss(logits: np.ndarray, target: np.ndarray, exclusive: bool) -> float:
    """The mean cross-entropy of logits [record, label]: of each known label, or of the one that holds."""
    z, t = logits.astype(np.float64), np.nan_to_num(target)
    if exclusive:
        top = z.max(1, keepdims=True)
        log_p = z - top - np.log(np.exp(z - top).sum(1, keepdims=True))
        known = np.isfinite(target).all(1)
        return mean((-(t * log_p).sum(1))[known])
    return mean((np.logaddexp(0, z) - t * z)[np.isfinite(target)])


def confusion(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """int [true label, predicted label] over records [record, label]: how often `column` was predicted where `row`
    holds.

    Where labels exclude each other this is the usual confusion matrix; else a record counts for all its labels.
    """
    return np.nan_to_num(target).astype(int).T @ predicted.astype(int)


def brier(probability: np.ndarray, target: np.ndarray) -> float:
    """Mean squared distance between probability and outcome, over labels [record, label] (Brier 1950)."""
    known = np.isfinite(target)
    return float(np.mean((probability[known] - target[known]) ** 2)) if known.any() else float("nan")


@dataclass(frozen=True, eq=False)
class Reliability:
    """Per filled bin of probability: its mean (`stated`), how often the label held (`observed`), and its `size`."""

    stated: np.ndarray
    observed: np.ndarray
    size: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error: mean distance of `stated` and `observed`, weighted by size."""
        return float(np.average(np.abs(self.stated - self.observed), weights=self.size)) if self.size.sum() else 0.0


def reliability(probability: np.ndarray, target: np.ndarray, bins: int = 10) -> Reliability:
    """The reliability diagram of all known labels together, over equal bins of probability."""
    known = np.isfinite(target)
    p, t = probability[known], target[known]
    which = np.clip((p * bins).astype(int), 0, bins - 1)
    size = np.bincount(which, minlength=bins)
    filled = size > 0
    stated, observed = (np.bincount(which, x, bins)[filled] / size[filled] for x in (p, t))
    return Reliability(stated, observed, size[filled])


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def mean(values: Iterable[float]) -> float:
    """The mean of what is known; NaN of nothing."""
    known = [value for value in values if value == value]
    return float(np.mean(known)) if known else float("nan")


def plain(value: object) -> object:
    """Figures as JSON holds them, to four digits: JSON has no NaN, None says that there is no figure."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return (round(value, 4) if np.isfinite(value) else None) if isinstance(value, float) else value
