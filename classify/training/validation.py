"""How a network in training is judged on the held-out recordings."""

from __future__ import annotations

import numpy as np
from torch import nn

from classify.card import sigmoid
from classify.datasets.arrays import Arrays
from classify.labels import columns
from classify.nets.predict import predict
from classify.scoring.metrics import macro_auc, macro_f1, mean
from classify.scoring.plots import curves
from classify.signal.settings import DataSettings
from classify.tasks import Task
from classify.training.inputs import fixed_inputs
from ecg.fit import ddp
from ecg.fit.tensorboard import TensorBoardLog

LAYOUTS = ("full", "3x4+1")  # the records whole, and as the commonest page prints them


class Validation:
    """Macro AUC per label group, on whole records and, for page-like training, on a 3x4 page's view of them.

    Labels that exclude each other have their macro F1, too. "score" is the mean of what heads the task's tables.
    """

    def __init__(self, arrays: Arrays, task: Task, settings: DataSettings) -> None:
        self.arrays, self.task, self.columns = arrays, task, columns(task.groups)
        layouts = LAYOUTS if settings.page_masks else LAYOUTS[:1]
        self.inputs = {layout: fixed_inputs(arrays, layout, settings) for layout in layouts}
        self.probability: dict[str, np.ndarray] = {}

    def __call__(self, net: nn.Module) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for layout, (signal, features) in self.inputs.items():
            logits = predict_by_team(net, signal, features)
            self.probability[layout] = sigmoid(logits)
            for group in self.task.groups:
                metrics |= self._of_group(group, layout, logits)
        metrics["score"] = mean(v for k, v in metrics.items() if ("_f1_" in k) == self.task.exclusive)
        return metrics

    def _of_group(self, group: str, layout: str, logits: np.ndarray) -> dict[str, float]:
        chosen = [k for k, (name, _) in enumerate(self.columns) if name == group]
        own, target = logits[:, chosen], self.arrays.targets[:, chosen]
        metrics = {f"{group}_auc_{layout}": macro_auc(own, target)}
        if self.task.exclusive:
            metrics[f"{group}_f1_{layout}"] = macro_f1(own == own.max(1, keepdims=True), target)
        return metrics

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


def predict_by_team(net: nn.Module, signal: np.ndarray, features: np.ndarray) -> np.ndarray:
    """As `predict`; of a team every process takes a share of the records, and all get the whole."""
    own = ddp.share(range(len(signal)))
    parts = ddp.gather(dict(zip(own, predict(net, signal[own], features[own]), strict=True)))
    rows = {k: row for part in parts for k, row in part.items()}
    return np.stack([rows[k] for k in range(len(signal))])
