"""`BeatClassifier`: every beat of a long recording in its AAMI class, with weights of a task of single beats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from classify import features
from classify.card import Card
from classify.features.beat_features import rr_features, shape_features
from classify.nets.predict import Inputs, predict
from classify.recipe import Recipe
from classify.signal.channels import stack_channels
from classify.signal.demographics import demographics
from classify.signal.preprocessing import first_of, on_grid, prepare
from classify.tasks import BEAT_LEADS, TASKS
from classify.weights import BEATS
from classify.weights.files import load
from ecg.files import InputError
from ecg.fit.recipe import from_dict
from ecg.record import Record
from ecg.signal.beats import r_peaks

_FEWEST = 5  # beats: with fewer a recording has no usual beat to compare with


@dataclass(frozen=True, eq=False)
class Beats:
    """The beats of a recording: `times_s` [beat] from its first sample, `probability` [beat, class] by `names`."""

    times_s: np.ndarray
    probability: np.ndarray
    names: tuple[str, ...]
    weights: str
    warnings: tuple[str, ...] = ()

    @property
    def classes(self) -> list[str]:
        """The class of every beat, the most probable one."""
        return [self.names[k] for k in self.probability.argmax(1)]

    def counts(self) -> dict[str, int]:
        """How many beats are in each class."""
        found = self.classes
        return {name: found.count(name) for name in self.names}


class BeatClassifier:
    """A network of single beats with its card; `BeatClassifier.load()(record)` gives the beats."""

    def __init__(self, net: nn.Module, card: Card) -> None:
        """Raises ValueError for weights that judge whole recordings."""
        recipe = from_dict(Recipe, card.recipe)
        self.net, self.card, self.settings, self.task = net, card, recipe.data, recipe.asked
        if not self.task.of_beats:
            beats = ", ".join(name for name, task in TASKS.items() if task.of_beats)
            raise ValueError(f"{card.version} judges whole recordings (task {self.task.name}); expected one of {beats}")

    @classmethod
    def load(cls, path: str | Path = BEATS) -> BeatClassifier:
        """With the weights of a .safetensors file with its .json beside it (default: the shipped ones)."""
        return cls(*load(Path(path)))

    def __call__(self, record: Record) -> Beats:
        """Every beat that is found. Raises InputError for a recording with too few of them, or without their leads."""
        chosen = [first_of(name.split("|"), record.leads) for name in self.task.leads]
        there = [lead for lead in chosen if lead in record.leads]
        if not there:
            raise InputError(f"none of the leads {', '.join(self.task.leads)} is in this recording")
        times_s = r_peaks(record) / record.fs_hz
        if len(times_s) < _FEWEST:
            raise InputError(f"{len(times_s)} beats were found; at least {_FEWEST} are needed")
        probability = self.card.calibrated(predict(self.net, self._inputs(record, times_s), batch_size=256))
        missing = [lead for lead in chosen if lead not in there]
        warnings = (f"without lead {', '.join(missing)}, which the network was trained with",) if missing else ()
        names = tuple(name for _, name in self.card.labels)
        return Beats(times_s, probability, names, self.card.version, warnings)

    def _inputs(self, record: Record, times_s: np.ndarray) -> Inputs:
        """What the network is shown of every beat, as in training: a stretch around its R peak, and what tells it from
        the others.
        """
        fs_hz, seconds, leads = self.settings.fs_hz, self.task.seconds, self.task.leads
        starts = times_s + record.start_s - seconds / 2
        grid = np.stack([on_grid(record.crop(at, seconds), fs_hz, leads, seconds) for at in starts.tolist()])
        count, rows, samples = grid.shape
        prepared = prepare(grid.reshape(count * rows, samples), fs_hz, self.settings.preparation)
        z, seen, spread = (part.reshape(count, rows, *part.shape[1:]) for part in prepared)
        signal = np.stack([stack_channels(*each, self.settings) for each in zip(z, seen, spread, strict=True)])
        if self.settings.from_usual:
            signal[:, :rows] -= np.median(signal[:, :rows], axis=0)
        own = record.select([first_of(name.split("|"), record.leads) for name in BEAT_LEADS]).signal_mv
        measured = np.concatenate([rr_features(times_s), shape_features(own, record.fs_hz, times_s)], axis=1)
        person = np.tile(demographics(record.meta), (count, 1))
        return Inputs(signal, features.for_network(measured.astype(np.float32), self.task.features), person)
