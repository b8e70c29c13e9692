"""One record on one page: what is diagnosed from each view of it, and what the reading got wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from classify.classifier import Classifier
from digitize.batch import Attempt
from digitize.evaluation.layout_metrics import geometry_agreement, layout_agreement
from digitize.evaluation.metrics import score_page
from ecg.files import CRASHED
from ecg.reading import Reading
from ecg.record import Record


@dataclass(frozen=True)
class FaultLimits:
    """From where on a reading counts as faulty; set by judgement, fitted to no page."""

    min_snr_db: float = 10.0  # below this a trace is visibly another curve
    gain: tuple[float, float] = (0.9, 1.1)  # read smaller or larger than this, voltage criteria are wrong


LIMITS = FaultLimits()
ABSTAINED = "abstained"  # of a page that was read, but from which nothing is diagnosed


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A held-out record that is loaded when its turn comes, and its labels."""

    name: str
    load: Callable[[], Record]
    target: np.ndarray


@dataclass(frozen=True, eq=False)
class Trial:
    """One record on one page: its labels, what is diagnosed from each view of it, and what the reading got wrong.

    `probability` and `predicted` are [label] by view, without labels that the weights never report; `refused` is the
    reason in words why there is no diagnosis of the page, and `code` its word for programs.
    """

    record: str
    target: np.ndarray
    layout: str
    probability: Mapping[str, np.ndarray]
    predicted: Mapping[str, np.ndarray]
    refused: str = ""
    code: str = ""
    faults: tuple[str, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def crashed(self) -> bool:
        return self.code == CRASHED

    @property
    def moved(self) -> float:
        """By how much reading the page moved the probabilities from those of what it prints, on average."""
        return float(np.abs(self.probability["read"] - self.probability["printed"]).mean())

    @property
    def changed(self) -> int:
        """How many decisions differ from those of what the page prints."""
        return int((self.predicted["read"] != self.predicted["printed"]).sum())

    def to_row(self) -> dict[str, object]:
        """A line of a table; what is not known is missing."""
        row: dict[str, object] = {"record": self.record, "layout": self.layout}
        row |= {name: round(value, 3) for name, value in self.facts.items()}
        if not self.refused:
            row |= {"moved": round(self.moved, 4), "changed": self.changed}
        return row | {"faults": "; ".join(self.faults), "refused": self.refused, "code": self.code}


def diagnose_views(
    classifier: Classifier, held_out: HeldOut, record: Record, truth: Reading, attempt: Attempt
) -> Trial:
    """The diagnoses of a record, of what its page prints of it (`truth`), and of what was read from the page."""
    diagnoses = {"signal": classifier(record), "printed": classifier(truth.record)}
    faults: tuple[str, ...] = ()
    facts: dict[str, float] = {}
    if attempt.reading:
        diagnoses["read"] = classifier.of_reading(attempt.reading)
        faults, facts = _judge(truth, attempt.reading)
    unread = str(attempt.error).removeprefix(f"{attempt.source}: ")
    abstained = [f"of what was {view}, {words}" for view, d in diagnoses.items() for words in d.reasons]
    refused = "; ".join(abstained) if attempt.reading else unread
    return Trial(
        held_out.name, held_out.target, truth.layout.name,
        {view: np.array([label.probability for label in d.labels]) for view, d in diagnoses.items()},
        {view: np.array([label.predicted for label in d.labels]) for view, d in diagnoses.items()},
        refused, attempt.code or (ABSTAINED if refused else ""), faults, facts,
    )  # fmt: skip


def _judge(truth: Reading, read: Reading) -> tuple[tuple[str, ...], dict[str, float]]:
    """The faults of a reading by name, and its figures."""
    right = layout_agreement(truth.layout, read.layout)
    right |= geometry_agreement(truth.geometry, read.geometry, truth.layout)
    measured = score_page(truth.record, read.record)
    gain = _gain(truth.record, read.record)
    low, high = LIMITS.gain
    checks = {
        "wrong layout": not right["layout_right"],
        "wrong lead names": bool(right["layout_right"]) and right["names_right"] < 1,
        "wrong way up": not right["orientation_right"],
        "wrong speed": not right["speed_right"],
        "wrong amplitude": not low <= gain <= high,
        "a lead is missing": bool(measured.missing),
        f"below {LIMITS.min_snr_db:.0f} dB": measured.snr_db < LIMITS.min_snr_db,
    }
    confidence = float(np.mean(list(read.confidence.values())))
    faults = tuple(name for name, holds in checks.items() if holds)
    return faults, {"snr_db": measured.snr_db, "gain": gain, "confidence": confidence}


def _gain(truth: Record, read: Record) -> float:
    """How much larger than printed the leads were read, the median over the leads; NaN when none was read."""
    ratios = []
    for lead in truth.leads:
        printed, found = truth[lead][np.isfinite(truth[lead])], read[lead][np.isfinite(read[lead])]
        if printed.size and found.size and printed.std() > 0:
            ratios.append(float(found.std() / printed.std()))
    return float(np.median(ratios)) if ratios else float("nan")
