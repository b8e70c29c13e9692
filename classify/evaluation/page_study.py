"""What the paper costs: the same held-out records diagnosed from their signal and from drawn pages, side by side."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from tqdm import tqdm

from classify.classifier import Classifier
from classify.datasets.readers import examples
from classify.datasets.simulated import simulated
from classify.datasets.sources import load_example
from classify.evaluation.page_summary import PageStudy, figures, markdown
from classify.evaluation.page_trial import HeldOut, Trial, diagnose_views
from classify.labels import targets
from classify.scoring.metrics import plain
from digitize.batch import read_page
from digitize.engines import Digitize, load_digitizer
from digitize.stages import PageHints
from ecg.files import csv_text, write_text
from ecg.record import Record
from simulate import Scene

__all__ = ["PRESETS", "compare", "markdown"]

PRESETS = ("clean", "scan", "photo")


def compare(
    data: Path | None,
    weights: Path,
    count: int = 100,
    presets: Sequence[str] = PRESETS,
    seed: int = 0,
    part: str = "test",
    output: Path = Path("out/pages"),
    digitizer: Digitize | None = None,
) -> PageStudy:
    """Figures per preset of `count` records spread over one part of the split; pages.json, pages.md and pages.csv.

    Raises ValueError for options that make no sense, and when no page at all could be read.
    """
    classifier = Classifier.load(weights)
    held_out = held_out_records(classifier, data, part, count)
    digitize = digitizer or load_digitizer("cpu")
    trials = {preset: list(_trials(classifier, digitize, held_out, preset, seed)) for preset in presets}
    if all(trial.refused for rows in trials.values() for trial in rows):
        raise ValueError(f"no page could be read and diagnosed: {next(iter(trials.values()))[0].refused}")
    study: PageStudy = {
        "weights": classifier.card.version, "task": classifier.task.name, "part": part, "seed": seed,
        "presets": {preset: figures(rows, classifier.card) for preset, rows in trials.items()},
    }  # fmt: skip
    result = cast(PageStudy, plain(study))
    write_text(output / "pages.json", json.dumps(result, indent=2, allow_nan=False) + "\n")
    write_text(output / "pages.md", markdown(result))
    write_text(output / "pages.csv", _csv(trials))
    return result


def held_out_records(classifier: Classifier, data: Path | None, part: str, count: int) -> list[HeldOut]:
    """Records in mV spread evenly over the part; simulated ones without `data`."""
    if count < 1:
        raise ValueError(f"count must be at least 1 record, got {count}")
    if data is None:
        pairs = [(example, partial(_same, record)) for record, example in simulated(5 * count, seed=0)]
    else:
        pairs = [(example, partial(load_example, example)) for example in examples(classifier.task, data)]
    usable = [pair for pair in pairs if pair[0].part == part and pair[0].in_mv]
    if not usable:
        raise ValueError(f"{data}: no {part} records in mV")
    spread = np.unique(np.linspace(0, len(usable) - 1, min(count, len(usable))).astype(int))
    groups = classifier.task.groups
    return [HeldOut(one.id, load, targets(one.found, groups)) for one, load in (usable[k] for k in spread)]


def _same(record: Record) -> Record:
    return record


def _trials(
    classifier: Classifier, digitize: Digitize, held_out: Sequence[HeldOut], preset: str, seed: int
) -> Iterator[Trial]:
    """Every record drawn on a page of its own seed and read back."""
    bar = tqdm(held_out, desc=preset, unit="page", file=sys.stderr, disable=not sys.stderr.isatty())
    for number, one in enumerate(bar):
        record = one.load()
        page, truth = Scene.sample(seed + number, preset).render(record)
        yield diagnose_views(classifier, one, record, truth, read_page(page, digitize, PageHints()))


def _csv(trials: Mapping[str, Sequence[Trial]]) -> str:
    """A line for every page."""
    return csv_text([{"preset": preset, **trial.to_row()} for preset, own in trials.items() for trial in own])
