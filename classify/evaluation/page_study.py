"""What the paper costs: the same held-out records diagnosed from their signal and from drawn pages, side by side."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from classify.evaluation.page_summary import Trial, figures, markdown
from classify.scoring import metrics as score

if TYPE_CHECKING:
    from classify.classifier import Classifier
    from digitize.batch import Attempt, Digitize
    from ecg.reading import Reading
    from ecg.record import Record

PRESETS = ("clean", "scan", "photo")
POOR_DB = 10.0
GAIN = (0.9, 1.1)  # read smaller or larger than this, a page has the wrong amplitude


class Held(NamedTuple):
    """A held-out record that is loaded when its turn comes, and its labels."""

    name: str
    load: Callable[[], Record]
    target: np.ndarray


def compare(
    data: Path | None,
    weights: Path,
    count: int = 100,
    presets: Sequence[str] = PRESETS,
    seed: int = 0,
    part: str = "test",
    output: Path = Path("out/pages"),
    digitizer: Digitize | None = None,
) -> dict[str, Any]:
    """Figures per preset of `count` records spread over one part of the split; pages.json, pages.md and pages.csv.

    Raises ValueError for options that make no sense, and when no page at all could be read.
    """
    from classify.classifier import Classifier
    from digitize.engines import load_digitizer
    from ecg.formats import write_text

    classifier = Classifier.load(weights)
    held = held_out(classifier, data, part, count)
    read = digitizer or load_digitizer("cpu")
    trials = {preset: list(_trials(classifier, read, held, preset, seed)) for preset in presets}
    head = {"weights": classifier.card.version, "task": classifier.task.name, "part": part, "seed": seed}
    if all(trial.refused for rows in trials.values() for trial in rows):
        raise ValueError(f"no page could be read and diagnosed: {next(iter(trials.values()))[0].refused}")
    made = {preset: figures(rows, classifier.card) for preset, rows in trials.items()}
    result: dict[str, Any] = score.plain({**head, "presets": made})
    write_text(output / "pages.json", json.dumps(result, indent=2, allow_nan=False) + "\n")
    write_text(output / "pages.md", markdown(result))
    write_text(output / "pages.csv", _csv(trials))
    return result


def held_out(classifier: Classifier, data: Path | None, part: str, count: int) -> list[Held]:
    """Records in mV spread evenly over the part; simulated ones without `data`."""
    from functools import partial

    from classify.datasets.load import load_example
    from classify.datasets.simulated import simulated
    from classify.labels import targets
    from classify.tasks import examples

    if count < 1:
        raise ValueError(f"count must be at least 1 record, got {count}")
    if data is None:
        pairs = [(example, partial(_given, record)) for record, example in simulated(5 * count, seed=0)]
    else:
        pairs = [(example, partial(load_example, example)) for example in examples(classifier.task, data)]
    mine = [pair for pair in pairs if pair[0].part == part and pair[0].in_mv]
    if not mine:
        raise ValueError(f"{data}: no {part} records in mV")
    spread = np.unique(np.linspace(0, len(mine) - 1, min(count, len(mine))).astype(int))
    groups = classifier.task.groups
    return [Held(example.id, load, targets(example.found, groups)) for example, load in (mine[k] for k in spread)]


def _given(record: Record) -> Record:
    return record


def _trials(
    classifier: Classifier, digitizer: Digitize, held: Sequence[Held], preset: str, seed: int
) -> Iterator[Trial]:
    """Every record drawn on a page of its own seed and read back."""
    from tqdm import tqdm

    from digitize.batch import read_page
    from digitize.stages import PageHints
    from simulate import Scene

    bar = tqdm(held, desc=preset, unit="page", file=sys.stderr, disable=not sys.stderr.isatty())
    for number, one in enumerate(bar):
        record = one.load()
        page, truth = Scene.sample(seed + number, preset).render(record)
        yield _trial(classifier, one, record, truth, read_page(page, digitizer, PageHints()))


def _trial(classifier: Classifier, held: Held, record: Record, truth: Reading, attempt: Attempt) -> Trial:
    found = {"signal": classifier(record), "printed": classifier(truth.record)}
    faults: tuple[str, ...] = ()
    facts: dict[str, float] = {}
    if attempt.reading:
        found["read"] = classifier.of_reading(attempt.reading)
        faults, facts = _judge(truth, attempt.reading)
    unread = str(attempt.error).removeprefix(f"{attempt.source}: ")
    mute = [f"no diagnosis of what was {way}: {d.warnings[-1]}" for way, d in found.items() if d.abstained]
    return Trial(
        held.name, held.target, truth.layout.name,
        {way: np.array([label.probability for label in d.labels]) for way, d in found.items()},
        {way: np.array([label.predicted for label in d.labels]) for way, d in found.items()},
        "; ".join(mute) if attempt.reading else unread, attempt.crashed, faults, facts,
    )  # fmt: skip


def _judge(truth: Reading, read: Reading) -> tuple[tuple[str, ...], dict[str, float]]:
    """The faults of a reading by name, and its figures."""
    from digitize.evaluation.layout_metrics import geometry_agreement, layout_agreement
    from digitize.evaluation.metrics import score_page

    right = layout_agreement(truth.layout, read.layout)
    right |= geometry_agreement(truth.geometry, read.geometry, truth.layout)
    measured = score_page(truth.record, read.record)
    gain = _gain(truth.record, read.record)
    checks = {
        "wrong layout": not right["layout_right"],
        "wrong lead names": bool(right["layout_right"]) and right["names_right"] < 1,
        "wrong way up": not right["orientation_right"],
        "wrong speed": not right["speed_right"],
        "wrong amplitude": not GAIN[0] <= gain <= GAIN[1],
        "a lead is missing": bool(measured.missing),
        f"below {POOR_DB:.0f} dB": measured.snr_db < POOR_DB,
    }
    confidence = float(np.mean(list(read.confidence.values())))
    faults = tuple(name for name, holds in checks.items() if holds)
    return faults, {"snr_db": measured.snr_db, "gain": gain, "confidence": confidence}


def _gain(truth: Record, read: Record) -> float:
    """How much larger than printed the leads were read, in the middle of them all; NaN when none was read."""
    ratios = []
    for lead in truth.leads:
        printed, found = truth[lead][np.isfinite(truth[lead])], read[lead][np.isfinite(read[lead])]
        if printed.size and found.size and printed.std() > 0:
            ratios.append(float(found.std() / printed.std()))
    return float(np.median(ratios)) if ratios else float("nan")


def _csv(trials: Mapping[str, Sequence[Trial]]) -> str:
    """A line for every page."""
    text = io.StringIO()
    rows = [{"preset": preset, **trial.to_row()} for preset, mine in trials.items() for trial in mine]
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
