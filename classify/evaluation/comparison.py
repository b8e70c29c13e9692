"""Many networks trained and measured alike."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tqdm import tqdm

from classify.evaluation.comparison_run import Row, trial
from classify.recipe import Recipe
from ecg.fit.recipe import RecipeError, from_dict, load, to_dict
from ecg.formats import write_text
from ecg.markdown import table


@dataclass(frozen=True)
class Comparison:
    """What is compared: every run is the common recipe with its own changes, on every task.

    A run is named by its network unless its changes set `net.name`. `seconds` is the time that each may train, on one
    thread (0: as long as the recipe asks for); `over` names the labels of one more mean F1.
    """

    tasks: tuple[str, ...]
    recipe: dict[str, Any]
    runs: dict[str, dict[str, Any]]
    seconds: float = 0.0
    over: tuple[str, ...] = ()

    def recipes(self) -> Iterator[tuple[str, Recipe]]:
        """(run, recipe) in the order of the list, task by task."""
        for task in self.tasks:
            for run, changes in self.runs.items():
                try:
                    yield run, from_dict(Recipe, _merged({"task": task, "net": {"name": run}}, self.recipe, changes))
                except RecipeError as error:
                    raise ValueError(f"run {run!r}: {error}") from error


@dataclass
class Results:
    """The measured runs of a folder, one JSON file each, so that a broken comparison goes on where it stopped."""

    folder: Path
    rows: list[Row] = field(default_factory=list)

    def known(self, run: str, recipe: Recipe, seconds: float) -> Row | None:
        """The result of this run, if it was made by this very recipe and budget."""
        path = self._path(run, recipe.task)
        if not path.is_file():
            return None
        row = cast(Row, json.loads(path.read_text()))
        return row if (row["recipe"], row["budget_s"]) == (json.loads(json.dumps(to_dict(recipe))), seconds) else None

    def keep(self, row: Row) -> None:
        write_text(self._path(row["run"], row["recipe"]["task"]), json.dumps(row, indent=2) + "\n")

    def _path(self, run: str, task: str) -> Path:
        return self.folder / task / f"{run.replace('/', '_').replace(' ', '_')}.json"


def compare(wanted: Comparison, data: Path | None, output: Path) -> list[Row]:
    """Train and measure what is not measured yet; writes one JSON per run, comparison.json and comparison.md."""
    results = Results(output)
    for run, recipe in tqdm(list(wanted.recipes()), desc="networks", file=sys.stderr):
        row = results.known(run, recipe, wanted.seconds)
        if row is None:
            row = trial(run, recipe, data, output / "runs", wanted.seconds, wanted.over)
            results.keep(row)
        results.rows.append(row)
        write_text(output / "comparison.json", json.dumps(results.rows, indent=2) + "\n")
        write_text(output / "comparison.md", as_markdown(results.rows))
    return results.rows


def as_markdown(rows: Sequence[Row]) -> str:
    """One table per task: size, time, what heads the task, per class where labels exclude each other."""
    lines: list[str] = []
    for task in dict.fromkeys(row["recipe"]["task"] for row in rows):
        own = [row for row in rows if row["recipe"]["task"] == task]
        figures = list(own[0]["test"])
        head = ["network", "parameters", "CPU s per epoch", "epochs", *figures, "CPU ms per record"]
        cells = [
            [row["run"], f"{row['parameters']:,}", f"{row['seconds_per_epoch']:.0f}", f"{row['epochs']:.2g}",
             *(row["test"][name] for name in figures), f"{row['inference_ms']:.1f}"]
            for row in own
        ]  # fmt: skip
        lines += [f"{task}, {own[0]['records']} test records", "", table(head, cells), ""]
    return "\n".join(lines)


def read_list(path: Path) -> Comparison:
    """A comparison from YAML; an unknown key is an error that suggests the nearest."""
    return load(Comparison, path)


def _merged(*layers: Mapping[str, object]) -> dict[str, object]:
    """Nested mappings on top of each other; a later value wins."""
    out: dict[str, object] = {}
    for layer in layers:
        for key, value in layer.items():
            below = out.get(key)
            out[key] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return out
