"""Figures of pages that were drawn of records and read back: what was lost, and to which fault of the reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from classify.card import Card
from classify.evaluation.tables import cell, interval, table
from classify.scoring import metrics as score

WAYS = ("signal", "printed", "read")  # the whole recording, exactly what the page prints of it, what was read from it
ALL = "all pages"  # as read, and where there is no answer, the labels' mean probabilities
NO_FAULT = "none"


@dataclass(frozen=True, eq=False)
class Trial:
    """One record on one page: its labels, what was answered by each way, and what the reading got wrong.

    `seen` are probabilities, `said` the decisions [label] by way, without labels that the weights never report;
    `refused` says in words why there is no answer from the page.
    """

    record: str
    target: np.ndarray
    layout: str
    seen: Mapping[str, np.ndarray]
    said: Mapping[str, np.ndarray]
    refused: str = ""
    crashed: bool = False
    faults: tuple[str, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def moved(self) -> float:
        """By how much reading the page moved the probabilities from those of what it prints, on average."""
        return float(np.abs(self.seen["read"] - self.seen["printed"]).mean())

    @property
    def changed(self) -> int:
        """How many decisions differ from those of what the page prints."""
        return int((self.said["read"] != self.said["printed"]).sum())

    def to_row(self) -> dict[str, Any]:
        """A line of a table; what there is not is missing."""
        row: dict[str, Any] = {"record": self.record, "layout": self.layout}
        row |= {name: round(value, 3) for name, value in self.facts.items()}
        if not self.refused:
            row |= {"moved": round(self.moved, 4), "changed": self.changed}
        return row | {"faults": "; ".join(self.faults), "refused": self.refused}


def figures(trials: Sequence[Trial], card: Card) -> dict[str, Any]:
    """Of one preset: pages drawn, answered and refused (by reason), figures by group and label, and by fault."""
    answered = [trial for trial in trials if not trial.refused]
    reasons = Counter(reason(trial.refused) for trial in trials if trial.refused)
    confidence = [trial.facts.get("confidence", np.nan) for trial in answered]
    made: dict[str, Any] = {
        "drawn": len(trials), "answered": len(answered), "crashed": sum(trial.crashed for trial in trials),
        "refused": dict(reasons.most_common()), "groups": {}, "faults": _faults(answered),
        "confidence_tells": _rank_correlation(confidence, [trial.moved for trial in answered]),
    }  # fmt: skip
    if answered:
        for group, mine in card.groups.items():
            kept = [k for k in mine if k not in card.untrained]
            made["groups"][group] = _group(trials, card, kept)
    return made


def _group(trials: Sequence[Trial], card: Card, mine: Sequence[int]) -> dict[str, Any]:
    """Macro figures by way, what reading costs with its interval over pages, and every label's figures."""
    answered = [trial for trial in trials if not trial.refused]
    reported = [k for k in range(len(card.labels)) if k not in card.untrained]
    place = [reported.index(k) for k in mine]
    target = np.stack([trial.target[mine] for trial in answered])
    seen = {way: np.stack([trial.seen[way][place] for trial in answered]) for way in WAYS}
    said = {way: np.stack([trial.said[way][place] for trial in answered]) for way in WAYS}
    macro = {way: score.macro_auc(seen[way], target) for way in WAYS}
    everyone = np.stack([trial.target[mine] for trial in trials])
    macro[ALL] = score.macro_auc(_with_unanswered(trials, seen["read"], place), everyone)
    both = np.concatenate([seen["printed"], seen["read"]], axis=1)
    return {
        "macro_auc": macro,
        "loss": macro["printed"] - macro["read"],
        "loss_95": score.bootstrap(both, target, _loss),
        "macro_f1": {way: score.macro_f1(said[way], target) for way in WAYS},
        "labels": {
            card.labels[k][1]: {
                "positives": int(np.nansum(target[:, i])),
                **{way: score.auc(seen[way][:, i], target[:, i]) for way in WAYS},
                "moved": float(np.abs(seen["read"][:, i] - seen["printed"][:, i]).mean()),
                "changed": int((said["read"][:, i] != said["printed"][:, i]).sum()),
            }
            for i, k in enumerate(mine)
        },
    }


def _loss(both: np.ndarray, target: np.ndarray) -> float:
    half = both.shape[1] // 2
    return score.macro_auc(both[:, :half], target) - score.macro_auc(both[:, half:], target)


def _with_unanswered(trials: Sequence[Trial], read: np.ndarray, place: Sequence[int]) -> np.ndarray:
    usual = read.mean(0)
    return np.stack([usual if trial.refused else trial.seen["read"][place] for trial in trials])


def _faults(answered: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """For every fault, and for pages without any: how many pages, and what became of their answers."""
    groups: dict[str, list[Trial]] = {}
    for trial in answered:
        for fault in trial.faults or (NO_FAULT,):
            groups.setdefault(fault, []).append(trial)
    return {fault: _answers(trials) for fault, trials in groups.items()}


def _answers(trials: Sequence[Trial]) -> dict[str, float]:
    return {
        "pages": len(trials),
        "snr_db": score.mean(trial.facts.get("snr_db", float("nan")) for trial in trials),
        "moved": score.mean(trial.moved for trial in trials),
        "changed_a_page": score.mean(float(trial.changed) for trial in trials),
    }


def _rank_correlation(confidence: Sequence[float], moved: Sequence[float]) -> float:
    """Spearman's between the confidence of a page and how far its answers moved; -1 is a perfect warning."""
    from scipy.stats import spearmanr

    if len(moved) < 5 or np.ptp(confidence) == 0 or np.ptp(moved) == 0:
        return float("nan")
    return float(spearmanr(confidence, moved).statistic)


def reason(words: str) -> str:
    """A refusal without what is particular to its page: counts, and what stands behind a colon or in brackets."""
    first = re.split(r"[:;(]", words)[0]
    return re.sub(r"(?<![\w+.])\d+(\.\d+)?(?![\w.])", "#", first).strip() or "no words"


def markdown(result: Mapping[str, Any]) -> str:
    """The figures as tables."""
    head = ["preset", "group", "answered", *WAYS, ALL, "printed - read (95 %)", *(f"F1 {way}" for way in WAYS)]
    lines = [f"# {result['weights']}: records of the {result['part']} part on drawn pages", "", *_WORDS, ""]
    lines += table(head, _macro_rows(result["presets"]))
    for preset, found in result["presets"].items():
        lines += ["", f"## {preset}", ""]
        lines += table(["label", "positives", *WAYS, "moved", "changed"], _label_rows(found))
        lines += ["", *table(["fault", "pages", "mean dB", "moved", "changed a page"], _fault_rows(found))]
        if found["refused"]:
            lines += ["", *table(["no answer", "pages"], ([why, str(n)] for why, n in found["refused"].items()))]
    return "\n".join(lines) + "\n"


_WORDS = (
    "Macro AUC by way of seeing the same records. signal: the whole recording; printed: exactly what the page prints",
    f"of it; read: what was read from the picture; {ALL}: read, where a page without an answer gets the labels' mean",
    "probabilities. moved: mean distance of the probabilities from those of the printed part; changed: decisions that",
    "differ from those of the printed part. Intervals: 95 %, bootstrap over pages.",
)


def _macro_rows(presets: Mapping[str, Any]) -> Iterator[list[str]]:
    for preset, found in presets.items():
        answered = f"{found['answered']} of {found['drawn']}"
        for group, f in found["groups"].items():
            aucs = [cell(f["macro_auc"][way]) for way in (*WAYS, ALL)]
            loss = f"{cell(f['loss'])} {interval(f['loss_95'])}"
            yield [preset, group, answered, *aucs, loss, *(cell(f["macro_f1"][way]) for way in WAYS)]


def _label_rows(found: Mapping[str, Any]) -> Iterator[list[str]]:
    for group, f in found["groups"].items():
        for name, x in f["labels"].items():
            aucs = [cell(x[way]) for way in WAYS]
            yield [f"{group} {name}", str(x["positives"]), *aucs, cell(x["moved"]), str(x["changed"])]


def _fault_rows(found: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, x in found["faults"].items():
        yield [name, str(x["pages"]), cell(x["snr_db"], 1), cell(x["moved"]), cell(x["changed_a_page"], 2)]
