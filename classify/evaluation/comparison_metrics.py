"""What a comparison says of a network's answers to the test records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from classify.tasks import Task

_FEWEST = 10  # a label with fewer test records has no figure worth the name
_PRIORS = np.linspace(0, 1, 11)


def prior_bias(said: np.ndarray, target: np.ndarray, trained: np.ndarray, balanced: bool) -> np.ndarray:
    """What to add to the logits [label] of a network that saw every class as often, although the world does not.

    It is the logarithm of the classes' shares in training, times the factor with the best macro F1 on validation.
    """
    from classify.scoring.metrics import macro_f1

    share = np.log(np.maximum(trained.mean(0), 1e-6))
    factors = _PRIORS if balanced else [0.0]
    f1 = [macro_f1(chosen(said + factor * share), target) for factor in factors]
    bias: np.ndarray = factors[int(np.nanargmax(f1))] * share
    return bias


def chosen(said: np.ndarray) -> np.ndarray:
    """bool [example, label]: the likeliest label of each example."""
    return said.argmax(1)[:, None] == np.arange(said.shape[1])


def exclusive_figures(said: np.ndarray, target: np.ndarray, task: Task, over: tuple[str, ...]) -> dict[str, str]:
    """Macro F1 over the classes with enough test records and over those named, accuracy, Se/PPV of every class."""
    from classify.labels import columns
    from classify.scoring.metrics import bootstrap, counts, macro_f1

    names = [name for _, name in columns(task.groups)]
    there, named = _enough(target), [names.index(name) for name in over if name in names]
    predicted = chosen(said)
    low, high = bootstrap(predicted[:, there], target[:, there], macro_f1, rounds=100)
    out = {"macro F1": f"{macro_f1(predicted[:, there], target[:, there]):.3f} ({low:.3f}..{high:.3f})"}
    if named:
        out[f"F1 over {', '.join(over)}"] = f"{macro_f1(predicted[:, named], target[:, named]):.3f}"
    out["accuracy"] = f"{(predicted & (target > 0.5)).any(1).mean():.3f}"
    for k in there:
        each = counts(predicted[:, k], target[:, k])
        out[f"{names[k]} Se/PPV"] = f"{each['recall']:.2f}/{each['precision']:.2f}"
    return out


def group_figures(said: np.ndarray, target: np.ndarray, task: Task) -> dict[str, str]:
    """Macro AUC of every label group with its bootstrap interval, over the labels with enough test records."""
    from classify.labels import columns
    from classify.scoring.metrics import bootstrap, macro_auc

    named, out = columns(task.groups), {}
    for group in task.groups:
        mine = [k for k in _enough(target) if named[k][0] == group]
        value = macro_auc(said[:, mine], target[:, mine])
        low, high = bootstrap(said[:, mine], target[:, mine])
        out[f"{group} macro AUC ({len(mine)} labels)"] = f"{value:.3f} ({low:.3f}..{high:.3f})"
    return out


def _enough(target: np.ndarray) -> list[int]:
    return [k for k in range(target.shape[1]) if np.nansum(target[:, k]) >= _FEWEST]
