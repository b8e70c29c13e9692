"""The report of an evaluation: Markdown tables, JSON for programs, and CSV with a line per page."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from digitize.evaluation.causes import CAUSES
from digitize.evaluation.confidence_metrics import ConfidenceStep
from digitize.evaluation.honesty import LOW_DB, SURE, Honesty
from digitize.evaluation.page_row import CLEAN, PageRow
from digitize.evaluation.report_types import Group, Kind, Report, Review, StressLoss
from ecg.files import csv_text, write_text
from ecg.markdown import table

_FIGURES = {
    "snr_mean_db": "mean dB", "snr_p5_db": "p5 dB", "snr_kaggle_db": "Kaggle dB", "snr_challenge2024_db": "C2024 dB",
    "pearson": "r", "rmse_uv": "RMSE µV", "heart_rate_error_bpm": "HR error", "failure_rate": "failures",
}  # fmt: skip
_AGREEMENT = {
    "layout_right": "layout", "names_right": "names", "speed_right": "speed", "gain_right": "gain",
    "orientation_right": "upright", "rotation_error_deg": "rotation off °", "scale_error_percent": "px/mm off %",
}  # fmt: skip


def markdown(report: Report) -> str:
    """The report as Markdown tables, which are also readable on a terminal."""
    return "\n\n".join(_parts(report))


def _parts(report: Report) -> Iterator[str]:
    if "checkpoint" in report:
        yield _review(report["checkpoint"])
    groups = report["groups"]
    if not groups:
        return
    head = ["pages", "stress", "n", "read", "refused", "crashed", *_FIGURES.values(), "loss dB", "s/page"]
    yield table(head, [[*_counts(group), *_figures(group)] for group in groups], padded=True)
    notes = f"peak memory {report['peak_memory_mb']:.0f} MB; weights {report['weights']}"
    yield f"mean dB with its 95 % interval over pages; {notes}"
    for loss in report["stresses"]:
        yield _stress_line(loss)
    understood = [group for group in groups if group["agreement"] or group["calibration"]["bins"]]
    if understood:
        head = ["pages", "stress", *_AGREEMENT.values(), "confidence and error"]
        yield "What was understood (1 is all), and the rank correlation of confidence and error (-1 is best):"
        yield table(head, [_understood(group) for group in understood], padded=True)
    if report["kinds"]:
        names = ("snr_mean_db", "snr_p5_db", "failure_rate")
        head = ["what", "kind", "n", "read", *(_FIGURES[name] for name in names), "layout", "names"]
        yield table(head, [_kind(kind, names) for kind in report["kinds"]], padded=True)
    honest = list(_honest(report))
    if honest:
        yield f"What is stated of the samples read, and what is true; pages below {LOW_DB:g} dB that warn of nothing:"
        head = [
            "pages",
            "stress",
            "stated",
            "true",
            f"of >= {SURE:g}: stated",
            "true",
            f"below {LOW_DB:g} dB",
            "silent",
        ]
        yield table(head, honest, padded=True)
    steps = [(group, step) for group in groups for step in group["calibration"]["samples"]]
    if steps:
        yield "What the confidence is worth: the samples of each step, how many are within 0.5 mm, and their |error|:"
        head = ["pages", "stress", "confidence", "samples", "stated", "within 0.5 mm", "median µV", "90 % below µV"]
        yield table(head, [_confidence_step(*pair) for pair in steps], padded=True)
    causes = [(group, *cause) for group in groups for cause in group["causes"].items()]
    if causes:
        yield f"Pages that were not read or are below {CAUSES.low_db:g} dB, by cause:"
        head = ["pages", "stress", "cause", "n", "which"]
        yield table(head, [_cause(*cause) for cause in causes], padded=True)


def _review(found: Review) -> str:
    head = f"{found['checkpoint']} ({found['kind']}): {found['steps']} steps, "
    head += f"{found['pages']} held-out pages ({found['recordings']})"
    measures = [[name, f"{value:.4g}"] for name, value in found["measures"].items()]
    return f"{head}\n\n{table(['measure', 'value'], measures, padded=True)}"


def _stress_line(found: StressLoss) -> str:
    mean, worst = _cell(found["mean_loss_db"]), _cell(found["worst_loss_db"])
    ends = f"{found['refused_share']:.1%} refused, {found['crashed']} crashed"
    return f"{found['folder']}: mean loss under stress {mean} dB, worst {worst} dB ({found['worst']}), {ends}"


def _understood(group: Group) -> list[str]:
    cells = [_cell(group["agreement"].get(name)) for name in _AGREEMENT]
    return [group["folder"], group["condition"], *cells, _cell(group["calibration"]["rank_correlation"])]


def _kind(kind: Kind, names: Sequence[str]) -> list[str]:
    right = [_cell(kind["agreement"].get(name)) for name in ("layout_right", "names_right")]
    return [
        kind["what"],
        kind["kind"],
        str(kind["pages"]),
        str(kind["read"]),
        *(_cell(kind["metrics"][n]) for n in names),
        *right,
    ]


def _honest(report: Report) -> Iterator[list[str]]:
    for group in report["groups"]:
        if group["honesty"]:
            yield [group["folder"], group["condition"], *_honesty(group["honesty"])]
    for kind in report["kinds"]:
        if kind["honesty"]:
            yield [f"{kind['what']}: {kind['kind']}", CLEAN, *_honesty(kind["honesty"])]


def _honesty(found: Honesty) -> list[str]:
    shares = (found["stated"], found["within"], found["sure_stated"], found["sure_within"])
    cells = ["" if share is None else f"{share:.1%}" for share in shares]
    return [*cells, str(found["low"]), " ".join(found["silent"]) or "none"]


def _confidence_step(group: Group, step: ConfidenceStep) -> list[str]:
    low, high = step["confidence"]
    shares = [f"{share:.1%}" for share in (step["share"], step["stated"], step["within"])]
    return [
        group["folder"],
        group["condition"],
        f"{low:g}-{high:g}",
        *shares,
        _cell(step["median_uv"]),
        _cell(step["p90_uv"]),
    ]


def _cause(group: Group, cause: str, pages: Sequence[str]) -> list[str]:
    return [group["folder"], group["condition"], cause, str(len(pages)), " ".join(pages)]


def _counts(group: Group) -> list[str]:
    counts = (group["pages"], group["read"], group["refused"], group["crashed"])
    return [group["folder"], group["condition"], *map(str, counts)]


def _figures(group: Group) -> list[str]:
    figures = [_cell(group["metrics"][name]) for name in _FIGURES]
    if group["intervals"]:
        low, high = group["intervals"]["snr_mean_db"]
        figures[0] += f" ({_cell(low)}..{_cell(high)})"
    return [*figures, _cell(group["loss_db"]), _cell(group["seconds_per_page"])]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def write_report(folder: Path, report: Report, rows: Sequence[PageRow]) -> None:
    """report.json, report.md and pages.csv."""
    write_text(folder / "report.json", json.dumps(report, indent=1, allow_nan=False))
    words = [
        f"- {g['folder']} {g['condition']} {page}: {why}"
        for g in report["groups"]
        for page, why in g["not_read"].items()
    ]
    write_text(folder / "report.md", "\n".join([markdown(report), "", *words]) + "\n")
    write_text(folder / "pages.csv", _pages_csv(rows))


def _pages_csv(rows: Sequence[PageRow]) -> str:
    return csv_text([_line(row) for row in rows])


def _line(row: PageRow) -> dict[str, object]:
    """A flat line: the row, its score, its agreement and each lead's own decibels."""
    line: dict[str, object] = {name: getattr(row, name) for name in ("folder", "page", "condition", "status")}
    if row.score:
        names = ("snr_db", "challenge2024_db", "pearson", "rmse_uv", "heart_rate_error_bpm")
        line |= {name: _round(getattr(row.score, name)) for name in names}
        line["missing"] = " ".join(row.score.missing)
    line |= {"heart_rate_bpm": _round(row.heart_rate_bpm), "layout": row.layout, "seconds": _round(row.seconds)}
    facts = row.facts.to_dict()
    line |= {name: _round(facts[name]) for name in ("rotation_deg", "px_per_mm") if name in facts}
    line |= {name: _round(value) for name, value in row.agreement.items()}
    if row.score:
        line |= {f"{lead.name} rmse_uv": _round(lead.rmse_uv) for lead in row.score.leads}
    line |= {f"{lead} confidence": _round(value) for lead, value in row.confidence.items()}
    return line | {"codes": " ".join(row.codes), "words": row.words}


def _round(value: object) -> object:
    return ("" if math.isnan(value) else round(value, 3)) if isinstance(value, float) else value
