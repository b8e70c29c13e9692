"""Weights measured on held-out patients."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from torch import nn

from classify.card import Card
from classify.datasets.arrays import Arrays
from classify.datasets.collect import load_arrays
from classify.evaluation import page_study, tables
from classify.evaluation.results import Evaluation, GroupFigures
from classify.explanation.attribution import penultimate
from classify.nets.layers import trainable_parameters
from classify.nets.predict import predict
from classify.recipe import Recipe
from classify.scoring import metrics, plots
from classify.signal.settings import DataSettings
from classify.tasks import TASKS
from classify.training.calibrate import calibrate
from classify.training.inputs import fixed_inputs
from classify.weights import DEFAULT
from classify.weights.files import load, save_card
from ecg.files import InputError
from ecg.fit.recipe import from_dict
from ecg.formats import write_text

LAYOUTS = ("full", "3x4+1", "3x4", "6x2")  # a network for pages is measured on what these print
IMAGES = "images"  # the task of pages: those that pages.csv lists, or drawn ones of the weights' own records
_AVERAGED = ("auc", "auprc", "f1", "precision", "recall", "specificity")


def report(
    weights: Path = DEFAULT,
    data: Path | None = None,
    task: str = "",
    part: str = "test",
    output: Path = Path("out/evaluation"),
    update_card: bool = False,
    preset: Sequence[str] = page_study.PRESETS,
    count: int = 100,
    seed: int = 0,
) -> str:
    """The tables of `evaluate`; of task "images" without a `pages.csv` in `data`, those of pages that are drawn."""
    weights = calibrated(weights, data)
    if task == IMAGES and not (data and (data / "pages.csv").is_file()):
        return page_study.markdown(page_study.compare(data, weights, count, preset, seed, part, output))
    return tables.figures(evaluate(weights, data, part, output, update_card, task))


def evaluate(
    weights: Path = DEFAULT,
    data: Path | None = None,
    part: str = "test",
    output: Path = Path("out/evaluation"),
    update_card: bool = False,
    task: str = "",
) -> Evaluation:
    """Figures per layout, label group and label on one part of the split; evaluation.json and .md, and pictures.

    `task` is another task with the same labels and inputs as the weights' own. Raises ValueError for any other.
    """
    net, card = load(weights)
    recipe = _with_task(from_dict(Recipe, card.recipe), task, card)
    arrays = load_arrays(recipe, data).of(part)
    if not len(arrays):
        raise InputError(f"no {part} records in {data}")
    layouts = LAYOUTS if recipe.data.page_masks and recipe.task != IMAGES else LAYOUTS[:1]
    figures = {}
    for layout in layouts:
        probability, inner = probabilities(net, card, arrays, layout)
        figures[layout] = measure(probability, arrays.targets, card, arrays.patient)
        if layout == layouts[0]:
            plots.write_all(output, probability, arrays.targets, inner, card)
    parameters = trainable_parameters(net)
    measured: Evaluation = {
        "weights": card.version, "task": recipe.task, "part": part, "records": len(arrays),
        "network": {"name": recipe.net.name, "parameters": parameters}, "layouts": figures,
    }  # fmt: skip
    result = cast(Evaluation, metrics.plain(measured))
    write_text(output / "evaluation.json", json.dumps(result, indent=2, allow_nan=False) + "\n")
    write_text(output / "evaluation.md", tables.figures(result))
    if update_card:
        card = replace(card, metrics={**card.metrics, part: tables.headline(result)})
        save_card(weights, card)
        write_text(weights.with_suffix(".md"), tables.markdown(card))
    return result


def _with_task(recipe: Recipe, task: str, card: Card) -> Recipe:
    own, other = TASKS[recipe.task], TASKS[task or recipe.task]
    if (own.groups, own.leads, own.features) != (other.groups, other.leads, other.features):
        raise ValueError(
            f"{card.version} answers {', '.join(own.groups)} (task {own.name}), but task {other.name} asks for "
            f"{', '.join(other.groups)}"
        )
    return replace(recipe, task=other.name)


def calibrated(weights: Path, data: Path | None) -> Path:
    """The weights themselves, or those that a checkpoint becomes by calibration."""
    if weights.suffix != ".pth":
        return weights
    made = weights.with_suffix(".safetensors")
    calibrate(weights, data, made)
    return made


def probabilities(net: nn.Module, card: Card, arrays: Arrays, layout: str) -> tuple[np.ndarray, np.ndarray]:
    """Of records as a page of this layout shows them: calibrated probabilities [record, label], and the input of the
    network's last layer [record, unit].
    """
    settings = from_dict(DataSettings, card.recipe["data"])
    with penultimate(net) as inner:
        logits = predict(net, fixed_inputs(arrays, layout, settings))
    return card.calibrated(logits), np.concatenate(inner)


def measure(
    probability: np.ndarray, target: np.ndarray, card: Card, patient: np.ndarray | None = None
) -> dict[str, GroupFigures]:
    """Per group its figures over all labels, pooled and averaged, and those of every label by name.

    Arrays are [record, label]; with `patient` [record] the intervals are those of new patients, not of new records.
    """
    predicted = card.decide(probability)
    out = {}
    for group, own in card.groups.items():
        facts = {card.labels[k][1]: {"threshold": card.threshold(k), "trained": k not in card.untrained} for k in own}
        out[group] = _group(probability[:, own], predicted[:, own], target[:, own], facts, patient)
    return out


def _group(
    p: np.ndarray,
    predicted: np.ndarray,
    t: np.ndarray,
    facts: Mapping[str, Mapping[str, float]],
    patient: np.ndarray | None,
) -> GroupFigures:
    """The figures of the labels named by `facts`; arrays are [record, label]."""
    each = {
        name: {"auc": metrics.auc(p[:, k], t[:, k]), "auprc": metrics.auprc(p[:, k], t[:, k]),
               "brier": metrics.brier(p[:, k], t[:, k]), **metrics.counts(predicted[:, k], t[:, k]), **fact}
        for k, (name, fact) in enumerate(facts.items())
    }  # fmt: skip
    pooled = {"auc": metrics.auc(p.ravel(), t.ravel()), "auprc": metrics.auprc(p.ravel(), t.ravel()),
              **metrics.counts(predicted.ravel(), t.ravel())}  # fmt: skip
    bins, table = metrics.reliability(p, t), metrics.confusion(predicted, t)
    return cast(GroupFigures, {
        **{f"macro_{key}": metrics.mean([figures[key] for figures in each.values()]) for key in _AVERAGED},
        "macro_auc_95": metrics.bootstrap(p, t, metrics.macro_auc, patient),
        "macro_f1_95": metrics.bootstrap(predicted, t, metrics.macro_f1, patient),
        **{f"micro_{key}": pooled[key] for key in _AVERAGED},
        "exact_match": metrics.exact_match(predicted, t),
        "calibration_error": bins.error,
        "brier": metrics.brier(p, t),
        "reliability": {key: values.tolist() for key, values in vars(bins).items()},
        "confusion": {a: {b: int(table[i, j]) for j, b in enumerate(facts)} for i, a in enumerate(facts)},
        "labels": each,
    })  # fmt: skip
