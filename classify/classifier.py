"""`Classifier`: a Record in, a Diagnosis out, with the shipped weights or others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import nn

from classify import features
from classify.card import Card
from classify.diagnosis import Diagnosis, Label
from classify.nets.fusion_head import asks_demographics
from classify.nets.predict import Inputs, predict
from classify.recipe import Recipe
from classify.signal import quality
from classify.signal.channels import stack_channels
from classify.signal.demographics import demographics
from classify.signal.preprocessing import DURATION_S, on_grid, prepare
from classify.weights import DEFAULT
from classify.weights.files import load
from ecg.fit.recipe import from_dict
from ecg.leads import STANDARD
from ecg.notes import Note
from ecg.reading import Reading
from ecg.record import Record
from ecg.signal.plausibility import doubts_about

_NO_DEMOGRAPHICS = "age or sex is not known; these weights use both, and take the middle instead"
_MIN_WINDOW_S = 5.0  # a last window that holds less is left out: half of it would be empty


class Classifier:
    """A network with its card; `Classifier.load()(record)` gives the diagnosis."""

    def __init__(self, net: nn.Module, card: Card) -> None:
        """Raises ValueError for weights that classify single beats, not whole recordings."""
        self.net, self.card = net, card
        recipe = from_dict(Recipe, card.recipe)
        self.settings, self.task = recipe.data, recipe.asked
        self.leads = self.task.leads or STANDARD
        if self.task.seconds < quality.LIMITS.min_signal_s:
            raise ValueError(
                f"{card.version} judges stretches of {self.task.seconds:.1f} s (task {self.task.name}), not whole "
                "recordings: `classify.infer --task aami` gives the class of every beat with them"
            )

    @classmethod
    def load(cls, path: str | Path | None = None) -> Classifier:
        """With the shipped weights, or those of a .safetensors file with its .json beside it."""
        return cls(*load(Path(path) if path else DEFAULT))

    def __call__(self, record: Record, confidence: Mapping[str, float] | None = None) -> Diagnosis:
        """The diagnosis of a record with any of the twelve leads, printed for any part of its time.

        `confidence` is that of a page's reading in each lead, 0..1; a lead of low confidence is not used.
        """
        leads = quality.lead_qualities(record, confidence or {})
        figures = quality.signal_quality(record, leads)
        reasons = quality.reasons_to_abstain(leads, figures)
        doubts = doubts_about(record)
        known = {note.code for note in doubts}
        others = [note for note in quality.quality_notes(leads, figures) if note.code not in known]
        if asks_demographics(self.net) and np.isnan(demographics(record.meta)).any():
            others.append(Note("demographics-unknown", _NO_DEMOGRAPHICS))
        if reasons:
            probability = np.full(len(self.card.labels), np.nan)
        else:
            probability = self._probability(record.select(quality.usable(leads)))
        measured = dict(zip(features.ALL, features.measure(record).tolist(), strict=True))
        notes = (*record.notes, *doubts, *reasons, *others)
        return Diagnosis(self._labels(probability), bool(reasons), leads, figures, notes, self.card.version, measured)

    def of_reading(self, reading: Reading) -> Diagnosis:
        """The diagnosis of what was read from a page, with the reading's notes first."""
        diagnosis = self(reading.record, reading.confidence)
        return replace(diagnosis, notes=(*reading.notes, *diagnosis.notes))

    def inputs(self, window: Record) -> Inputs:
        """The network's inputs for ten seconds: signal [channel, sample], features [k], demographics [2]."""
        signal = stack_channels(*self._prepared(window), self.settings)
        measured = features.for_network(features.measure(window, self.task.features), self.task.features)
        return Inputs(signal, measured, demographics(window.meta))

    def flat_lines(self, window: Record) -> np.ndarray:
        """The signal input [channel, sample] of flat lines printed where the window's leads are."""
        z, seen, _ = self._prepared(window)
        return stack_channels(np.zeros_like(z), seen, None, self.settings)

    def _prepared(self, window: Record) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        fs_hz = self.settings.fs_hz
        return prepare(on_grid(window, fs_hz, self.leads), fs_hz, self.settings.preparation)

    def _probability(self, record: Record) -> np.ndarray:
        """Calibrated probabilities float64 [label] of the mean logits over the record's windows."""
        inputs = [self.inputs(window) for window in windows(record)]
        stacked = Inputs(*(np.stack(each) for each in zip(*inputs, strict=True)))
        return self.card.calibrated(predict(self.net, stacked).mean(0))

    @property
    def reported(self) -> tuple[Label, ...]:
        """All labels that a diagnosis may name."""
        return self._labels(np.full(len(self.card.labels), np.nan))

    def _labels(self, probability: np.ndarray) -> tuple[Label, ...]:
        """The labels with their decisions, without those that were too rare in training to be learned."""
        predicted = self.card.decide(probability)
        return tuple(
            Label(group, name, float(probability[k]), self.card.threshold(k), bool(predicted[k]))
            for k, (group, name) in enumerate(self.card.labels)
            if k not in self.card.untrained
        )


def windows(record: Record) -> Iterator[Record]:
    """Ten-second windows one after the other; a last short one counts when it holds at least five seconds.

    A record that is shorter than that still has one window.
    """
    count = max(1, int((record.duration_s + DURATION_S - _MIN_WINDOW_S) // DURATION_S))
    for k in range(count):
        yield record.crop(record.start_s + k * DURATION_S, DURATION_S)
