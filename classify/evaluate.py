"""Measure weights on held-out patients: `python -m classify.evaluate --data FOLDER [--task images]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classify.card import Card
from classify.tasks import TASKS
from classify.weights import DEFAULT

if TYPE_CHECKING:
    from classify.datasets.arrays import Arrays
    from classify.recipe import Recipe

LAYOUTS = ("full", "3x4+1", "3x4", "6x2")  # a network for pages is measured on what these print
IMAGES = "images"  # the task of pages: those that pages.csv lists, or drawn ones of the weights' own records


def evaluate(
    weights: Path = DEFAULT,
    data: Path | None = None,
    part: str = "test",
    output: Path = Path("out/evaluation"),
    update_card: bool = False,
    task: str = "",
) -> dict[str, Any]:
    """Figures per layout, label group and label on one part of the split; evaluation.json and .md, and pictures.

    `task` is another task with the same labels and inputs as the weights' own. Raises ValueError for any other.
    """
    from classify.evaluation import tables as model_card
    from classify.recipe import Recipe
    from classify.scoring import plots as pictures
    from classify.scoring.metrics import plain
    from classify.train import load_arrays
    from classify.weights import load, save_card
    from ecg.fit.recipe import from_dict
    from ecg.formats import write_text

    net, card = load(weights)
    recipe = _asked(from_dict(Recipe, card.recipe), task, card)
    arrays = load_arrays(recipe, data).of(part)
    if not len(arrays):
        raise ValueError(f"no {part} records in {data}")
    figures, layouts = {}, LAYOUTS if recipe.data.page_masks and recipe.task != IMAGES else LAYOUTS[:1]
    for layout in layouts:
        probability, inner = answers(net, card, arrays, layout)
        figures[layout] = measure(probability, arrays.targets, card, arrays.patient)
        if layout == layouts[0]:
            pictures.write_all(output, probability, arrays.targets, inner, card)
    result = plain({"weights": card.version, "task": recipe.task, "part": part, "records": len(arrays),
                    "network": _network(net, recipe), "layouts": figures})  # fmt: skip
    write_text(output / "evaluation.json", json.dumps(result, indent=2, allow_nan=False) + "\n")
    write_text(output / "evaluation.md", model_card.figures(result))
    if update_card:
        card = replace(card, metrics={**card.metrics, part: model_card.headline(result)})
        save_card(weights, card)
        write_text(weights.with_suffix(".md"), model_card.markdown(card))
    return result


def _asked(recipe: Recipe, task: str, card: Card) -> Recipe:
    own, other = TASKS[recipe.task], TASKS[task or recipe.task]
    if (own.groups, own.leads, own.features) != (other.groups, other.leads, other.features):
        raise ValueError(
            f"{card.version} answers {', '.join(own.groups)} (task {own.name}), but task {other.name} asks for "
            f"{', '.join(other.groups)}"
        )
    return replace(recipe, task=other.name)


def ready(weights: Path, data: Path | None) -> Path:
    """The weights themselves, or those that a checkpoint becomes by calibration."""
    from classify.training.calibrate import calibrate

    if weights.suffix != ".pth":
        return weights
    made = weights.with_suffix(".safetensors")
    calibrate(weights, data, made)
    return made


def answers(net: Any, card: Card, arrays: Arrays, layout: str) -> tuple[np.ndarray, np.ndarray]:
    """Of records as a page of this layout shows them: calibrated probabilities [record, label], and what the network's
    last layer saw [record, unit].
    """
    from classify.datasets.loaders import fixed_inputs
    from classify.explanation.attribution import penultimate
    from classify.recipe import DataSettings
    from classify.train import predict
    from ecg.fit.recipe import from_dict

    with penultimate(net) as inner:
        logits = predict(net, *fixed_inputs(arrays, layout, from_dict(DataSettings, card.recipe["data"])))
    return card.calibrated(logits), np.concatenate(inner)


def measure(
    probability: np.ndarray, target: np.ndarray, card: Card, patient: np.ndarray | None = None
) -> dict[str, Any]:
    """Per group its figures over all labels, pooled and averaged, and those of every label by name.

    Arrays are [record, label]; with `patient` [record] the intervals are those of new patients, not of new records.
    """
    decided = card.decide(probability)
    out = {}
    for group, mine in card.groups.items():
        names = [card.labels[k][1] for k in mine]
        out[group] = _group(probability[:, mine], decided[:, mine], target[:, mine], names, patient)
        for name, k in zip(names, mine, strict=True):
            out[group]["labels"][name]["threshold"] = card.threshold(k)
            out[group]["labels"][name]["trained"] = k not in card.untrained
    return out


def _group(
    p: np.ndarray, decided: np.ndarray, t: np.ndarray, names: Sequence[str], patient: np.ndarray | None
) -> dict[str, Any]:
    from classify.scoring import metrics as score

    each = {
        name: {"auc": score.auc(p[:, k], t[:, k]), "auprc": score.auprc(p[:, k], t[:, k]),
               "brier": score.brier(p[:, k], t[:, k]), **score.counts(decided[:, k], t[:, k])}
        for k, name in enumerate(names)
    }  # fmt: skip
    pooled = {"auc": score.auc(p.ravel(), t.ravel()), "auprc": score.auprc(p.ravel(), t.ravel()),
              **score.counts(decided.ravel(), t.ravel())}  # fmt: skip
    averaged = ("auc", "auprc", "f1", "precision", "recall", "specificity")
    bins = score.reliability(p, t)
    table = score.confusion(decided, t)
    return {
        **{f"macro_{key}": score.mean([figures[key] for figures in each.values()]) for key in averaged},
        "macro_auc_95": score.bootstrap(p, t, score.macro_auc, patient),
        "macro_f1_95": score.bootstrap(decided, t, score.macro_f1, patient),
        **{f"micro_{key}": pooled[key] for key in averaged},
        "exact_match": score.exact_match(decided, t),
        "calibration_error": bins.error,
        "brier": score.brier(p, t),
        "reliability": {key: values.tolist() for key, values in vars(bins).items()},
        "confusion": {a: {b: int(table[i, j]) for j, b in enumerate(names)} for i, a in enumerate(names)},
        "labels": each,
    }


def _network(net: Any, recipe: Any) -> dict[str, Any]:
    return {"name": recipe.net.name, "parameters": sum(p.numel() for p in net.parameters() if p.requires_grad)}


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m classify.evaluate", description="Measure weights on held-out patients.")
    p.add_argument("--weights", type=Path, default=DEFAULT, help="a .safetensors file with its .json, or a checkpoint")
    p.add_argument("--task", choices=sorted(TASKS), default="", help="of the same labels (default: the weights' own)")
    p.add_argument("--data", type=Path, help="folder with the task's collections (default: simulated records)")
    p.add_argument("--part", choices=("validation", "test"), default="test", help="which part of the split")
    p.add_argument("--output", type=Path, default=Path("out/evaluation"), help="folder for the results")
    p.add_argument("--update-card", action="store_true", help="also write the figures into the weights' .json and .md")
    pages = p.add_argument_group("pages, drawn for --task images where --data has no pages.csv")
    pages.add_argument("--preset", nargs="+", default=["clean", "scan", "photo"], help="how they are drawn")
    pages.add_argument("--count", type=int, default=100, help="records to draw, spread over the part (some 5 s a page)")
    pages.add_argument("--seed", type=int, default=0, help="the first page's seed")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        print(_run(args))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _run(args: argparse.Namespace) -> str:
    from classify.evaluation import page_study as pages
    from classify.evaluation import tables as model_card

    weights = ready(args.weights, args.data)
    if args.task == IMAGES and not (args.data and (args.data / "pages.csv").is_file()):
        return pages.markdown(
            pages.compare(args.data, weights, args.count, args.preset, args.seed, args.part, args.output)
        )
    return model_card.figures(evaluate(weights, args.data, args.part, args.output, args.update_card, args.task))


if __name__ == "__main__":
    sys.exit(main())
