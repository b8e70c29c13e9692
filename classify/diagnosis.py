"""`Diagnosis`: what a classifier says of a record, and how sure it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classify.labels import title


@dataclass(frozen=True)
class Label:
    """One answer; `probability` is NaN where the classifier abstained, `threshold` where only the largest counts."""

    group: str
    name: str
    probability: float
    threshold: float
    predicted: bool

    @property
    def title(self) -> str:
        return title(self.group, self.name)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; what is not known is null."""
        return {
            "group": self.group,
            "name": self.name,
            "title": self.title,
            "probability": _known(self.probability),
            "threshold": _known(self.threshold),
            "predicted": self.predicted,
        }


@dataclass(frozen=True)
class LeadQuality:
    """What is there of a lead: how long it is printed, its spread in mV, and how sure its reader was (NaN: not read).

    `trouble` says in words why the lead is not used, and is empty for one that is.
    """

    lead: str
    printed_s: float
    spread_mv: float
    confidence: float
    trouble: str = ""

    def to_dict(self) -> dict[str, Any]:
        figures = {name: _known(getattr(self, name)) for name in ("printed_s", "spread_mv", "confidence")}
        return {**figures, "used": not self.trouble, "trouble": self.trouble}


@dataclass(frozen=True)
class Diagnosis:
    """Labels with probabilities; `quality` holds plain figures about the signal, `weights` names the network used.

    An abstained diagnosis predicts nothing, and its warnings say why.
    """

    labels: tuple[Label, ...]
    abstained: bool
    leads: tuple[LeadQuality, ...]
    quality: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    weights: str = ""
    features: Mapping[str, float] = field(default_factory=dict)

    @property
    def predicted(self) -> tuple[Label, ...]:
        return tuple(label for label in self.labels if label.predicted)

    @property
    def leads_used(self) -> tuple[str, ...]:
        return tuple(lead.lead for lead in self.leads if not lead.trouble)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; what is not known is null."""
        return {
            "labels": [label.to_dict() for label in self.labels],
            "abstained": self.abstained,
            "leads_used": list(self.leads_used),
            "leads": {lead.lead: lead.to_dict() for lead in self.leads},
            "quality": {name: _known(value) for name, value in self.quality.items()},
            "features": {name: _known(value) for name, value in self.features.items()},
            "warnings": list(self.warnings),
            "weights": self.weights,
        }


def _known(value: float) -> float | None:
    return round(float(value), 4) if value == value else None
