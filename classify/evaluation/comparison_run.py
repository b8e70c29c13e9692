"""One run of a comparison: a network trained for its budget and measured on the test records."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from torch import nn
from torch.utils.data import default_collate

from classify.datasets.arrays import Arrays
from classify.datasets.collect import load_arrays
from classify.evaluation.comparison_metrics import exclusive_figures, group_decisions, group_figures
from classify.evaluation.decisions import decision_figures
from classify.labels import columns
from classify.nets.layers import trainable_parameters
from classify.nets.predict import predict
from classify.recipe import Recipe
from classify.tasks import TASKS
from classify.training.inputs import part_inputs
from classify.training.label_prior import prior_bias
from classify.training.trainer import fit_task, train
from ecg.fit import checkpoint
from ecg.fit.allocator import keep_freed
from ecg.fit.device import autocast_for
from ecg.fit.recipe import to_dict

_TIMED_RECORDS = 8


class Row(TypedDict):
    """A run as the table shows it, with its whole recipe."""

    run: str
    recipe: dict[str, Any]
    budget_s: float
    records: int
    parameters: int
    seconds_per_epoch: float
    epochs: float
    best_epoch: int
    checkpoint: str
    test: dict[str, str]
    inference_ms: float


def trial(run: str, recipe: Recipe, data: Path | None, output: Path, budget_s: float, over: tuple[str, ...]) -> Row:
    """Train a run for `budget_s` seconds of one core (0: as long as its recipe says) and measure it.

    `over` names the labels of one more mean F1.
    """
    arrays = load_arrays(recipe, data)
    net, rate = training_rate(recipe, arrays)
    whole = recipe.data.draws or int((arrays.part == "train").sum())
    affordable = within(recipe, whole, int(budget_s * rate)) if budget_s else recipe
    result = train(affordable, data, output)
    net.load_state_dict(checkpoint.weights(checkpoint.load(result.best)))
    return {
        "run": run, "recipe": to_dict(recipe), "budget_s": budget_s, "records": int((arrays.part == "test").sum()),
        "parameters": trainable_parameters(net),
        "seconds_per_epoch": whole / rate, "epochs": result.epochs * (affordable.data.draws or whole) / whole,
        "best_epoch": result.best_epoch, "checkpoint": str(result.best),
        "test": figures(net.eval(), arrays, recipe, over), "inference_ms": inference_ms(net, arrays, recipe),
    }  # fmt: skip


def training_rate(recipe: Recipe, arrays: Arrays) -> tuple[nn.Module, float]:
    """(the network, examples that it is trained on in a second of one core), from two steps after a first."""
    keep_freed()  # as training does
    torch.set_num_threads(recipe.fit.threads or torch.get_num_threads())
    task, size = fit_task(recipe, arrays), recipe.fit.batch_size
    amp, started = autocast_for(recipe.fit.amp, torch.device("cpu")), 0.0
    for step in range(3):
        started = time.process_time() if step == 1 else started
        batch = default_collate([task.dataset[(step * size + i) % len(task.dataset)] for i in range(size)])
        with amp():
            total = task.loss_fn(task.model, batch)["total"]
        total.backward()
    return task.model, 2 * size / (time.process_time() - started)


def within(recipe: Recipe, whole: int, examples: int) -> Recipe:
    """The recipe with as many epochs of `whole` examples, or as much of a single one, as `examples` allow."""
    if examples >= whole:
        return replace(recipe, fit=replace(recipe.fit, epochs=round(examples / whole)))
    draws = max(examples // recipe.fit.batch_size, 1) * recipe.fit.batch_size
    return replace(recipe, fit=replace(recipe.fit, epochs=1), data=replace(recipe.data, draws=draws))


def figures(net: nn.Module, arrays: Arrays, recipe: Recipe, over: tuple[str, ...]) -> dict[str, str]:
    """The figures of the test records by the heads of the table's columns."""
    task, target = TASKS[recipe.task], {part: arrays.of(part).targets for part in ("train", "validation", "test")}
    logits = {
        part: predict(net, part_inputs(arrays, part, recipe.data), batch_size=256) for part in ("validation", "test")
    }
    if not task.exclusive:
        groups = group_figures(logits["test"], target["test"], task)
        pairs = [(logits[part], target[part]) for part in ("validation", "test")]
        if len(task.groups) > 1:
            return groups | group_decisions(pairs[0], pairs[1], task)
        return groups | decision_figures(pairs[0], pairs[1], [name for _, name in columns(task.groups)])
    bias = prior_bias(logits["validation"], target["validation"], target["train"], recipe.data.balanced)
    return exclusive_figures(logits["test"] + bias, target["test"], task, over)


def inference_ms(net: nn.Module, arrays: Arrays, recipe: Recipe) -> float:
    """Median time of one core for one prepared record alone."""
    inputs = part_inputs(arrays, "test", recipe.data)
    times = []
    for k in range(min(_TIMED_RECORDS, len(inputs.signal))):
        started = time.process_time()
        predict(net, inputs.at(slice(k, k + 1)))
        times.append(time.process_time() - started)
    return 1000 * float(np.median(times))
