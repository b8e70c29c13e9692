"""How a network in training is judged on the held-out recordings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import nn

from classify.card import sigmoid
from classify.datasets.arrays import Arrays
from classify.labels import columns
from classify.nets.predict import Inputs, predict
from classify.scoring.metrics import counts, exact_match, log_loss, macro_auc, macro_f1, mean
from classify.scoring.plots import curves
from classify.signal.settings import DataSettings
from classify.tasks import Metric, Task
from classify.training.inputs import fixed_inputs
from classify.training.label_prior import most_probable
from ecg.fit import ddp
from ecg.fit.tensorboard import TensorBoardLog

_MEANS = {"auc": "auc", "macro_f1": "f1", "micro_f1": "micro_f1", "accuracy": "accuracy"}  # name of the mean: figure
_HEADS: Mapping[Metric, str] = {"macro AUC": "auc", "macro F1": "macro_f1", "micro F1": "micro_f1"}
LAYOUTS = ("full", "3x4+1")  # the records whole, and as the commonest page prints them


class Validation:
    """How well each label group is told, on whole records and, for page-like training, on a 3x4 page's view of them.

    Figures are named `<group>_<figure>_<layout>`: auc (macro), f1 (macro), micro_f1 and accuracy, which is the share of
    records of which all labels are right. The means of each over groups and layouts have its bare name (`auc`,
    `macro_f1`, `micro_f1`, `accuracy`), "log_loss" is the mean cross-entropy, "score" what heads the task's tables.
    """

    def __init__(self, arrays: Arrays, task: Task, settings: DataSettings) -> None:
        self.arrays, self.task, self.columns = arrays, task, columns(task.groups)
        layouts = LAYOUTS if settings.page_masks else LAYOUTS[:1]
        self.inputs = {layout: fixed_inputs(arrays, layout, settings) for layout in layouts}
        self.probability: dict[str, np.ndarray] = {}

    def __call__(self, net: nn.Module) -> dict[str, float]:
        metrics: dict[str, float] = {}
        losses: list[float] = []
        each: dict[str, list[float]] = {}
        for layout, inputs in self.inputs.items():
            logits = predict_by_team(net, inputs)
            self.probability[layout] = sigmoid(logits)
            for group in self.task.groups:
                chosen = [k for k, (name, _) in enumerate(self.columns) if name == group]
                figures = decisions(logits[:, chosen], self.arrays.targets[:, chosen], self.task.exclusive)
                metrics |= {f"{group}_{name}_{layout}": value for name, value in figures.items()}
                for name, value in figures.items():
                    each.setdefault(name, []).append(value)
            losses.append(log_loss(logits, self.arrays.targets, self.task.exclusive))
        means = {name: mean(each[figure]) for name, figure in _MEANS.items()}
        return {**means, "log_loss": mean(losses), "score": means[_HEADS[self.task.metric]], **metrics}

    def show(self, board: TensorBoardLog, step: int) -> None:
        """ROC and precision-recall of every label, and how far the probabilities are from the truth."""
        names, target = [label for _, label in self.columns], self.arrays.targets
        known = np.isfinite(target)
        for layout, probability in self.probability.items():
            board.figure(f"Val/curves_{layout}", curves(probability, target, names), step)
            board.histogram(f"Val/error_{layout}", np.abs(probability - target)[known], step)
            for k, name in enumerate(names):
                predicted, true = probability[known[:, k], k], target[known[:, k], k] > 0.5
                if true.any():
                    board.pr_curve(f"{name}_{layout}", predicted, true, step)


def decisions(logits: np.ndarray, target: np.ndarray, exclusive: bool) -> dict[str, float]:
    """The figures of one label group [record, label]: the largest logit decides, or each above zero."""
    predicted = most_probable(logits) if exclusive else logits > 0
    pooled = counts(predicted.ravel(), target.ravel())
    return {
        "auc": macro_auc(logits, target),
        "f1": macro_f1(predicted, target),
        "micro_f1": pooled["f1"],
        "accuracy": exact_match(predicted, target),
    }


def predict_by_team(net: nn.Module, inputs: Inputs) -> np.ndarray:
    """As `predict`; of a team every process takes a share of the records, and all get the whole."""
    own = ddp.share(range(len(inputs.signal)))
    parts = ddp.gather(dict(zip(own, predict(net, inputs.at(own)), strict=True)))
    rows = {k: row for part in parts for k, row in part.items()}
    return np.stack([rows[k] for k in range(len(rows))])
