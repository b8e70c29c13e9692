"""From measured pages to the report: a table by folder and stress, JSON for programs, CSV with a line per page."""

from __future__ import annotations

import csv
import io
import json
import math
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from digitize.agreement import calibration
from digitize.metrics import PageScore, aggregate, bootstrap
from ecg.formats import write_text
from ecg.reading import Reading

CLEAN = "none"
_COLUMNS = {
    "snr_mean_db": "mean dB", "snr_p5_db": "p5 dB", "snr_kaggle_db": "Kaggle dB", "snr_challenge2024_db": "C2024 dB",
    "pearson": "r", "rmse_uv": "RMSE µV", "heart_rate_error_bpm": "HR error", "failure_rate": "failures",
}  # fmt: skip


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

    def read_as(self, reading: Reading, heart_rate_bpm: float, agreement: Mapping[str, float]) -> PageRow:
        """The same row with what the reading says; nothing in it holds the page's pixels."""
        return replace(
            self,
            layout=f"{reading.layout.name} {reading.layout.mm_per_s:g} mm/s {reading.layout.mm_per_mv:g} mm/mV",
            heart_rate_bpm=heart_rate_bpm,
            confidence=reading.confidence,
            facts=dict(reading.facts),
            agreement=agreement,
        )


def summarise(rows: Sequence[PageRow]) -> dict[str, Any]:
    """{"groups": one per folder and condition, "weights", "peak_memory_mb"}; plain JSON types, None where unknown."""
    keys = dict.fromkeys((row.folder, row.condition) for row in rows)
    groups = [_group(*key, [row for row in rows if (row.folder, row.condition) == key]) for key in keys]
    clean = {group["folder"]: group["metrics"]["snr_mean_db"] for group in groups if group["condition"] == CLEAN}
    for group in groups:
        group["loss_db"] = clean[group["folder"]] - group["metrics"]["snr_mean_db"]
    weights = next((row.facts["weights"] for row in rows if "weights" in row.facts), None)
    return _plain({"groups": groups, "weights": weights, "peak_memory_mb": peak_memory_mb()})


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
        "calibration": _calibration(rows),
        "seconds_per_page": float(np.mean([row.seconds for row in read])) if read else float("nan"),
        "not_read": {row.page: row.words for row in rows if row.status != "read"},
    }


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


def table(report: Mapping[str, Any]) -> str:
    """The report as a Markdown table, which is also readable on a terminal."""
    head = ["pages", "stress", "n", "read", "refused", "crashed", *_COLUMNS.values(), "loss dB", "s/page"]
    lines = [[*_counts(group), *_figures(group)] for group in report["groups"]]
    widths = [max(len(cell) for cell in column) for column in zip(head, *lines, strict=True)]
    ruled = [head, ["-" * width for width in widths], *lines]
    text = "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in ruled
    )
    notes = f"peak memory {report['peak_memory_mb']:.0f} MB; weights {report['weights']}"
    return f"{text}\n\nmean dB with its 95 % interval over pages; {notes}"


def _counts(group: Mapping[str, Any]) -> list[str]:
    return [str(group[key]) for key in ("folder", "condition", "pages", "read", "refused", "crashed")]


def _figures(group: Mapping[str, Any]) -> list[str]:
    figures = [_cell(group["metrics"][name]) for name in _COLUMNS]
    if group["intervals"]:
        low, high = group["intervals"]["snr_mean_db"]
        figures[0] += f" ({_cell(low)}..{_cell(high)})"
    return [*figures, _cell(group["loss_db"]), _cell(group["seconds_per_page"])]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def write_report(folder: Path, report: Mapping[str, Any], rows: Sequence[PageRow]) -> None:
    """report.json, report.md and pages.csv."""
    write_text(folder / "report.json", json.dumps(report, indent=1, allow_nan=False))
    words = [
        f"- {g['folder']} {g['condition']} {page}: {why}"
        for g in report["groups"]
        for page, why in g["not_read"].items()
    ]
    write_text(folder / "report.md", "\n".join([table(report), "", *words]) + "\n")
    write_text(folder / "pages.csv", _pages_csv(rows))


def _pages_csv(rows: Sequence[PageRow]) -> str:
    lines = [_line(row) for row in rows]
    columns = dict.fromkeys(name for line in lines for name in line)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _line(row: PageRow) -> dict[str, Any]:
    """A flat line: the row, its score, its agreement and each lead's own decibels."""
    line: dict[str, Any] = {name: getattr(row, name) for name in ("folder", "page", "condition", "status")}
    if row.score:
        names = ("snr_db", "challenge2024_db", "pearson", "rmse_uv", "heart_rate_error_bpm")
        line |= {name: _round(getattr(row.score, name)) for name in names}
        line["missing"] = " ".join(row.score.missing)
    line |= {"heart_rate_bpm": _round(row.heart_rate_bpm), "layout": row.layout, "seconds": _round(row.seconds)}
    line |= {name: _round(row.facts[name]) for name in ("rotation_deg", "px_per_mm") if name in row.facts}
    line |= {name: _round(value) for name, value in row.agreement.items()}
    if row.score:
        line |= {f"{lead.name} rmse_uv": _round(lead.rmse_uv) for lead in row.score.leads}
    line |= {f"{lead} confidence": _round(value) for lead, value in row.confidence.items()}
    return line | {"words": row.words}


def _round(value: Any) -> Any:
    return ("" if math.isnan(value) else round(value, 3)) if isinstance(value, float) else value


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity: None says that there is no figure."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
