"""`Diagnosis`: what a classifier says of a record, and how sure it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classify.labels import title


@dataclass(frozen=True)
class Label:
    """One answer; `probability` is NaN where the classifier abstained."""

    group: str
    name: str
    probability: float
    threshold: float

    @property
    def predicted(self) -> bool:
        return self.probability >= self.threshold

    @property
    def title(self) -> str:
        return title(self.group, self.name)

    def to_dict(self) -> dict[str, Any]:
        known = self.probability == self.probability
        return {
            "group": self.group,
            "name": self.name,
            "probability": round(self.probability, 4) if known else None,
            "threshold": round(self.threshold, 4),
            "predicted": self.predicted,
        }


@dataclass(frozen=True)
class Diagnosis:
    """Labels with probabilities; `quality` holds plain figures about the signal, `weights` names the network used.

    An abstained diagnosis predicts nothing, and its warnings say why.
    """

    labels: tuple[Label, ...]
    abstained: bool
    leads_used: tuple[str, ...]
    quality: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    weights: str = ""
    features: Mapping[str, float] = field(default_factory=dict)

    @property
    def predicted(self) -> tuple[Label, ...]:
        return tuple(label for label in self.labels if label.predicted)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; what is not known is null."""
        return {
            "labels": [label.to_dict() for label in self.labels],
            "abstained": self.abstained,
            "leads_used": list(self.leads_used),
            "quality": _known(self.quality),
            "features": _known(self.features),
            "warnings": list(self.warnings),
            "weights": self.weights,
        }


def _known(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: round(float(value), 4) if value == value else None for name, value in figures.items()}
