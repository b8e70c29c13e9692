"""`Explanation`: which samples and leads a label's logit rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from classify.classifier import Classifier, windows
from classify.diagnosis import Diagnosis, Label
from classify.explanation.attribution import grad_cam, integrated_gradients
from classify.signal.preprocessing import on_grid
from ecg.record import Record


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a label's logit rests on within the first ten seconds.

    `record` is what the network was shown, the twelve leads on its time grid; `attribution` [lead, sample] in logits
    adds up to the logit minus that of flat lines, but for `gap`; `cam` [sample] 0..1 is where in time the last
    convolution supports the label, None where a network has none or it does not; of how many of an ensemble's networks
    that holds is `cam_of`, (those with a convolution over time, all).
    """

    label: Label
    record: Record
    attribution: np.ndarray
    cam: np.ndarray | None
    cam_of: tuple[int, int]
    logit: float
    gap: float

    def per_lead(self) -> dict[str, float]:
        """What each lead adds to the logit."""
        return dict(zip(self.record.leads, self.attribution.sum(1).tolist(), strict=True))

    def strongest_leads(self, count: int = 3) -> list[tuple[str, float]]:
        """(lead, what it adds to the logit) of the leads that add most."""
        return sorted(self.per_lead().items(), key=lambda pair: -pair[1])[:count]

    def to_dict(self) -> dict[str, object]:
        return {
            "label": self.label.to_dict(),
            "logit": round(self.logit, 4),
            "unexplained": round(self.gap, 4),
            "grad_cam": {"networks": self.cam_of[0], "of": self.cam_of[1]},
            "per_lead": {lead: round(value, 4) for lead, value in self.per_lead().items()},
        }


def explain(classifier: Classifier, record: Record, labels: Sequence[Label], steps: int = 32) -> list[Explanation]:
    """What each label rests on in the first window of a record, integrated from flat lines on the same paper."""
    if not labels:
        return []
    window = next(iter(windows(record)))
    signal, *beside = (torch.from_numpy(np.asarray(part)) for part in classifier.inputs(window))
    other = [part[None] for part in beside]
    baseline = torch.from_numpy(classifier.flat_lines(window))
    outputs = [classifier.card.labels.index((label.group, label.name)) for label in labels]
    parts = integrated_gradients(classifier.net, signal, baseline, other, outputs, steps)
    fs_hz, leads = classifier.settings.fs_hz, classifier.leads
    shown = Record(on_grid(window, fs_hz, leads), fs_hz, leads)
    per_lead = parts.reshape(len(labels), -1, len(shown.leads), parts.shape[-1]).sum(1)
    with torch.no_grad():
        logits, from_flat = (classifier.net(x[None], *other)[0] for x in (signal, baseline))
    explanations = []
    for label, output, attribution in zip(labels, outputs, per_lead, strict=True):
        logit, rise = float(logits[output]), float(logits[output] - from_flat[output])
        cam, cam_of = grad_cam(classifier.net, signal, other, output)
        gap = rise - float(attribution.sum())
        explanations.append(Explanation(label, shown, attribution, cam, cam_of, logit, gap))
    return explanations


def check_names(labels: Sequence[Label], names: Sequence[str]) -> None:
    """Raise ValueError for a name that no label has, or that two groups have."""
    for name in names:
        called = [label for label in labels if _is_called(label, name)]
        if not called:
            known = ", ".join(word_for(label, labels) for label in labels)
            raise ValueError(f"no label {name}: these weights answer {known}")
        if len(called) > 1:
            raise ValueError(f"{name} may mean {' or '.join(f'{label.group}:{label.name}' for label in called)}")


def word_for(label: Label, labels: Sequence[Label]) -> str:
    """The label's name, with its group before it where another of the labels has the same name."""
    is_alone = sum(other.name == label.name for other in labels) == 1
    return label.name if is_alone else f"{label.group}:{label.name}"


def _is_called(label: Label, name: str) -> bool:
    return name in (label.name, f"{label.group}:{label.name}")


def chosen(diagnosis: Diagnosis, names: Sequence[str] = (), most: int = 3) -> list[Label]:
    """The labels by these names, or the predicted ones with the largest probabilities.

    Raises ValueError with the known names.
    """
    check_names(diagnosis.labels, names)
    if diagnosis.abstained:
        return []
    if names:
        return [next(label for label in diagnosis.labels if _is_called(label, name)) for name in names]
    return sorted(diagnosis.predicted, key=lambda label: -label.probability)[:most]
