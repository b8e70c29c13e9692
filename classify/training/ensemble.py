"""Several trained networks joined into one checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from classify.labels import columns
from classify.recipe import Recipe
from classify.signal.settings import DataSettings
from classify.tasks import TASKS
from ecg.files import InputError
from ecg.fit import checkpoint
from ecg.fit.recipe import from_dict, to_dict


def join(checkpoints: Sequence[Path], output: Path, task: str = "") -> Path:
    """A checkpoint whose network averages the logits of these, for the labels of `task` (default: the first one's).

    The networks must share the time grid; one that sees no amplitudes, or no masks, is given only what it knows, and of
    one that was trained on a wider task only the labels that are asked for are kept.
    Weights are chosen by `classify.calibrate` from the result, as from any other checkpoint.
    """
    states = [checkpoint.load(path) for path in checkpoints]
    recipes = [from_dict(Recipe, state["recipe"]) for state in states]
    task = task or recipes[0].task
    widest = max(recipes, key=lambda recipe: recipe.channels)
    for path, recipe in zip(checkpoints, recipes, strict=True):
        _check_inputs(path, recipe.data, widest.data)
    members = []
    for path, recipe, state in zip(checkpoints, recipes, states, strict=True):
        history = {"best_epoch": state["best_epoch"], "validation_score": state["best_metric"]}
        members.append(_member(path, recipe, history, task))
    weights = {
        f"members.{number}.{name}": value
        for number, state in enumerate(states)
        for name, value in checkpoint.weights(state).items()
    }
    net = {"name": "ensemble", "options": {"members": members}}
    recipe_of_all = {**to_dict(widest), "task": task, "net": net}
    joined = {
        **states[0], "recipe": recipe_of_all, "model": weights, "ema": {}, "best_epoch": None, "best_metric": None,
    }  # fmt: skip
    checkpoint.save(output, {key: value for key, value in joined.items() if key != "format"})
    return output


def _check_inputs(path: Path, data: DataSettings, widest: DataSettings) -> None:
    """Channels stand in the order signal, masks, amplitudes: a member may lack only the last ones."""
    shared = ("fs_hz", "preparation", "from_usual")
    if any(getattr(data, name) != getattr(widest, name) for name in shared):
        raise InputError(f"{path}: sees other inputs than the rest; members share {', '.join(shared)}")
    if data.amplitude_channels and data.mask_channels != widest.mask_channels:
        raise InputError(f"{path}: has amplitude channels, but not the mask channels of the others")


def _member(path: Path, recipe: Recipe, history: Mapping[str, object], task: str) -> dict[str, object]:
    """What `classify.nets.ensemble` needs to know of a network, and how it was trained."""
    outputs, wanted = columns(TASKS[recipe.task].groups), columns(TASKS[task].groups)
    missing = [name for group, name in wanted if (group, name) not in outputs]
    if missing:
        raise InputError(f"{path}: trained on task {recipe.task!r}, which has no label {', '.join(missing)}")
    settings = to_dict(recipe)
    return {
        "name": recipe.net.name,
        "options": recipe.net.options,
        "outputs": len(outputs),
        "channels": recipe.channels,
        "columns": [outputs.index(pair) for pair in wanted],
        "trained": {**{key: settings[key] for key in ("task", "data", "loss", "fit")}, **history},
    }
