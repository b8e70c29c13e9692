"""`Card`: all that is known of weights, and how their logits become probabilities and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MIN_TRAINING_RECORDS = 10  # with fewer examples in training a network has not learned what a label means


@dataclass(frozen=True)
class Card:
    """The recipe, label names, temperatures, thresholds, data, licences and figures of weights.

    `exclusive` names the groups of which exactly one label holds, `biases` [group][name] is added to their logits
    where training showed every class as often as the others although they are not. `seen` [group][name] counts the
    training records that had a label; a label that is not in it has not been counted.
    """

    name: str
    recipe: Mapping[str, Any]
    labels: tuple[tuple[str, str], ...]
    temperatures: Mapping[str, float]
    thresholds: Mapping[str, Mapping[str, float]]
    data: tuple[str, ...]
    metrics: Mapping[str, Any]
    exclusive: tuple[str, ...] = ()
    seen: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    biases: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    sha256: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Card:
        lists = {key: tuple(data.get(key, ())) for key in ("data", "exclusive")}
        return cls(**{**data, **lists, "labels": tuple((group, name) for group, name in data["labels"])})

    def check(self) -> None:
        """Raise ValueError where its labels do not fit its temperatures and thresholds, or its task.

        A label stands once, every group has a temperature above 0, and every label outside an exclusive group a
        threshold.
        """
        if not self.labels or len(set(self.labels)) < len(self.labels):
            raise ValueError("expected labels, each once")
        for group, name in self.labels:
            if not float(self.temperatures.get(group, 0.0)) > 0:
                raise ValueError(f"group {group} has no temperature above 0")
            if group not in self.exclusive and name not in self.thresholds.get(group, {}):
                raise ValueError(f"label {group}:{name} has no threshold")
            if not np.isfinite(float(self.biases.get(group, {}).get(name, 0.0))):
                raise ValueError(f"label {group}:{name} has a bias that is no number")

    def to_dict(self) -> dict[str, object]:
        lists = {"data": list(self.data), "exclusive": list(self.exclusive)}
        return {**vars(self), **lists, "labels": [list(pair) for pair in self.labels]}

    @property
    def version(self) -> str:
        """The name with the first digits of the checksum: enough to know the weights by."""
        return f"{self.name}-{self.sha256[:8]}"

    @property
    def groups(self) -> dict[str, list[int]]:
        """The outputs of every group, by its name."""
        found: dict[str, list[int]] = {}
        for index, (group, _) in enumerate(self.labels):
            found.setdefault(group, []).append(index)
        return found

    @property
    def untrained(self) -> tuple[int, ...]:
        """The outputs whose label was too rare in training to be reported."""
        counts = [self.seen.get(group, {}).get(name, MIN_TRAINING_RECORDS) for group, name in self.labels]
        return tuple(index for index, count in enumerate(counts) if count < MIN_TRAINING_RECORDS)

    def shifted(self, logits: np.ndarray) -> np.ndarray:
        """Logits float64 [..., label] with the biases."""
        bias = [self.biases.get(group, {}).get(name, 0.0) for group, name in self.labels]
        return logits.astype(np.float64) + np.array(bias)

    def calibrated(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities float64 [..., label] at the card's temperatures; those of an exclusive group add up to 1."""
        out, shifted = np.empty(logits.shape, np.float64), self.shifted(logits)
        for group, own in self.groups.items():
            scaled = shifted[..., own] / self.temperatures[group]
            out[..., own] = softmax(scaled) if group in self.exclusive else sigmoid(scaled)
        return out

    def threshold(self, index: int) -> float:
        """What a probability must reach; NaN in an exclusive group, where the largest one counts."""
        group, name = self.labels[index]
        return float("nan") if group in self.exclusive else float(self.thresholds[group][name])

    def decide(self, probability: np.ndarray) -> np.ndarray:
        """Which labels are predicted, bool [..., label]; none of a group whose probabilities are NaN."""
        out = np.zeros(probability.shape, bool)
        for group, own in self.groups.items():
            p = probability[..., own]
            if group in self.exclusive:
                largest = np.where(np.isfinite(p), p, -1).argmax(-1)[..., None] == np.arange(len(own))
                out[..., own] = largest & np.isfinite(p)
            else:
                out[..., own] = p >= np.array([self.threshold(index) for index in own])
        return out


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)
