"""One run of a comparison: a network trained for its budget and measured on the test records."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from classify.arrays import Arrays
    from classify.recipe import Recipe

_TIMED = 8


def trial(
    run: str, recipe: Recipe, data: Path | None, output: Path, budget_s: float, over: tuple[str, ...]
) -> dict[str, Any]:
    """Everything that the table says of a run, with its whole recipe."""
    from classify.tasks import TASKS
    from classify.train import load_arrays, train
    from classify.trial_figures import exclusive_figures, group_figures, prior_bias
    from ecg.fit import checkpoint
    from ecg.fit.recipe import to_dict

    arrays, plain = load_arrays(recipe, data), to_dict(recipe)
    shown = within(recipe, arrays, budget_s) if budget_s else recipe
    result = train(shown, data, output)
    net = _network(shown, arrays)
    net.load_state_dict(checkpoint.weights(checkpoint.load(result.best)))
    said = {part: _logits(net.eval(), arrays.of(part), recipe) for part in ("validation", "test")}
    target = {part: arrays.of(part).targets for part in said}
    if TASKS[recipe.task].exclusive:
        bias = prior_bias(said["validation"], target["validation"], arrays.of("train").targets, recipe.data.balanced)
        figures = exclusive_figures(said["test"] + bias, target["test"], TASKS[recipe.task], over)
    else:
        figures = group_figures(said["test"], target["test"], TASKS[recipe.task])
    seconds, epochs = _pace(result.best, recipe, shown, arrays)
    return {
        "run": run, "recipe": plain, "budget_s": budget_s, "records": len(target["test"]),
        "parameters": sum(p.numel() for p in net.parameters() if p.requires_grad),
        "seconds_per_epoch": seconds / epochs, "epochs": epochs, "best_epoch": result.best_epoch,
        "checkpoint": str(result.best), "test": figures, "inference_ms": inference_ms(net, arrays, recipe),
    }  # fmt: skip


def within(recipe: Recipe, arrays: Arrays, budget_s: float) -> Recipe:
    """The recipe with as many epochs, or as much of a single one, as one thread gets through in the budget."""
    whole = recipe.data.draws or len(arrays.of("train"))
    examples = int(budget_s * _examples_per_s(recipe, arrays))
    if examples >= whole:
        return replace(recipe, fit=replace(recipe.fit, epochs=round(examples / whole)))
    batch = recipe.fit.batch_size
    draws = max(examples // batch, 1) * batch
    return replace(recipe, fit=replace(recipe.fit, epochs=1), data=replace(recipe.data, draws=draws))


def _examples_per_s(recipe: Recipe, arrays: Arrays) -> float:
    """How fast this network is trained here, from two steps after a first."""
    import torch

    from classify.data import TrainingSet
    from classify.losses import Loss
    from classify.tasks import TASKS
    from ecg.fit.precision import autocast_for

    torch.set_num_threads(recipe.fit.threads or torch.get_num_threads())
    dataset = TrainingSet(arrays.of("train"), recipe.fit.seed, recipe.data)
    net, loss = _network(recipe, arrays), Loss(recipe.loss, dataset.arrays.targets, TASKS[recipe.task].exclusive)
    amp, size, started = autocast_for(recipe.fit.amp, torch.device("cpu")), recipe.fit.batch_size, 0.0
    for step in range(3):
        started = started if step > 1 else time.monotonic()
        batch = torch.utils.data.default_collate(
            [dataset[i % len(dataset)] for i in range(step * size, (step + 1) * size)]
        )
        with amp():
            total = loss(net, batch)["total"]
        total.backward()
    return 2 * size / (time.monotonic() - started)


def _network(recipe: Recipe, arrays: Arrays) -> Any:
    from classify.nets import build

    labels, samples = arrays.targets.shape[1], arrays.signal.shape[2]
    return build(recipe.net.name, labels, recipe.channels, samples, recipe.net.options)


def _logits(net: Any, arrays: Arrays, recipe: Recipe) -> np.ndarray:
    from classify.data import fixed_inputs
    from classify.train import predict

    said: np.ndarray = predict(net, *fixed_inputs(arrays, "full", recipe.data))
    return said


def _pace(best: Path, recipe: Recipe, shown: Recipe, arrays: Arrays) -> tuple[float, float]:
    """(seconds of training, epochs) of a run; of an epoch that was cut short its part."""
    lines = (best.parent.parent / "metrics.jsonl").read_text().splitlines()
    whole = recipe.data.draws or len(arrays.of("train"))
    part = (shown.data.draws or whole) / whole
    return sum(json.loads(line)["seconds"] for line in lines), part * len(lines)


def inference_ms(net: Any, arrays: Arrays, recipe: Recipe) -> float:
    """Median time for one prepared record alone."""
    from classify.data import fixed_inputs
    from classify.train import predict

    few = arrays.where(np.arange(min(_TIMED, len(arrays))))
    signal, features = fixed_inputs(few, "full", recipe.data)
    times = []
    for k in range(len(few)):
        started = time.monotonic()
        predict(net, signal[k : k + 1], features[k : k + 1])
        times.append(time.monotonic() - started)
    return 1000 * float(np.median(times))
