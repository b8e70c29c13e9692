"""The report of an evaluation: Markdown tables, JSON for programs, and CSV with a line per page."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from digitize.evaluation.summary import LOW_DB, PageRow
from ecg.formats import write_text

_FIGURES = {
    "snr_mean_db": "mean dB", "snr_p5_db": "p5 dB", "snr_kaggle_db": "Kaggle dB", "snr_challenge2024_db": "C2024 dB",
    "pearson": "r", "rmse_uv": "RMSE µV", "heart_rate_error_bpm": "HR error", "failure_rate": "failures",
}  # fmt: skip
_AGREEMENT = {
    "layout_right": "layout", "names_right": "names", "speed_right": "speed", "gain_right": "gain",
    "orientation_right": "upright", "rotation_error_deg": "rotation off °", "scale_error_percent": "px/mm off %",
}  # fmt: skip


def table(report: Mapping[str, Any]) -> str:
    """The report as Markdown tables, which are also readable on a terminal."""
    return "\n\n".join(_parts(report))


def _parts(report: Mapping[str, Any]) -> Iterator[str]:
    groups = report["groups"]
    head = ["pages", "stress", "n", "read", "refused", "crashed", *_FIGURES.values(), "loss dB", "s/page"]
    yield _ruled(head, [[*_counts(group), *_figures(group)] for group in groups])
    notes = f"peak memory {report['peak_memory_mb']:.0f} MB; weights {report['weights']}"
    yield f"mean dB with its 95 % interval over pages; {notes}"
    for found in report["stresses"]:
        yield _stress_line(found)
    understood = [group for group in groups if group["agreement"] or group["calibration"]["bins"]]
    if understood:
        head = ["pages", "stress", *_AGREEMENT.values(), "confidence and error"]
        yield "What was understood (1 is all), and the rank correlation of confidence and error (-1 is best):"
        yield _ruled(head, [_understood(group) for group in understood])
    if report["kinds"]:
        names = ("snr_mean_db", "snr_p5_db", "failure_rate")
        head = ["what", "kind", "n", "read", *(_FIGURES[name] for name in names), "layout", "names"]
        yield _ruled(head, [_kind(kind, names) for kind in report["kinds"]])
    sure = [(group, step) for group in groups for step in group["calibration"]["samples"]]
    if sure:
        yield "What the confidence is worth: the samples of each step, how many are within 0.5 mm, and their |error|:"
        head = ["pages", "stress", "confidence", "samples", "stated", "within 0.5 mm", "median µV", "90 % below µV"]
        yield _ruled(head, [_certainty(*pair) for pair in sure])
    causes = [(group, *cause) for group in groups for cause in group["causes"].items()]
    if causes:
        yield f"Pages that were not read or are below {LOW_DB:g} dB, by cause:"
        yield _ruled(["pages", "stress", "cause", "n", "which"], [_cause(*cause) for cause in causes])


def line(cells: Sequence[str]) -> str:
    """One line of a Markdown table whose columns are not aligned."""
    return f"| {' | '.join(cells)} |"


def _ruled(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(head, *lines, strict=True)]
    ruled = [head, ["-" * width for width in widths], *lines]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in ruled
    )


def _stress_line(found: Mapping[str, Any]) -> str:
    mean, worst = _cell(found["mean_loss_db"]), _cell(found["worst_loss_db"])
    ends = f"{found['refused_share']:.1%} refused, {found['crashed']} crashed"
    return f"{found['folder']}: mean loss under stress {mean} dB, worst {worst} dB ({found['worst']}), {ends}"


def _understood(group: Mapping[str, Any]) -> list[str]:
    cells = [_cell(group["agreement"].get(name)) for name in _AGREEMENT]
    return [group["folder"], group["condition"], *cells, _cell(group["calibration"]["rank_correlation"])]


def _kind(kind: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    right = [_cell(kind["agreement"].get(name)) for name in ("layout_right", "names_right")]
    return [
        kind["what"],
        kind["kind"],
        str(kind["pages"]),
        str(kind["read"]),
        *(_cell(kind["metrics"][n]) for n in names),
        *right,
    ]


def _certainty(group: Mapping[str, Any], step: Mapping[str, Any]) -> list[str]:
    low, high = step["confidence"]
    shares = [f"{step[name]:.1%}" for name in ("share", "stated", "within")]
    return [
        group["folder"],
        group["condition"],
        f"{low:g}-{high:g}",
        *shares,
        _cell(step["median_uv"]),
        _cell(step["p90_uv"]),
    ]


def _cause(group: Mapping[str, Any], cause: str, pages: Sequence[str]) -> list[str]:
    return [group["folder"], group["condition"], cause, str(len(pages)), " ".join(pages)]


def _counts(group: Mapping[str, Any]) -> list[str]:
    return [str(group[key]) for key in ("folder", "condition", "pages", "read", "refused", "crashed")]


def _figures(group: Mapping[str, Any]) -> list[str]:
    figures = [_cell(group["metrics"][name]) for name in _FIGURES]
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
