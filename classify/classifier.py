"""`Classifier`: a Record in, a Diagnosis out, with the shipped weights or others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from torch import nn

from classify import features
from classify.card import Card
from classify.diagnosis import Diagnosis, Label, Window
from classify.episodes import episode_notes, episodes
from classify.nets.fusion_head import asks_demographics
from classify.nets.predict import Inputs, predict
from classify.recipe import Recipe
from classify.signal import quality
from classify.signal.channels import stack_channels
from classify.signal.demographics import demographics
from classify.signal.page_evidence import reasons_of_page
from classify.signal.preprocessing import DURATION_S, on_grid, prepare
from classify.survey import survey
from classify.weights import DEFAULT
from classify.weights.files import load
from ecg.fit.recipe import from_dict
from ecg.leads import STANDARD
from ecg.notes import Note
from ecg.reading import Reading
from ecg.record import Record, Recording

_NO_DEMOGRAPHICS = "age or sex is not known; these weights use both, and take the middle instead"
_BATCH = 32  # windows prepared and judged together
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

    def __call__(
        self, record: Recording, confidence: Mapping[str, float] | None = None, stride_s: float = DURATION_S
    ) -> Diagnosis:
        """The diagnosis of a record with any of the twelve leads, printed for any part of its time.

        `confidence` is that of a page's reading in each lead, 0..1; a lead of low confidence is not used. Of a record
        longer than ten seconds one window of that length is judged every `stride_s`.
        """
        return self._diagnosis(record, confidence or {}, stride_s, ())

    def of_reading(self, reading: Reading) -> Diagnosis:
        """The diagnosis of what was read from a page, with the reading's notes first.

        There is none where nothing tells that the page is an ECG, and a whole one.
        """
        diagnosis = self._diagnosis(reading.record, reading.confidence, DURATION_S, reasons_of_page(reading))
        return replace(diagnosis, notes=(*reading.notes, *diagnosis.notes))

    def _diagnosis(
        self, record: Recording, confidence: Mapping[str, float], stride_s: float, doubts: Sequence[Note]
    ) -> Diagnosis:
        """The diagnosis of a record, unless the doubts of its page or its signal give reasons to abstain."""
        found = survey(record, confidence, stride_s)
        leads, figures = found.leads, found.figures
        reasons = [*doubts, *quality.reasons_to_abstain(leads, figures)]
        known = {note.code for note in found.notes}
        others = [note for note in quality.quality_notes(leads, figures) if note.code not in known]
        if asks_demographics(self.net) and np.isnan(demographics(record.meta)).any():
            others.append(Note("demographics-unknown", _NO_DEMOGRAPHICS))
        probability, judged = np.full(len(self.card.labels), np.nan), tuple[Window, ...]()
        if not reasons:
            probability, judged = self._judge(record, quality.usable(leads), stride_s)
        labels, held = self._labels(probability), episodes(judged)
        named = [(label.group, label.name) for label in labels if label.predicted]
        notes = (*record.notes, *episode_notes(judged, held, named, stride_s), *found.notes, *reasons, *others)
        return Diagnosis(
            labels, bool(reasons), leads, figures, notes, self.card.version, found.features, judged, held
        )  # fmt: skip

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
        """What `prepare` gives of a window at the network's rate: the signal, where it was seen, and its scale."""
        fs_hz = self.settings.fs_hz
        return prepare(on_grid(window, fs_hz, self.leads), fs_hz, self.settings.preparation)

    def _judge(self, record: Recording, leads: Sequence[str], stride_s: float) -> tuple[np.ndarray, tuple[Window, ...]]:
        """(calibrated probabilities float64 [label] of the mean logits over the windows, the windows where several)."""
        shown = _shown_windows(record, leads, stride_s)
        starts, logits = list[float](), list[np.ndarray]()
        while batch := list(islice(shown, _BATCH)):
            inputs = [self.inputs(window) for window in batch]
            logits.append(predict(self.net, Inputs(*(np.stack(each) for each in zip(*inputs, strict=True)))))
            starts += [window.start_s - record.start_s for window in batch]
        each = np.concatenate(logits)
        judged = tuple(
            Window(start_s, start_s + DURATION_S, self._predicted(one))
            for start_s, one in zip(starts, self.card.calibrated(each), strict=True)
        )
        return self.card.calibrated(each.mean(0)), judged if len(judged) > 1 else ()

    def _predicted(self, probability: np.ndarray) -> tuple[tuple[str, str], ...]:
        return tuple((label.group, label.name) for label in self._labels(probability) if label.predicted)

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


def windows(record: Recording, stride_s: float = DURATION_S) -> Iterator[Record]:
    """Ten-second windows, one every `stride_s`; a last short one counts when it holds at least five seconds.

    A record that is shorter than that still has one window.
    """
    count = max(1, int((record.duration_s + stride_s - _MIN_WINDOW_S) // stride_s))
    for k in range(count):
        yield record.crop(record.start_s + k * stride_s, DURATION_S)


def _shown_windows(record: Recording, leads: Sequence[str], stride_s: float) -> Iterator[Record]:
    """The windows of some leads; one in which hardly anything is printed is left out where others are not."""

    def each() -> Iterator[Record]:
        return (window.select(leads) for window in windows(record, stride_s))

    return filter(_is_printed, each()) if any(map(_is_printed, each())) else each()


def _is_printed(window: Record) -> bool:
    """Whether anything is printed of at least half of a window."""
    return bool(np.isfinite(window.signal_mv).any(0).sum() >= _MIN_WINDOW_S * window.fs_hz)
