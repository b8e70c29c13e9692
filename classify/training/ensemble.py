"""Join trained networks into one: `python -m classify.training.ensemble --checkpoints a.pth b.pth`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify.tasks import TASKS

if TYPE_CHECKING:
    from classify.recipe import DataSettings, Recipe


def join(checkpoints: Sequence[Path], output: Path, task: str = "") -> Path:
    """A checkpoint whose network averages the logits of these, for the labels of `task` (default: the first one's).

    The networks must share the time grid; one that sees no amplitudes, or no masks, is given only what it knows, and of
    one that was trained on a wider task only the labels that are asked for are kept.
    Weights are chosen by `classify.training.calibrate` from the result, as from any other checkpoint.
    """
    from classify.recipe import Recipe
    from ecg.fit import checkpoint
    from ecg.fit.recipe import from_dict, to_dict

    states = [checkpoint.load(path) for path in checkpoints]
    recipes = [from_dict(Recipe, state["recipe"]) for state in states]
    task = task or recipes[0].task
    widest = max(recipes, key=lambda recipe: recipe.channels)
    for path, recipe in zip(checkpoints, recipes, strict=True):
        _check_inputs(path, recipe.data, widest.data)
    members = [_member(*each, task) for each in zip(checkpoints, recipes, states, strict=True)]
    weights = {
        f"members.{number}.{name}": value
        for number, state in enumerate(states)
        for name, value in checkpoint.weights(state).items()
    }
    net = {"name": "ensemble", "options": {"members": members}}
    recipe_of_all = {**to_dict(widest), "task": task, "net": net}
    together = {"recipe": recipe_of_all, "model": weights, "ema": {}, "best_epoch": None, "best_metric": None}
    joined = {**states[0], **together}
    checkpoint.save(output, {key: value for key, value in joined.items() if key != "format"})
    return output


def _check_inputs(path: Path, data: DataSettings, widest: DataSettings) -> None:
    """Channels stand in the order signal, masks, amplitudes: a member may lack only the last ones."""
    shared = ("fs_hz", "preparation", "from_usual")
    if any(getattr(data, name) != getattr(widest, name) for name in shared):
        raise ValueError(f"{path}: sees other inputs than the rest; members share {', '.join(shared)}")
    if data.amplitude_channels and data.mask_channels != widest.mask_channels:
        raise ValueError(f"{path}: has amplitude channels, but not the mask channels of the others")


def _member(path: Path, recipe: Recipe, state: Mapping[str, Any], task: str) -> dict[str, Any]:
    """What `classify.nets.ensemble` needs to know of a network, and how it was trained."""
    from classify.labels import columns
    from ecg.fit.recipe import to_dict

    outputs, wanted = columns(TASKS[recipe.task].groups), columns(TASKS[task].groups)
    missing = [name for group, name in wanted if (group, name) not in outputs]
    if missing:
        raise ValueError(f"{path}: trained on task {recipe.task!r}, which has no label {', '.join(missing)}")
    place = {"channels": recipe.channels, "columns": [outputs.index(pair) for pair in wanted]}
    known = to_dict(recipe)
    trained = {key: known[key] for key in ("task", "data", "loss", "fit")}
    trained |= {"best_epoch": state["best_epoch"], "validation_score": state["best_metric"]}
    return {
        "name": recipe.net.name,
        "options": recipe.net.options,
        "outputs": len(outputs),
        **place,
        "trained": trained,
    }


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m classify.training.ensemble", description="Join trained networks into one."
    )
    p.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="best.pth of training runs")
    p.add_argument("--task", choices=sorted(TASKS), default="", help="whose labels to keep (default: the first one's)")
    p.add_argument(
        "--output", type=Path, required=True, help="the checkpoint to write"
    )
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        written = join(args.checkpoints, args.output, args.task)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{written}: {len(args.checkpoints)} networks as one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
