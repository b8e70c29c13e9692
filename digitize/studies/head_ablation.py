"""What each head is worth: the same network trained with all of its heads, and with one less at a time."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitize.evaluation.report import line
from ecg.cli import add_data, run

if TYPE_CHECKING:
    from digitize.training.datasets import Source
    from digitize.training.recipe import PassRecipe

ALL = "none"
_FIGURES = {
    "seg_loss": "seg loss", "grid_loss": "grid loss", "baseline_loss": "baseline loss", "theta_loss": "theta loss",
    "signal_loss": "signal loss", "pearson": "Pearson r", "error_px": "median error, px", "error_p95_px": "95 %, px",
}  # fmt: skip


def ablate(
    recipe: PassRecipe, source: Source, output: Path, heads: Sequence[str] = (), start: Path | None = None
) -> list[dict[str, Any]]:
    """Train with all heads and without each of `heads` (default: every one), from the same start on the same pages.

    `start` names weights to begin with, as in `digitize.train`. Writes a run folder and a JSON for each, ablation.json
    and ablation.md to `output`; what is there already, made by the same recipe from the same start, is not trained
    again. Raises ValueError for a head that the recipe has not.
    """
    from ecg.formats import write_text

    rows: list[dict[str, Any]] = []
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


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: a line for each dropped head, with every measure of the heads that are left."""
    shown = [name for name in _FIGURES if any(name in row["measures"] for row in rows)]
    lines = [line(["dropped", "steps", *(_FIGURES[name] for name in shown)]), line(["---"] * (len(shown) + 2))]
    for row in rows:
        measures = row["measures"]
        said = [f"{measures[name]:.3f}" if name in measures else "-" for name in shown]
        lines.append(line([row["dropped"], str(row["steps"]), *said]))
    return "\n".join(lines)


def _trained(dropped: str, recipe: PassRecipe, source: Source, output: Path, start: Path | None) -> dict[str, Any]:
    from digitize.train import build, train
    from digitize.training.datasets import held_out_pages
    from digitize.training.validation import Validation
    from ecg.fit.checkpoint import load, weights
    from ecg.formats import write_text

    result = train(recipe, source, output / "runs", start=start)
    net = build(recipe)
    net.load_state_dict(weights(load(result.best)))
    measures = Validation(held_out_pages(recipe, source.data), recipe)(net.eval())
    row = {**_made_by(recipe, start), "dropped": dropped, "steps": result.steps, "measures": measures}
    write_text(_path(dropped, output), json.dumps(row, indent=2) + "\n")
    return row


def _known(dropped: str, recipe: PassRecipe, output: Path, start: Path | None) -> dict[str, Any] | None:
    """The result that lies there, if this very recipe made it from this start."""
    path = _path(dropped, output)
    row: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    made_by = json.loads(json.dumps(_made_by(recipe, start)))
    return row if {key: row.get(key) for key in made_by} == made_by else None


def _made_by(recipe: PassRecipe, start: Path | None) -> dict[str, Any]:
    from ecg.fit.recipe import to_dict

    return {"recipe": to_dict(recipe), "start": start.name if start else None}


def _path(dropped: str, output: Path) -> Path:
    return output / f"without_{dropped}.json"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m digitize.studies.head_ablation", description=__doc__)
    made.add_argument("--config", default="configs/whole_page.yaml", help="recipe (default: configs/whole_page.yaml)")
    made.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    made.add_argument("--heads", nargs="+", default=[], help="drop only these, one at a time (default: every head)")
    made.add_argument("--sim_root", type=Path, help="folder of simulated pages (default: drawn as it goes)")
    made.add_argument("--start", type=Path, help="begin with these weights: a checkpoint or a shipped .safetensors")
    made.add_argument("--cache_dir", type=Path, help="keep the prepared pages of --sim_root in this folder")
    add_data(made)
    made.add_argument("--output", type=Path, default=Path("experiments/ablation"), help="where results and runs go")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """0 when measured, 1 when a file cannot be read or written, 2 for a wrong command."""
    return run(parser(), argv, _ablate_and_tell)


def _ablate_and_tell(
    config: str,
    changes: Sequence[str],
    heads: Sequence[str],
    sim_root: Path | None,
    start: Path | None,
    cache_dir: Path | None,
    data: Path | None,
    output: Path,
) -> int:
    from digitize.training.datasets import Source
    from digitize.training.recipe import load_pass_recipe

    source = Source(sim_root=sim_root, data=data, cache_dir=cache_dir)
    print(table(ablate(load_pass_recipe(config, changes), source, output, heads, start)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
