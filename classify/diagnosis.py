"""`Diagnosis`: the labels of a record with their probabilities, and how good its signal is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from classify.labels import title
from ecg.notes import Note, texts

NO_DIAGNOSIS = "no-diagnosis"  # the code of a reason to abstain


def reason(words: str) -> Note:
    """A reason to abstain."""
    return Note(NO_DIAGNOSIS, f"no diagnosis: {words}")


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

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types; what is not known is null."""
        return {
            "group": self.group,
            "name": self.name,
            "title": self.title,
            "probability": known(self.probability),
            "threshold": known(self.threshold),
            "predicted": self.predicted,
        }


@dataclass(frozen=True)
class LeadQuality:
    """A lead: how long it is printed, its standard deviation in mV, and the confidence of its reading (NaN: not read).

    `trouble` is the reason in words why the lead is not used, and empty for one that is.
    """

    lead: str
    printed_s: float
    spread_mv: float
    confidence: float
    trouble: str = ""

    def to_dict(self) -> dict[str, object]:
        figures = {name: known(getattr(self, name)) for name in ("printed_s", "spread_mv", "confidence")}
        return {**figures, "used": not self.trouble, "trouble": self.trouble}


@dataclass(frozen=True)
class Window:
    """Ten seconds of a longer recording, after its start, and the labels predicted of them alone, (group, name)."""

    start_s: float
    end_s: float
    predicted: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, object]:
        return {**vars(self), "predicted": [":".join(label) for label in self.predicted]}


@dataclass(frozen=True)
class Episode:
    """Neighbouring windows that share a label, and how many they are."""

    group: str
    name: str
    start_s: float
    end_s: float
    windows: int

    def to_dict(self) -> dict[str, object]:
        return dict(vars(self))


@dataclass(frozen=True)
class Diagnosis:
    """Labels with probabilities; `quality` holds plain figures about the signal, `weights` names the network.

    An abstained diagnosis predicts nothing, and its notes give the reason. `windows` are those of a recording that is
    longer than one, whose mean the labels are; `episodes` tell when each label held.
    """

    labels: tuple[Label, ...]
    abstained: bool
    leads: tuple[LeadQuality, ...]
    quality: Mapping[str, float]
    notes: tuple[Note, ...] = ()
    weights: str = ""
    features: Mapping[str, float] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    episodes: tuple[Episode, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What has to be known, in words."""
        return texts(self.notes)

    @property
    def reasons(self) -> list[str]:
        """Why nothing is predicted, in words; empty unless it is abstained."""
        return [note.text for note in self.notes if note.code == NO_DIAGNOSIS]

    @property
    def predicted(self) -> tuple[Label, ...]:
        return tuple(label for label in self.labels if label.predicted)

    @property
    def leads_used(self) -> tuple[str, ...]:
        return tuple(lead.lead for lead in self.leads if not lead.trouble)

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types; what is not known is null."""
        return {
            "labels": [label.to_dict() for label in self.labels],
            "abstained": self.abstained,
            "leads_used": list(self.leads_used),
            "leads": {lead.lead: lead.to_dict() for lead in self.leads},
            "quality": {name: known(value) for name, value in self.quality.items()},
            "features": {name: known(value) for name, value in self.features.items()},
            "warnings": self.warnings,
            "codes": [note.code for note in self.notes],
            "weights": self.weights,
            "windows": [window.to_dict() for window in self.windows],
            "episodes": [episode.to_dict() for episode in self.episodes],
        }


def known(value: float) -> float | None:
    """A figure as JSON holds it, to four digits; None for NaN."""
    return round(float(value), 4) if value == value else None
