"""From measured pages to figures: by folder and stress, and by kind of page."""

from __future__ import annotations

import math
import resource
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from digitize.evaluation.causes import causes_of
from digitize.evaluation.confidence_metrics import pooled
from digitize.evaluation.honesty import honesty
from digitize.evaluation.layout_metrics import calibration
from digitize.evaluation.metrics import aggregate, bootstrap
from digitize.evaluation.page_row import CLEAN, PageRow
from digitize.evaluation.report_types import Calibration, Group, Kind, Report, StressLoss


def summarise(rows: Sequence[PageRow]) -> Report:
    """`groups` (one per folder and condition), `kinds` (of clean pages whose preset, layout and scales are known),
    `stresses` (what each folder loses under them), weights and memory.
    """
    keys = dict.fromkeys((row.folder, row.condition) for row in rows)
    groups = [_group(*key, [row for row in rows if (row.folder, row.condition) == key]) for key in keys]
    clean = {group["folder"]: group["metrics"]["snr_mean_db"] for group in groups if group["condition"] == CLEAN}
    for group in groups:
        group["loss_db"] = clean[group["folder"]] - group["metrics"]["snr_mean_db"]
    weights = next((row.facts.weights for row in rows if row.facts.weights), None)
    report = Report(
        groups=groups,
        kinds=_kinds(rows),
        stresses=[loss for folder in clean for loss in _stress_loss(folder, groups)],
        weights=weights,
        peak_memory_mb=peak_memory_mb(),
    )
    return cast(Report, _plain(report))


def _stress_loss(folder: str, groups: Sequence[Group]) -> list[StressLoss]:
    """Mean and worst loss of a folder's pages over all stresses; none where there were none."""
    worse = [group for group in groups if group["folder"] == folder and group["condition"] != CLEAN]
    if not worse:
        return []
    worst = max(worse, key=lambda group: np.nan_to_num(group["loss_db"], nan=-np.inf))
    pages = sum(group["pages"] for group in worse)
    loss = StressLoss(
        folder=folder,
        mean_loss_db=float(np.mean([group["loss_db"] for group in worse])),
        worst_loss_db=worst["loss_db"],
        worst=worst["condition"],
        refused_share=sum(group["refused"] for group in worse) / pages,
        crashed=sum(group["crashed"] for group in worse),
    )
    return [loss]


def _kinds(rows: Sequence[PageRow]) -> list[Kind]:
    """Clean pages by preset, layout and scales: how many, how well read, how well understood."""
    clean = [row for row in rows if row.condition == CLEAN and row.score]
    found = []
    for what, kind in dict.fromkeys(pair for row in clean for pair in sorted(row.kinds.items())):
        of_kind = [row for row in clean if row.kinds.get(what) == kind]
        found.append(
            Kind(
                what=what,
                kind=kind,
                pages=len(of_kind),
                read=sum(row.status == "read" for row in of_kind),
                metrics=aggregate([row.score for row in of_kind if row.score]),
                agreement=_means([row.agreement for row in of_kind]),
                honesty=honesty(of_kind),
            )
        )
    return found


def _group(folder: str, condition: str, rows: Sequence[PageRow]) -> Group:
    scores = [row.score for row in rows if row.score]
    read = [row for row in rows if row.status == "read"]
    count = Counter(row.status for row in rows)
    return Group(
        folder=folder,
        condition=condition,
        pages=len(rows),
        with_truth=len(scores),
        read=count["read"],
        refused=count["refused"],
        crashed=count["crashed"],
        metrics=aggregate(scores),
        intervals=bootstrap(scores) if scores else {},
        agreement=_means([row.agreement for row in rows]),
        calibration=_calibration(rows),
        honesty=honesty(rows),
        seconds_per_page=float(np.mean([row.seconds for row in read])) if read else float("nan"),
        causes=causes_of(rows),
        not_read={row.page: row.words for row in rows if row.status != "read"},
    )


def _means(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of every figure over the pages that have it."""
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: float(np.mean([table[name] for table in tables if name in table])) for name in names}


def _calibration(rows: Sequence[PageRow]) -> Calibration:
    pairs = [
        (row.confidence[lead.name], lead.rmse_uv)
        for row in rows
        if row.score
        for lead in row.score.leads
        if lead.name in row.confidence
    ]
    leads = calibration([confidence for confidence, _ in pairs], [error for _, error in pairs])
    return Calibration(**leads, samples=pooled([row.histogram for row in rows if row.histogram]))


def peak_memory_mb() -> float:
    """The most memory this process has held so far."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _plain(value: object) -> object:
    """JSON has no NaN and no infinity: None says that there is no figure."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
