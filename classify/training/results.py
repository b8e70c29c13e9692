"""What a training came to: results.json, results.png, a report of every class, and pictures of each label group."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from classify.card import sigmoid, softmax
from classify.datasets.arrays import Arrays
from classify.explanation.attribution import penultimate
from classify.labels import columns
from classify.nets.layers import trainable_parameters
from classify.nets.predict import predict
from classify.recipe import Recipe
from classify.report.figures import save_png
from classify.scoring import metrics, plots
from classify.tasks import TASKS
from classify.training.inputs import fixed_inputs
from classify.training.label_prior import most_probable
from classify.training.validation import decisions
from ecg.files import JsonMapping, JsonObject
from ecg.fit.run_folder import RunFolder
from ecg.formats import write_text
from ecg.markdown import table

PARTS = ("train", "validation", "test")
_REPORT = ("precision", "recall", "f1")
_HISTORY = (("loss", ("total", "log_loss")), ("accuracy", ("accuracy",)), ("F1", ("macro_f1", "micro_f1")))
_NAMED = 24  # more classes cannot be read beside each other


def write_results(run: RunFolder, recipe: Recipe, arrays: Arrays, net: nn.Module) -> Path:
    """Measure a network on the test recordings, or on those that validated where there are none; gives results.json.

    Recordings are seen whole; the largest logit decides, or each above zero: `classify.calibrate` chooses thresholds.
    """
    part = "test" if (arrays.part == "test").any() else "validation"
    shown, task = arrays.of(part), TASKS[recipe.task]
    with penultimate(net) as inner:
        logits = predict(net, fixed_inputs(shown, "full", recipe.data))
    place, folder, groups = plots.embed(np.concatenate(inner)), run.path / "results", dict[str, JsonObject]()
    for group in task.groups:
        own = [k for k, (name, _) in enumerate(columns(task.groups)) if name == group]
        names, z, target = [columns(task.groups)[k][1] for k in own], logits[:, own], shown.targets[:, own]
        predicted = most_probable(z) if task.exclusive else z > 0
        groups[group] = _of_group(names, z, predicted, target, task.exclusive)
        probability = softmax(z) if task.exclusive else sigmoid(z)
        for kind, figure in (
            ("classes", class_histogram(arrays, own, names)),
            ("confusion", plots.confusion(predicted, target, names)),
            ("curves", plots.curves(probability, target, names)),
            ("tsne", plots.tsne(place, target[: len(place)], names)),
        ):
            save_png(figure, folder / f"{group}_{kind}.png")
    history = run.rows()
    result = {
        "config": run.recipe(),
        "samples": {name: int((arrays.part == name).sum()) for name in PARTS},
        "part": part,
        "parameters": trainable_parameters(net),
        "groups": groups,
        "history": history,
    }
    written = {**result, "groups": metrics.plain(groups)}
    write_text(run.path / "results.json", json.dumps(written, indent=2, allow_nan=False) + "\n")
    write_text(run.path / "report.md", as_markdown(result))
    save_png(overview(history, arrays, groups), run.path / "results.png")
    return run.path / "results.json"


def _of_group(
    names: Sequence[str], logits: np.ndarray, predicted: np.ndarray, target: np.ndarray, exclusive: bool
) -> JsonObject:
    """Means, the report of every class and the confusion matrix (rows hold, columns were predicted)."""
    each = {name: metrics.counts(predicted[:, k], target[:, k]) for k, name in enumerate(names)}
    figures = decisions(logits, target, exclusive)
    return {
        "accuracy": figures["accuracy"],
        "macro_f1": figures["f1"],
        "micro_f1": figures["micro_f1"],
        "macro_auc": figures["auc"],
        "classes": {name: {**{k: own[k] for k in _REPORT}, "support": own["positives"]} for name, own in each.items()},
        "confusion": metrics.confusion(predicted, target).tolist(),
    }


def as_markdown(result: JsonMapping) -> str:
    """The report of every class, one table for each group."""
    counted = ", ".join(f"{count} {part}" for part, count in result["samples"].items())
    lines = [f"# {result['config']['net']['name']} on {result['config']['task']}", "", f"Samples: {counted}.", ""]
    for group, found in result["groups"].items():
        heads = ", ".join(f"{name} {found[name]:.3f}" for name in ("accuracy", "macro_f1", "micro_f1", "macro_auc"))
        rows = [[name, *(f"{own[key]:.3f}" for key in _REPORT), f"{own['support']:.0f}"]
                for name, own in found["classes"].items()]  # fmt: skip
        lines += [f"{group} ({result['part']}): {heads}", "", table(["class", *_REPORT, "support"], rows), ""]
    return "\n".join(lines)


def class_histogram(arrays: Arrays, own: Sequence[int], names: Sequence[str]) -> Figure:
    """How many examples of each part have each label of a group."""
    figure = Figure(figsize=(min(4 + 0.3 * len(names), 14), 4))
    _bars(figure.subplots(), {part: np.nansum(arrays.of(part).targets[:, own], 0) for part in PARTS}, names)
    return figure


def overview(history: Sequence[JsonMapping], arrays: Arrays, groups: JsonMapping) -> Figure:
    """Loss, accuracy and F1 over the epochs; classes, confusion and F1 of the first group below."""
    figure = Figure(figsize=(15, 8.5), layout="constrained")
    axes = figure.subplots(2, 3)
    for view, (title, keys) in zip(axes[0], _HISTORY, strict=True):
        for key in keys:
            for part in ("train", "val"):
                values = [row[part].get(key) for row in history]
                if any(value is not None for value in values):
                    seen = [np.nan if value is None else value for value in values]
                    view.plot([row["epoch"] for row in history], seen, ".-", label=f"{part} {key}")
        view.set_title(title)
        view.set_xlabel("epoch")
        view.legend(fontsize=8)
    group, found = next(iter(groups.items()))
    names, holds = list(found["classes"]), np.array([own["support"] for own in found["classes"].values()])
    counts = {part: np.nansum(arrays.of(part).targets[:, : len(names)], 0) for part in PARTS}
    _bars(axes[1, 0], counts, names)
    axes[1, 1].imshow(np.array(found["confusion"]) / np.maximum(holds, 1)[:, None], cmap="Blues", vmin=0, vmax=1)
    axes[1, 1].set_title(f"{group}: rows hold, columns were predicted")
    _bars(axes[1, 2], {"F1": np.array([own["f1"] for own in found["classes"].values()], float)}, names)
    if len(names) <= _NAMED:
        axes[1, 1].set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        axes[1, 1].set_yticks(range(len(names)), names, fontsize=7)
    return figure


def _bars(view: Axes, values: dict[str, np.ndarray], names: Sequence[str]) -> None:
    wide = 0.8 / len(values)
    for k, (label, heights) in enumerate(values.items()):
        view.bar(np.arange(len(names)) + (k - (len(values) - 1) / 2) * wide, np.nan_to_num(heights), wide, label=label)
    view.set_xticks(range(len(names)), names if len(names) <= _NAMED else [""] * len(names), rotation=90, fontsize=7)
    view.legend(fontsize=8)
