"""Train and measure many networks alike: `python -m classify.evaluation.comparison --list LIST.yaml`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classify.recipe import Recipe


@dataclass(frozen=True)
class Comparison:
    """What is compared: every run is the common recipe with its own changes, on every task.

    A run is named by its network unless it says `net.name`. `seconds` is the time that each may train, on one thread
    (0: as long as the recipe says); `over` names the labels of one more mean F1.
    """

    tasks: tuple[str, ...]
    recipe: dict[str, Any]
    runs: dict[str, dict[str, Any]]
    seconds: float = 0.0
    over: tuple[str, ...] = ()

    def recipes(self) -> Iterator[tuple[str, Recipe]]:
        """(run, recipe) in the order of the list, task by task."""
        from classify.recipe import Recipe
        from ecg.fit.recipe import RecipeError, from_dict

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
    rows: list[dict[str, Any]] = field(default_factory=list)

    def known(self, run: str, recipe: Mapping[str, Any], seconds: float) -> dict[str, Any] | None:
        """The result of this run, if it was made by this very recipe and budget."""
        path = self._path(run, recipe["task"])
        if not path.is_file():
            return None
        row: dict[str, Any] = json.loads(path.read_text())
        return row if (row["recipe"], row["budget_s"]) == (json.loads(json.dumps(recipe)), seconds) else None

    def keep(self, row: dict[str, Any]) -> None:
        from ecg.formats import write_text

        write_text(self._path(row["run"], row["recipe"]["task"]), json.dumps(row, indent=2) + "\n")

    def _path(self, run: str, task: str) -> Path:
        return self.folder / task / f"{run.replace('/', '_').replace(' ', '_')}.json"


def compare(wanted: Comparison, data: Path | None, output: Path) -> list[dict[str, Any]]:
    """Train and measure what is not measured yet; writes one JSON per run, comparison.json and comparison.md."""
    from tqdm import tqdm

    from classify.evaluation.comparison_run import trial
    from ecg.fit.recipe import to_dict
    from ecg.formats import write_text

    results = Results(output)
    listed = list(wanted.recipes())
    for run, recipe in tqdm(listed, desc="networks", file=sys.stderr):
        row = results.known(run, to_dict(recipe), wanted.seconds)
        if row is None:
            row = trial(run, recipe, data, output / "runs", wanted.seconds, wanted.over)
            results.keep(row)
        results.rows.append(row)
        write_text(output / "comparison.json", json.dumps(results.rows, indent=2) + "\n")
        write_text(output / "comparison.md", as_markdown(results.rows))
    return results.rows


def as_markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """One table per task: size, time, what heads the task, per class where labels exclude each other."""
    lines: list[str] = []
    for task in dict.fromkeys(row["recipe"]["task"] for row in rows):
        mine = [row for row in rows if row["recipe"]["task"] == task]
        figures = list(mine[0]["test"])
        heads = ["network", "parameters", "CPU s per epoch", "epochs", *figures, "CPU ms per record"]
        lines += [f"{task}, {mine[0]['records']} test records", "", _line(heads), _line(["---"] * len(heads))]
        for row in mine:
            size, pace = f"{row['parameters']:,}", f"{row['seconds_per_epoch']:.0f}"
            said = [row["test"][name] for name in figures]
            lines.append(_line([row["run"], size, pace, f"{row['epochs']:.2g}", *said, f"{row['inference_ms']:.1f}"]))
        lines.append("")
    return "\n".join(lines)


def read_list(path: Path) -> Comparison:
    """A comparison from YAML; an unknown key is an error that suggests the nearest."""
    from ecg.fit.recipe import load

    return load(Comparison, path)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Nested mappings on top of each other; a later value wins."""
    out: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            below = out.get(key)
            out[key] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return out


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m classify.evaluation.comparison", description="Train and measure networks alike."
    )
    p.add_argument("--list", type=Path, required=True, help="YAML with tasks, the common recipe and the runs")
    p.add_argument("--data", type=Path, help="folder with the tasks' collections (default: simulated records)")
    p.add_argument("--output", type=Path, default=Path("experiments/comparison"), help="where results and tables go")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    from ecg.fit.errors import FitError

    try:
        rows = compare(read_list(args.list), args.data, args.output)
    except (OSError, ValueError, FitError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(as_markdown(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
