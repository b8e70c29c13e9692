"""The losses: cross-entropies over the labels that are known, weighted, focal, on mixtures, or distilled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from classify.labels import columns
from classify.nets.sequences.token_selection import correlation_of_halves
from classify.nets.trunk import Encoder
from classify.recipe import LossSettings, Recipe
from classify.tasks import TASKS
from classify.training.distillation import DISTANCES, disease_contrast, encoding_of
from classify.weights.files import load
from ecg.fit.recipe import from_dict

Batch = Mapping[str, Tensor]
SHOWN = ("signal", "features", "demographics")  # what a network is called with
Net = Callable[[Tensor, Tensor, Tensor], Tensor]


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
        self.net, card = load(path)
        own = from_dict(Recipe, card.recipe)
        shared = ("fs_hz", "preparation", "mask_channels", "amplitude_channels", "from_usual")
        if any(getattr(own.data, name) != getattr(recipe.data, name) for name in shared):
            raise ValueError(f"{path}: a teacher must see what its network sees: the same {', '.join(shared)}")
        asked = columns(TASKS[recipe.task].groups)
        if card.exclusive or not set(card.labels) <= set(asked):
            raise ValueError(f"{path}: a teacher's labels must be among those of task {recipe.task!r}, one logit each")
        self.columns = [asked.index(label) for label in card.labels]
        self.settings = recipe.loss

    @torch.no_grad()
    def told(self, shown: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """(logits, encoding) of the inputs; the encoding is empty where it is not compared."""
        net = self.net.to(shown[0].device)
        if not self.settings.contrast:
            return net(*shown).float(), torch.empty(0)
        if not hasattr(net, "trunk"):
            return net(*shown).float(), cast(Encoder, net).encode(shown[0])
        with encoding_of(net) as encoded:
            return net(*shown).float(), encoded[-1]

    def distance(self, logits: Tensor, told: Tensor) -> Tensor:
        """How far logits [example, label] are from the teacher's, over its labels."""
        return DISTANCES[self.settings.distance](logits[:, self.columns], told, self.settings.temperature)


class Loss:
    """`loss(net, batch)` for the training loop; for labels that exclude each other a softmax, else one logit each."""

    def __init__(
        self, settings: LossSettings, targets: np.ndarray, exclusive: bool, teacher: Teacher | None = None
    ) -> None:
        self.settings, self.exclusive, self.teacher = settings, exclusive, teacher
        self.compares = bool(settings.contrast or settings.correlation)
        self.weights = torch.from_numpy(label_weights(targets, settings.weights))

    def __call__(self, net: Net, batch: Batch) -> dict[str, Tensor]:
        target, shown = batch["target"], [batch[name] for name in SHOWN]
        if self.settings.mixup:
            part = torch.distributions.Beta(self.settings.mixup, self.settings.mixup).sample().to(target)
            target, *shown = (part * x + (1 - part) * x.roll(1, 0) for x in (target, *shown))
        collecting: AbstractContextManager[list[Tensor]] = encoding_of(net) if self.compares else nullcontext([])
        with collecting as encoded:
            logits = net(*shown).float()
        each = self._each(logits, torch.nan_to_num(target))
        known = torch.isfinite(target)
        weight = known * self.weights.to(target)
        labels = (each * weight).sum() / weight.sum().clamp(min=1e-6)
        losses = {"total": labels}
        if self.teacher is not None:
            told, other = self.teacher.told(shown)
            distilled = self.teacher.distance(logits, told)
            total = torch.lerp(labels, distilled, self.settings.taught)
            losses = {"total": total, "labels": labels, "taught": distilled}
            if self.settings.contrast:
                losses["contrast"] = disease_contrast(encoded[-1], other, target)
        if self.settings.correlation:
            losses["correlation"] = correlation_of_halves(encoded[-1])
        for name in ("contrast", "correlation"):
            losses["total"] = losses["total"] + getattr(self.settings, name) * losses.get(name, 0.0)
        return losses

    def _each(self, logits: Tensor, target: Tensor) -> Tensor:
        """The loss of every label [example, label]."""
        if self.exclusive:
            log_probability = logits.log_softmax(1)
            # One term per example stands for all labels: the mean over labels must not shrink it.
            modulation = (1 - log_probability.exp()) ** self.settings.focal
            return -target * log_probability * modulation * target.shape[1]
        plain = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        if not self.settings.focal:
            return plain
        return plain * (torch.sigmoid(logits) - target).abs() ** self.settings.focal
