"""What each head is worth: the same network trained with all of its heads, and with one less at a time."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from ecg.cli import add_data, add_output, add_page_folder, add_recipe, add_start, command_parser, entry
from ecg.files import write_text
from ecg.markdown import table as markdown_table

if TYPE_CHECKING:
    from digitize.training.datasets import Source
    from digitize.training.recipe import PassRecipe

ALL = "none"  # the head that is dropped from the whole recipe
_FIGURES = {
    "seg_loss": "seg loss", "grid_loss": "grid loss", "baseline_loss": "baseline loss", "theta_loss": "theta loss",
    "signal_loss": "signal loss", "pearson": "Pearson r", "error_px": "median error, px", "error_p95_px": "95 %, px",
}  # fmt: skip


class _MadeBy(TypedDict):
    """The recipe and the start that made a result."""

    recipe: dict[str, object]
    start: str | None


class Row(_MadeBy):
    """A training without one head, and how it did on held-out pages."""

    dropped: str
    steps: int
    measures: dict[str, float]


def ablate(
    recipe: PassRecipe, source: Source, output: Path, heads: Sequence[str] = (), start: Path | None = None
) -> list[Row]:
    """Train with all heads and without each of `heads` (default: every one), from the same start on the same pages.

    `start` names weights to begin with, as in `digitize.train`. Writes a run folder and a JSON for each, ablation.json
    and ablation.md to `output`; what is there already, made by the same recipe from the same start, is not trained
    again. Raises ValueError for a head that the recipe has not.
    """
    rows: list[Row] = []
    for dropped, shown in variants(recipe, heads):
        rows.append(_known(dropped, shown, output, start) or _trained(dropped, shown, source, output, start))
        write_text(output / "ablation.json", json.dumps(rows, indent=2) + "\n")
        write_text(output / "ablation.md", table(rows) + "\n")
    return rows


def variants(recipe: PassRecipe, heads: Sequence[str] = ()) -> Iterator[tuple[str, PassRecipe]]:
    """(the dropped head, the recipe without it), the whole recipe first."""
    unknown = sorted(set(heads) - set(recipe.net.heads))
    if unknown:
        raise ValueError(f"the recipe has no head {', '.join(unknown)}: expected some of {', '.join(recipe.net.heads)}")
    yield ALL, recipe
    for dropped in heads or recipe.net.heads:
        left = tuple(name for name in recipe.net.heads if name != dropped)
        yield dropped, replace(recipe, net=replace(recipe.net, heads=left))


def table(rows: Sequence[Row]) -> str:
    """Markdown: a line for each dropped head, with every measure of the heads that are left."""
    shown = [name for name in _FIGURES if any(name in row["measures"] for row in rows)]
    figures = [[f"{row['measures'][name]:.3f}" if name in row["measures"] else "-" for name in shown] for row in rows]
    head = ["dropped", "steps", *(_FIGURES[name] for name in shown)]
    return markdown_table(
        head, [[row["dropped"], str(row["steps"]), *cells] for row, cells in zip(rows, figures, strict=True)]
    )


def _trained(dropped: str, recipe: PassRecipe, source: Source, output: Path, start: Path | None) -> Row:
    from digitize.training.datasets import held_out_pages
    from digitize.training.trainer import build, train
    from digitize.training.validation import Validation
    from ecg.fit.checkpoint import load, weights

    result = train(recipe, source, output / "runs", start=start)
    net = build(recipe)
    net.load_state_dict(weights(load(result.best)))
    measures = Validation(held_out_pages(recipe, source), recipe)(net.eval())
    row = Row(**_made_by(recipe, start), dropped=dropped, steps=result.steps, measures=measures)
    write_text(_path(dropped, output), json.dumps(row, indent=2) + "\n")
    return row


def _known(dropped: str, recipe: PassRecipe, output: Path, start: Path | None) -> Row | None:
    """The result that lies there, if this very recipe made it from this start."""
    path = _path(dropped, output)
    if not path.is_file():
        return None
    row: Row = json.loads(path.read_text())
    made_by = json.loads(json.dumps(_made_by(recipe, start)))
    return row if {key: row.get(key) for key in made_by} == made_by else None


def _made_by(recipe: PassRecipe, start: Path | None) -> _MadeBy:
    from ecg.fit.recipe import to_dict

    return _MadeBy(recipe=to_dict(recipe), start=start.name if start else None)


def _path(dropped: str, output: Path) -> Path:
    return output / f"without_{dropped}.json"


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.studies.head_ablation")
    add_recipe(made, "configs/whole_page.yaml")
    made.add_argument("--heads", nargs="+", default=[], help="drop only these, one at a time (default: every head)")
    add_page_folder(made)
    made.add_argument("--cache_dir", type=Path, help="keep the prepared pages of --sim_root in this folder")
    add_start(made)
    add_data(made)
    add_output(made, "experiments/ablation", "where results and runs go")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when measured, 1 when a file cannot be read or written, 2 for a wrong command."""
    from digitize.training.datasets import Source
    from digitize.training.recipe import load_pass_recipe

    source = Source(options.sim_root, options.csv_root, options.data, cache_dir=options.cache_dir)
    recipe = load_pass_recipe(options.config, options.changes)
    print(table(ablate(recipe, source, options.output, options.heads, options.start)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
