"""`Classifier`: a Record in, a Diagnosis out, with the shipped weights or others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classify import features
from classify.card import Card
from classify.datasets.loaders import stack_channels
from classify.diagnosis import Diagnosis, Label, LeadQuality
from classify.recipe import Recipe
from classify.signal.preprocessing import DURATION_S, on_grid, prepare
from classify.tasks import TASKS
from classify.weights import DEFAULT, load
from ecg.fit.recipe import from_dict
from ecg.leads import STANDARD, limb_residual_mv
from ecg.notes import texts
from ecg.reading import Reading
from ecg.record import Record

if TYPE_CHECKING:
    from torch import nn

FEWEST_LEADS = 6
SHORTEST_S = 5.0
SHORTEST_LEAD_S = 0.8
FLAT_MV = 0.01
LEAST_CONFIDENCE = 0.5  # below this the reader doubted more of a lead than it trusted
_LIMB_LIMIT_MV = 0.15
_LEAST_WINDOW_S = 5.0


class Classifier:
    """A network with its card; `Classifier.load()(record)` gives the diagnosis."""

    def __init__(self, net: nn.Module, card: Card) -> None:
        self.net, self.card = net, card
        recipe = from_dict(Recipe, card.recipe)
        self.settings, self.task = recipe.data, TASKS[recipe.task]
        self.leads = self.task.leads or STANDARD
        if self.task.seconds < SHORTEST_S:
            raise ValueError(
                f"{card.version} judges stretches of {self.task.seconds:.1f} s (task {self.task.name}), not whole "
                "recordings; it can be measured with classify.evaluate"
            )

    @classmethod
    def load(cls, path: str | Path | None = None) -> Classifier:
        """With the shipped weights, or those of a .safetensors file with its .json beside it."""
        return cls(*load(Path(path) if path else DEFAULT))

    def __call__(self, record: Record, confidence: Mapping[str, float] | None = None) -> Diagnosis:
        """The diagnosis of a record with any of the twelve leads, printed for any part of its time.

        `confidence` says how sure the reader of a page was of each lead, 0..1; a lead that it doubts is not used.
        """
        leads = lead_qualities(record, confidence or {})
        used = usable(leads)
        quality = _quality(record, leads)
        reasons = _reasons_to_abstain(leads, quality)
        measured = dict(zip(features.ALL, features.measure(record).tolist(), strict=True))
        warnings = [f"no diagnosis: {reason}" for reason in reasons] + _doubts(leads, quality)
        probability = np.full(len(self.card.labels), np.nan) if reasons else self._probabilities(record.select(used))
        labels = self._labels(probability)
        return Diagnosis(labels, bool(reasons), leads, quality, tuple(warnings), self.card.version, measured)

    def of_reading(self, reading: Reading) -> Diagnosis:
        """The diagnosis of what was read from a page, with the reading's notes first."""
        diagnosis = self(reading.record, reading.confidence)
        return replace(diagnosis, warnings=(*texts(reading.notes), *diagnosis.warnings))

    def inputs(self, window: Record) -> tuple[np.ndarray, np.ndarray]:
        """What the network is given of ten seconds of a record: signal [channel, sample] and features [k]."""
        signal = stack_channels(*self._prepared(window), self.settings)
        return signal, features.for_network(features.measure(window, self.task.features), self.task.features)

    def flat_lines(self, window: Record) -> np.ndarray:
        """The signal input [channel, sample] of flat lines printed where the window's leads are."""
        z, seen, _ = self._prepared(window)
        return stack_channels(np.zeros_like(z), seen, None, self.settings)

    def _prepared(self, window: Record) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return prepare(on_grid(window, self.settings.fs_hz, self.leads), self.settings.fs_hz, self.settings.preparation)

    def _probabilities(self, record: Record) -> np.ndarray:
        """Of the mean logits over windows of ten seconds, float64 [label]."""
        from classify.train import predict

        inputs = [self.inputs(window) for window in windows(record)]
        signal, measured = (np.stack(each) for each in zip(*inputs, strict=True))
        logits = predict(self.net, signal, measured)
        return self.card.calibrated(logits.mean(0))

    def _labels(self, probability: np.ndarray) -> tuple[Label, ...]:
        """The answers, without those that the weights were not trained to give."""
        decided = self.card.decide(probability)
        return tuple(
            Label(group, name, float(probability[k]), self.card.threshold(k), bool(decided[k]))
            for k, (group, name) in enumerate(self.card.labels)
            if k not in self.card.untrained
        )


def windows(record: Record) -> Iterator[Record]:
    """Ten-second windows one after the other; a last short one counts when it holds at least five seconds."""
    count = max(1, int((record.duration_s + DURATION_S - _LEAST_WINDOW_S) // DURATION_S))
    for k in range(count):
        yield record.crop(record.start_s + k * DURATION_S, DURATION_S)


def lead_qualities(record: Record, confidence: Mapping[str, float]) -> tuple[LeadQuality, ...]:
    """Every standard lead, in standard order, and what speaks against using it."""
    return tuple(_lead_quality(record.select([lead]), lead, confidence.get(lead, float("nan"))) for lead in STANDARD)


def _lead_quality(record: Record, lead: str, confidence: float) -> LeadQuality:
    values = record[lead][np.isfinite(record[lead])]
    printed_s = values.size / record.fs_hz
    spread_mv = float(values.std()) if values.size else float("nan")
    found = LeadQuality(lead, printed_s, spread_mv, confidence)
    return replace(found, trouble=_trouble(found))


def _trouble(lead: LeadQuality) -> str:
    if lead.printed_s == 0:
        return "not printed"
    if lead.printed_s < SHORTEST_LEAD_S:
        return f"only {lead.printed_s:.1f} s"
    if lead.spread_mv <= FLAT_MV:
        return "flat"
    if lead.confidence < LEAST_CONFIDENCE:
        return f"read with a confidence of {lead.confidence:.0%}"
    return ""


def usable(leads: Sequence[LeadQuality]) -> tuple[str, ...]:
    return tuple(lead.lead for lead in leads if not lead.trouble)


def _quality(record: Record, leads: Sequence[LeadQuality]) -> dict[str, float]:
    """Leads, seconds in which any is printed, the printed part of 12 x 10 s, limb-law residual, mean confidence."""
    used = usable(leads)
    printed = np.isfinite(record.select(used).signal_mv) if used else np.zeros((1, record.samples), bool)
    read = [lead.confidence for lead in leads if lead.confidence == lead.confidence]
    return {
        "leads": float(len(used)),
        "seconds": float(printed.any(0).sum() / record.fs_hz),
        "printed": min(1.0, float(printed.sum() / record.fs_hz / (len(STANDARD) * DURATION_S))),
        "limb_residual_mv": limb_residual_mv(record.signal_mv, record.leads),
        "confidence": float(np.mean(read)) if read else float("nan"),
    }


def _reasons_to_abstain(leads: Sequence[LeadQuality], quality: Mapping[str, float]) -> list[str]:
    reasons, used = [], usable(leads)
    if len(used) < FEWEST_LEADS:
        reasons.append(f"{len(used)} usable leads ({', '.join(used) or 'none'}), at least {FEWEST_LEADS} are needed")
    if used and quality["seconds"] < SHORTEST_S:
        reasons.append(f"{quality['seconds']:.1f} s of signal, at least {SHORTEST_S:.0f} s are needed")
    return reasons


def _doubts(leads: Sequence[LeadQuality], quality: Mapping[str, float]) -> list[str]:
    """What does not forbid an answer but should be known."""
    doubts: list[str] = []
    if not usable(leads):
        return doubts
    troubles: dict[str, list[str]] = {}
    for lead in leads:
        if lead.trouble:
            troubles.setdefault(lead.trouble, []).append(lead.lead)
    doubts += [f"not used: {', '.join(names)} ({trouble})" for trouble, names in troubles.items()]
    if quality["limb_residual_mv"] > _LIMB_LIMIT_MV:
        residual = f"{quality['limb_residual_mv']:.2f} mV on average"
        doubts.append(f"the limb leads contradict each other by {residual}: misread, misnamed or scaled one by one")
    return doubts
