"""A run on one page: what was run, how it went, and its curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ecg.files import JsonMapping
from ecg.fit.run_folder import RunFolder
from ecg.formats import atomic_path, write_text

Row = JsonMapping
CURVES = "curves.png"
_ACROSS = 4
_STYLES = {"train": "C0.-", "val": "C1.--"}


def write_summary(run: RunFolder) -> Path:
    """Write summary.md and curves.png from what the run left; gives the summary's path."""
    rows, recipe = run.rows(), run.recipe()
    path = run.path / "summary.md"
    write_text(path, "\n".join([f"# {run.path.name}", "", *_result(rows, recipe), *_starts(run.starts())]) + "\n")
    if rows:
        with atomic_path(run.path / CURVES) as temporary:
            _curves(rows).savefig(temporary, dpi=110)
    return path


def best_row(rows: Sequence[Row], recipe: JsonMapping) -> Row:
    """The epoch whose weights are in best.pth."""
    fit = recipe["fit"]
    judged = [row for row in rows if row["val"].get(fit["best_metric"]) is not None]
    if not judged:
        return rows[-1]
    pick = max if fit["best_mode"] == "max" else min
    return pick(judged, key=lambda row: row["val"][fit["best_metric"]])


def _result(rows: Sequence[Row], recipe: JsonMapping) -> list[str]:
    if not rows:
        return ["No epoch was finished.", ""]
    best, last = best_row(rows, recipe), rows[-1]
    names = {"first": rows[0], "best": best, "last": last}
    spent_s = sum(row["seconds"] for row in rows)
    said = f"{last['epoch']} epochs, {last['step']} steps, {spent_s / 60:.1f} minutes of training"
    lines = [f"{said}; best by `{recipe['fit']['best_metric'] or 'newest'}`.", "", f"![curves]({CURVES})", ""]
    lines += ["| | " + " | ".join(f"{name} (epoch {row['epoch']})" for name, row in names.items()) + " |"]
    lines += ["|---|" + "---|" * len(names)]
    for part in ("train", "val"):
        for key in last[part]:
            cells = " | ".join(_number(row[part].get(key)) for row in names.values())
            lines.append(f"| {part} {key} | {cells} |")
    return [*lines, ""]


def _starts(starts: Sequence[Row]) -> list[str]:
    lines = ["## Starts", ""]
    for start in starts:
        lines += [
            f"- {start['time']}, after {start['after_epoch']} epochs, seed {start['seed']}, "
            f"{start['processes']} process(es), {start['machine']}, Python {start['python']}, "
            f"torch {start['packages']['torch']}, code {start['git'] or 'outside git'}",
            f"  `{start['command']}`",
        ]
    return [*lines, "", "All package versions are in `starts.jsonl`, the whole recipe in `config.json`."]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _curves(rows: Sequence[Row]) -> Figure:
    """A panel for every loss (training and validation together), every metric, the rate and the time."""
    panels = _panels(rows)
    tall = -(-len(panels) // _ACROSS)
    figure = Figure(figsize=(3.6 * _ACROSS, 2.6 * tall))
    figure.subplots_adjust(0.05, 0.12 / tall, 0.98, 1 - 0.12 / tall, wspace=0.25, hspace=0.35)
    for number, (name, lines) in enumerate(panels.items(), start=1):
        view = figure.add_subplot(tall, _ACROSS, number)
        for label, values in lines.items():
            view.plot([row["epoch"] for row in rows], values, _STYLES[label], label=label, linewidth=1)
        view.set_title(name, fontsize=9)
        view.tick_params(labelsize=7)
        view.grid(alpha=0.3)
        if len(lines) > 1:
            view.legend(fontsize=7)
    return figure


def _panels(rows: Sequence[Row]) -> dict[str, dict[str, list[float]]]:
    """Panel -> line -> one value per epoch; NaN where there is none."""
    panels: dict[str, dict[str, list[float]]] = {}
    for part in ("train", "val"):
        for key in rows[-1][part]:
            lines = panels.setdefault(f"{key}_loss" if part == "train" else key, {})
            lines[part] = [_nan(row[part].get(key)) for row in rows]
    for key in ("lr", "seconds"):
        panels[key] = {"train": [_nan(row.get(key)) for row in rows]}
    return panels


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value
