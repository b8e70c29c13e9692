"""What training makes small: cross-entropies over the labels that are known, weighted, focused or on mixtures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from classify.recipe import LossSettings, Recipe
from classify.tasks import TASKS
from ecg.fit.recipe import from_dict

Batch = Mapping[str, Tensor]
Net = Callable[[Tensor, Tensor], Tensor]


def label_weights(targets: np.ndarray, weights: str) -> np.ndarray:
    """A weight for every label of training targets [example, label], with mean 1; float32 [label]."""
    count = np.maximum(np.nansum(targets, 0), 2.0)  # a label that is nearly absent must not outweigh all others
    raw = {"none": np.ones_like(count), "inverse": 1 / count, "log": 1 / np.log(np.maximum(count, np.e))}[weights]
    return (raw / raw.mean()).astype(np.float32)


class Teacher:
    """Trained weights whose probabilities a network learns beside the labels (Hinton et al. 2015).

    The teacher answers to the very inputs that the network is shown, however they were varied (Beyer et al. 2022), and
    so also for recordings whose labels nobody assessed.
    """

    def __init__(self, path: Path, recipe: Recipe) -> None:
        from classify.labels import columns
        from classify.weights import load

        self.net, card = load(path)
        own = from_dict(Recipe, card.recipe)
        shared = ("fs_hz", "preparation", "mask_channels", "amplitude_channels", "from_usual")
        if any(getattr(own.data, name) != getattr(recipe.data, name) for name in shared):
            raise ValueError(f"{path}: a teacher must see what its network sees: the same {', '.join(shared)}")
        asked = columns(TASKS[recipe.task].groups)
        if card.exclusive or not set(card.labels) <= set(asked):
            raise ValueError(f"{path}: a teacher's labels must be among those of task {recipe.task!r}, one logit each")
        self.columns = [asked.index(label) for label in card.labels]

    def loss(self, logits: Tensor, signal: Tensor, features: Tensor) -> Tensor:
        """How far the logits [example, label] are from what the teacher says of the labels that it knows."""
        with torch.no_grad():
            said = torch.sigmoid(self.net.to(signal.device)(signal, features).float())
        return functional.binary_cross_entropy_with_logits(logits[:, self.columns], said)


class Loss:
    """`loss(net, batch)` for the training loop; for labels that exclude each other a softmax, else one logit each."""

    def __init__(
        self, settings: LossSettings, targets: np.ndarray, exclusive: bool, teacher: Teacher | None = None
    ) -> None:
        self.settings, self.exclusive, self.teacher = settings, exclusive, teacher
        self.weights = torch.from_numpy(label_weights(targets, settings.weights))

    def __call__(self, net: Net, batch: Batch) -> dict[str, Tensor]:
        signal, features, target = batch["signal"], batch["features"], batch["target"]
        if self.settings.mixup:
            part = torch.distributions.Beta(self.settings.mixup, self.settings.mixup).sample().to(signal)
            signal, features, target = (part * x + (1 - part) * x.roll(1, 0) for x in (signal, features, target))
        logits = net(signal, features).float()
        each = self._each(logits, torch.nan_to_num(target))
        known = torch.isfinite(target)
        weight = known * self.weights.to(target)
        labels = (each * weight).sum() / weight.sum().clamp(min=1e-6)
        if self.teacher is None:
            return {"total": labels}
        taught = self.teacher.loss(logits, signal, features)
        return {"total": torch.lerp(labels, taught, self.settings.taught), "labels": labels, "taught": taught}

    def _each(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of every label [example, label]."""
        if self.exclusive:
            said = logits.log_softmax(1)
            # One term per example stands for all labels: the mean over labels must not shrink it.
            return -target * said * (1 - said.exp()) ** self.settings.focal * target.shape[1]
        plain = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        if not self.settings.focal:
            return plain
        return plain * (torch.sigmoid(logits) - target).abs() ** self.settings.focal
