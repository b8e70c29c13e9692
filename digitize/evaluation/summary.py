"""From measured pages to figures: by folder and stress, and by kind of page."""

from __future__ import annotations

import math
import re
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from digitize.evaluation.confidence_metrics import Certainty, pooled
from digitize.evaluation.layout_metrics import calibration
from digitize.evaluation.metrics import PageScore, aggregate, bootstrap
from ecg.reading import Reading

CLEAN = "none"
LOW_DB = 12.0  # a page below is listed with its cause
_ONE_LEAD = 0.7  # of a page's squared error
_COARSE_PX_PER_MM, _SCALE_OFF_PERCENT = 3.0, 1.5


@dataclass(frozen=True)
class PageRow:
    """One page under one condition: what was read, how well, and in which words it was refused."""

    folder: str
    page: str
    condition: str
    status: str
    words: str
    seconds: float
    score: PageScore | None
    layout: str = ""
    heart_rate_bpm: float = float("nan")
    confidence: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    agreement: Mapping[str, float] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    certainty: Certainty | None = None

    def read_as(
        self, reading: Reading, heart_rate_bpm: float, agreement: Mapping[str, float], certainty: Certainty | None
    ) -> PageRow:
        """The same row with what the reading says; nothing in it holds the page's pixels."""
        return replace(
            self,
            layout=f"{reading.layout.name} {reading.layout.mm_per_s:g} mm/s {reading.layout.mm_per_mv:g} mm/mV",
            heart_rate_bpm=heart_rate_bpm,
            confidence=reading.confidence,
            facts=dict(reading.facts),
            agreement=agreement,
            certainty=certainty,
        )


def summarise(rows: Sequence[PageRow]) -> dict[str, Any]:
    """Plain JSON types, None where unknown: `groups` (one per folder and condition), `kinds` (of clean pages whose
    preset, layout and scales are known), `stresses` (what each folder loses under them), weights and memory.
    """
    keys = dict.fromkeys((row.folder, row.condition) for row in rows)
    groups = [_group(*key, [row for row in rows if (row.folder, row.condition) == key]) for key in keys]
    clean = {group["folder"]: group["metrics"]["snr_mean_db"] for group in groups if group["condition"] == CLEAN}
    for group in groups:
        group["loss_db"] = clean[group["folder"]] - group["metrics"]["snr_mean_db"]
    weights = next((row.facts["weights"] for row in rows if "weights" in row.facts), None)
    stresses = [_stresses(folder, [g for g in groups if g["folder"] == folder]) for folder in clean]
    report = {"groups": groups, "kinds": _kinds(rows), "stresses": [found for found in stresses if found]}
    return _plain({**report, "weights": weights, "peak_memory_mb": peak_memory_mb()})


def _stresses(folder: str, groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and worst loss of a folder's pages over all stresses; empty where there were none."""
    worse = [group for group in groups if group["condition"] != CLEAN]
    if not worse:
        return {}
    worst = max(worse, key=lambda group: np.nan_to_num(group["loss_db"], nan=-np.inf))
    pages = sum(group["pages"] for group in worse)
    return {
        "folder": folder,
        "mean_loss_db": float(np.mean([group["loss_db"] for group in worse])),
        "worst_loss_db": worst["loss_db"],
        "worst": worst["condition"],
        "refused_share": sum(group["refused"] for group in worse) / pages,
        "crashed": sum(group["crashed"] for group in worse),
    }


def _kinds(rows: Sequence[PageRow]) -> list[dict[str, Any]]:
    """Clean pages by preset, layout and scales: how many, how well read, how well understood."""
    clean = [row for row in rows if row.condition == CLEAN and row.score]
    found = []
    for key in dict.fromkeys((name, kind) for row in clean for name, kind in sorted(row.kinds.items())):
        of_kind = [row for row in clean if row.kinds.get(key[0]) == key[1]]
        read = sum(row.status == "read" for row in of_kind)
        figures = aggregate([row.score for row in of_kind if row.score])
        agreement = _means([row.agreement for row in of_kind])
        found.append(
            {"what": key[0], "kind": key[1], "pages": len(of_kind), "read": read}
            | {"metrics": figures, "agreement": agreement}
        )
    return found


def _group(folder: str, condition: str, rows: Sequence[PageRow]) -> dict[str, Any]:
    scores = [row.score for row in rows if row.score]
    read = [row for row in rows if row.status == "read"]
    return {
        "folder": folder,
        "condition": condition,
        "pages": len(rows),
        "with_truth": len(scores),
        **{status: sum(row.status == status for row in rows) for status in ("read", "refused", "crashed")},
        "metrics": aggregate(scores),
        "intervals": bootstrap(scores) if scores else {},
        "agreement": _means([row.agreement for row in rows]),
        "calibration": {**_calibration(rows), "samples": pooled([row.certainty for row in rows if row.certainty])},
        "seconds_per_page": float(np.mean([row.seconds for row in read])) if read else float("nan"),
        "causes": _causes(rows),
        "not_read": {row.page: row.words for row in rows if row.status != "read"},
    }


def _causes(rows: Sequence[PageRow]) -> dict[str, list[str]]:
    """The pages that were not read or are below `LOW_DB`, by cause, the commonest first."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.status != "read" or (row.score and row.score.snr_db < LOW_DB):
            found.setdefault(_cause(row), []).append(row.page)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _cause(row: PageRow) -> str:
    """The first thing that went wrong on the way from the page to the signal, in a few words."""
    if row.status != "read":
        why = re.split(r"[(;:]", row.words.partition(": ")[2])[0]  # the words begin with the page's file
        return f"{row.status}: {why.strip()}"
    for name, words in _ASKED.items():
        if row.agreement.get(name, 1.0) < 1:
            return words
    assert row.score is not None
    if row.score.missing:
        return "leads not read"
    if row.agreement.get("scale_error_percent", 0.0) > _SCALE_OFF_PERCENT:
        return "scale off"
    if min(row.facts.get("px_per_mm", [math.inf])) < _COARSE_PX_PER_MM:
        return "coarse picture"
    errors = [lead.error for lead in row.score.leads]
    return "one lead" if max(errors) > _ONE_LEAD * sum(errors) else "several leads"


_ASKED = {
    "orientation_right": "orientation wrong", "layout_right": "layout wrong", "names_right": "lead names wrong",
    "speed_right": "speed wrong", "gain_right": "gain wrong",
}  # fmt: skip


def _means(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of every figure over the pages that have it."""
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: float(np.mean([table[name] for table in tables if name in table])) for name in names}


def _calibration(rows: Sequence[PageRow]) -> dict[str, object]:
    pairs = [
        (row.confidence[lead.name], lead.rmse_uv)
        for row in rows
        if row.score
        for lead in row.score.leads
        if lead.name in row.confidence
    ]
    return calibration([sure for sure, _ in pairs], [error for _, error in pairs])


def peak_memory_mb() -> float:
    """The most memory this process has held so far."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity: None says that there is no figure."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
