"""What training makes small: cross-entropies over the labels that are known, weighted, focused or on mixtures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from classify.recipe import LossSettings

Batch = Mapping[str, Tensor]
Net = Callable[[Tensor, Tensor], Tensor]


def label_weights(targets: np.ndarray, weights: str) -> np.ndarray:
    """A weight for every label of training targets [example, label], with mean 1; float32 [label]."""
    count = np.maximum(np.nansum(targets, 0), 2.0)  # a label that is nearly absent must not outweigh all others
    raw = {"none": np.ones_like(count), "inverse": 1 / count, "log": 1 / np.log(np.maximum(count, np.e))}[weights]
    return (raw / raw.mean()).astype(np.float32)


class Loss:
    """`loss(net, batch)` for the training loop; for labels that exclude each other a softmax, else one logit each."""

    def __init__(self, settings: LossSettings, targets: np.ndarray, exclusive: bool) -> None:
        self.settings, self.exclusive = settings, exclusive
        self.weights = torch.from_numpy(label_weights(targets, settings.weights))

    def __call__(self, net: Net, batch: Batch) -> dict[str, Tensor]:
        signal, features, target = batch["signal"], batch["features"], batch["target"]
        if self.settings.mixup:
            part = torch.distributions.Beta(self.settings.mixup, self.settings.mixup).sample().to(signal)
            signal, features, target = (part * x + (1 - part) * x.roll(1, 0) for x in (signal, features, target))
        each = self._each(net(signal, features).float(), torch.nan_to_num(target))
        known = torch.isfinite(target)
        weight = known * self.weights.to(target)
        return {"total": (each * weight).sum() / weight.sum().clamp(min=1e-6)}

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
