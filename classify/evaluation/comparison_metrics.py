"""The figures of a network in a comparison."""

from __future__ import annotations

import numpy as np

from classify.card import sigmoid
from classify.evaluation.decisions import thresholds
from classify.labels import columns
from classify.scoring.metrics import bootstrap, counts, macro_auc, macro_f1
from classify.tasks import Task
from classify.training.label_prior import most_probable

_MIN_TEST_RECORDS = 10  # with fewer the figure of a label is chance


def exclusive_figures(logits: np.ndarray, target: np.ndarray, task: Task, over: tuple[str, ...]) -> dict[str, str]:
    """Macro F1 over the classes with enough test records and over those named, accuracy, Se/PPV of every class."""
    names = [name for _, name in columns(task.groups)]
    there, named = _enough(target), [names.index(name) for name in over if name in names]
    predicted = most_probable(logits)
    low, high = bootstrap(predicted[:, there], target[:, there], macro_f1, rounds=100)
    out = {"macro F1": f"{macro_f1(predicted[:, there], target[:, there]):.3f} ({low:.3f}..{high:.3f})"}
    if named:
        out[f"F1 over {', '.join(over)}"] = f"{macro_f1(predicted[:, named], target[:, named]):.3f}"
    out["accuracy"] = f"{(predicted & (target > 0.5)).any(1).mean():.3f}"
    for k in there:
        each = counts(predicted[:, k], target[:, k])
        out[f"{names[k]} Se/PPV"] = f"{each['recall']:.2f}/{each['precision']:.2f}"
    return out


def group_figures(logits: np.ndarray, target: np.ndarray, task: Task) -> dict[str, str]:
    """Macro AUC of every label group with its bootstrap interval, over the labels with enough test records."""
    out = {}
    for group, own in _judged(target, task).items():
        value = macro_auc(logits[:, own], target[:, own])
        low, high = bootstrap(logits[:, own], target[:, own])
        out[f"{group} macro AUC ({len(own)} labels)"] = f"{value:.3f} ({low:.3f}..{high:.3f})"
    return out


def group_decisions(
    validation: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], task: Task
) -> dict[str, str]:
    """Macro F1 of every label group with its bootstrap interval, by the thresholds of the validation records.

    Each pair is (logits, targets) [record, label]; of labels with enough test records.
    """
    (seen, truth), (logits, target) = validation, test
    chosen, out = sigmoid(logits) >= thresholds(sigmoid(seen), truth), {}
    for group, own in _judged(target, task).items():
        low, high = bootstrap(chosen[:, own], target[:, own], macro_f1)
        out[f"{group} macro F1"] = f"{macro_f1(chosen[:, own], target[:, own]):.3f} ({low:.3f}..{high:.3f})"
    return out


def _judged(target: np.ndarray, task: Task) -> dict[str, list[int]]:
    """The outputs of every group that have enough test records."""
    named, enough = columns(task.groups), _enough(target)
    return {group: [k for k in enough if named[k][0] == group] for group in task.groups}


def _enough(target: np.ndarray) -> list[int]:
    return [k for k in range(target.shape[1]) if np.nansum(target[:, k]) >= _MIN_TEST_RECORDS]
