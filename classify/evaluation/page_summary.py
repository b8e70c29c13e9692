"""Figures of pages that were drawn of records and read back: what was lost, and by which fault of the reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

import numpy as np
from scipy.stats import spearmanr

from classify.card import Card
from classify.evaluation.page_trial import Trial
from classify.evaluation.tables import cell, interval
from classify.scoring import metrics
from ecg.markdown import table

VIEWS = ("signal", "printed", "read")  # the whole recording, exactly what the page prints of it, what was read from it
ALL = "all pages"  # as read, and where there is no answer, the labels' mean probabilities
NO_FAULT = "none"


class LabelSummary(TypedDict):
    """A label over the pages of a preset: AUC by view, and how far reading moved it."""

    positives: int
    signal: float
    printed: float
    read: float
    moved: float
    changed: int


class GroupSummary(TypedDict):
    """A label group over the pages of a preset; `loss` is macro AUC as printed minus as read."""

    macro_auc: dict[str, float]
    loss: float
    loss_95: tuple[float, float]
    macro_f1: dict[str, float]
    labels: dict[str, LabelSummary]


class PresetSummary(TypedDict):
    """The pages of one preset: drawn, answered, refused by code, figures by group and by fault."""

    drawn: int
    answered: int
    crashed: int
    refused: dict[str, int]
    groups: dict[str, GroupSummary]
    faults: dict[str, dict[str, float]]
    confidence_tells: float


class PageStudy(TypedDict):
    """What `page_study.compare` gives."""

    weights: str
    task: str
    part: str
    seed: int
    presets: dict[str, PresetSummary]


def figures(trials: Sequence[Trial], card: Card) -> PresetSummary:
    """Of one preset: pages drawn, answered and refused (by code), figures by group and label, and by fault."""
    answered = [trial for trial in trials if not trial.refused]
    reasons = Counter(trial.code for trial in trials if trial.refused)
    confidence = [trial.facts.get("confidence", np.nan) for trial in answered]
    groups = {}
    if answered:
        for group, own in card.groups.items():
            groups[group] = _group(trials, card, [k for k in own if k not in card.untrained])
    return {
        "drawn": len(trials), "answered": len(answered), "crashed": sum(trial.crashed for trial in trials),
        "refused": dict(reasons.most_common()), "groups": groups, "faults": _faults(answered),
        "confidence_tells": _rank_correlation(confidence, [trial.moved for trial in answered]),
    }  # fmt: skip


def _group(trials: Sequence[Trial], card: Card, own: Sequence[int]) -> GroupSummary:
    """Macro figures by view, what reading costs with its interval over pages, and every label's figures."""
    answered = [trial for trial in trials if not trial.refused]
    reported = [k for k in range(len(card.labels)) if k not in card.untrained]
    place = [reported.index(k) for k in own]
    target = np.stack([trial.target[own] for trial in answered])
    probability = {view: np.stack([trial.probability[view][place] for trial in answered]) for view in VIEWS}
    predicted = {view: np.stack([trial.predicted[view][place] for trial in answered]) for view in VIEWS}
    macro = {view: metrics.macro_auc(probability[view], target) for view in VIEWS}
    all_targets = np.stack([trial.target[own] for trial in trials])
    macro[ALL] = metrics.macro_auc(_with_unanswered(trials, probability["read"], place), all_targets)
    both = np.concatenate([probability["printed"], probability["read"]], axis=1)
    moved = np.abs(probability["read"] - probability["printed"])
    changed = predicted["read"] != predicted["printed"]
    return {
        "macro_auc": macro,
        "loss": macro["printed"] - macro["read"],
        "loss_95": metrics.bootstrap(both, target, _loss),
        "macro_f1": {view: metrics.macro_f1(predicted[view], target) for view in VIEWS},
        "labels": {
            card.labels[k][1]: {
                "positives": int(np.nansum(target[:, i])),
                "signal": metrics.auc(probability["signal"][:, i], target[:, i]),
                "printed": metrics.auc(probability["printed"][:, i], target[:, i]),
                "read": metrics.auc(probability["read"][:, i], target[:, i]),
                "moved": float(moved[:, i].mean()),
                "changed": int(changed[:, i].sum()),
            }
            for i, k in enumerate(own)
        },
    }


def _loss(both: np.ndarray, target: np.ndarray) -> float:
    half = both.shape[1] // 2
    return metrics.macro_auc(both[:, :half], target) - metrics.macro_auc(both[:, half:], target)


def _with_unanswered(trials: Sequence[Trial], read: np.ndarray, place: Sequence[int]) -> np.ndarray:
    mean = read.mean(0)
    return np.stack([mean if trial.refused else trial.probability["read"][place] for trial in trials])


def _faults(answered: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """For every fault, and for pages without any: how many pages, and how their answers changed."""
    groups: dict[str, list[Trial]] = {}
    for trial in answered:
        for fault in trial.faults or (NO_FAULT,):
            groups.setdefault(fault, []).append(trial)
    return {fault: _answers(trials) for fault, trials in groups.items()}


def _answers(trials: Sequence[Trial]) -> dict[str, float]:
    return {
        "pages": len(trials),
        "snr_db": metrics.mean(trial.facts.get("snr_db", float("nan")) for trial in trials),
        "moved": metrics.mean(trial.moved for trial in trials),
        "changed_a_page": metrics.mean(float(trial.changed) for trial in trials),
    }


def _rank_correlation(confidence: Sequence[float], moved: Sequence[float]) -> float:
    """Spearman's between the confidence of a page and how far its answers moved; -1 is a perfect warning."""
    if len(moved) < 5 or np.ptp(confidence) == 0 or np.ptp(moved) == 0:
        return float("nan")
    return float(spearmanr(confidence, moved).statistic)


def markdown(result: PageStudy) -> str:
    """The figures as tables."""
    head = ["preset", "group", "answered", *VIEWS, ALL, "printed - read (95 %)", *(f"F1 {view}" for view in VIEWS)]
    lines = [f"# {result['weights']}: records of the {result['part']} part on drawn pages", "", *_LEGEND, ""]
    lines.append(table(head, _macro_rows(result["presets"])))
    for preset, found in result["presets"].items():
        lines += ["", f"## {preset}", ""]
        lines.append(table(["label", "positives", *VIEWS, "moved", "changed"], _label_rows(found)))
        lines += ["", table(["fault", "pages", "mean dB", "moved", "changed a page"], _fault_rows(found))]
        if found["refused"]:
            lines += ["", table(["no answer", "pages"], ([why, str(n)] for why, n in found["refused"].items()))]
    return "\n".join(lines) + "\n"


_LEGEND = (
    "Macro AUC by way of seeing the same records. signal: the whole recording; printed: exactly what the page prints",
    f"of it; read: what was read from the picture; {ALL}: read, where a page without an answer gets the labels' mean",
    "probabilities. moved: mean distance of the probabilities from those of the printed part; changed: decisions that",
    "differ from those of the printed part. Intervals: 95 %, bootstrap over pages.",
)


def _macro_rows(presets: Mapping[str, PresetSummary]) -> Iterator[list[str]]:
    for preset, found in presets.items():
        answered = f"{found['answered']} of {found['drawn']}"
        for group, f in found["groups"].items():
            aucs = [cell(f["macro_auc"][view]) for view in (*VIEWS, ALL)]
            loss = f"{cell(f['loss'])} {interval(f['loss_95'])}"
            yield [preset, group, answered, *aucs, loss, *(cell(f["macro_f1"][view]) for view in VIEWS)]


def _label_rows(found: PresetSummary) -> Iterator[list[str]]:
    for group, f in found["groups"].items():
        for name, x in f["labels"].items():
            aucs = [cell(auc) for auc in (x["signal"], x["printed"], x["read"])]
            yield [f"{group} {name}", str(x["positives"]), *aucs, cell(x["moved"]), str(x["changed"])]


def _fault_rows(found: PresetSummary) -> Iterator[list[str]]:
    for name, x in found["faults"].items():
        yield [name, str(x["pages"]), cell(x["snr_db"], 1), cell(x["moved"]), cell(x["changed_a_page"], 2)]
