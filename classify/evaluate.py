"""Measure weights on the held-out patients: `python -m classify.evaluate --data FOLDER`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classify.weights import DEFAULT, Card

if TYPE_CHECKING:
    from classify.data import Arrays

LAYOUTS = ("full", "3x4+1", "3x4", "6x2")


def evaluate(
    weights: Path = DEFAULT,
    data: Path | None = None,
    part: str = "test",
    output: Path = Path("out/evaluation"),
    update_card: bool = False,
) -> dict[str, Any]:
    """Figures per layout, label group and label on one part of the split; written as evaluation.json and .md."""
    from classify.recipe import Recipe
    from classify.train import load_arrays
    from classify.weights import load, save_card
    from ecg.fit.recipe import from_dict
    from ecg.formats import write_text

    net, card = load(weights)
    recipe = from_dict(Recipe, card.recipe)
    arrays = load_arrays(recipe, data).of(part)
    if not len(arrays):
        raise ValueError(f"no {part} records in {data}")
    figures = {
        layout: measure(probabilities(net, card, arrays, layout), arrays.targets, card) for layout in LAYOUTS
    }  # fmt: skip
    result = {"weights": card.version, "part": part, "records": len(arrays), "layouts": figures}
    write_text(output / "evaluation.json", json.dumps(_finite(result), indent=2) + "\n")
    write_text(output / "evaluation.md", as_markdown(result))
    if update_card:
        save_card(weights, replace(card, metrics={**card.metrics, part: _finite(_headline(result))}))
    return result


def probabilities(net: Any, card: Card, arrays: Arrays, layout: str) -> np.ndarray:
    """Calibrated probabilities [record, label] of records as a page of this layout shows them."""
    from classify.data import fixed_inputs
    from classify.recipe import DataSettings
    from classify.train import predict
    from ecg.fit.recipe import from_dict

    logits = predict(net, *fixed_inputs(arrays, layout, from_dict(DataSettings, card.recipe["data"])))
    return calibrated(logits, card)


def calibrated(logits: np.ndarray, card: Card) -> np.ndarray:
    """Probabilities [..., label] at the card's temperatures."""
    scale = np.array([card.temperatures[group] for group, _ in card.labels])
    return 1 / (1 + np.exp(-logits.astype(np.float64) / scale))


def measure(probability: np.ndarray, target: np.ndarray, card: Card) -> dict[str, Any]:
    """Per group: macro AUC with its bootstrap interval, macro F1, calibration error, and the figures of every label."""
    from classify.calibrate import expected_calibration_error
    from classify.score import bootstrap, macro_auc

    out: dict[str, Any] = {}
    for group in dict.fromkeys(group for group, _ in card.labels):
        mine = [k for k, (g, _) in enumerate(card.labels) if g == group]
        p, t = probability[:, mine], target[:, mine]
        each = {card.labels[k][1]: _label(probability[:, k], target[:, k], card, k) for k in mine}
        out[group] = {
            "macro_auc": macro_auc(p, t),
            "macro_auc_95": bootstrap(p, t),
            "macro_f1": float(np.nanmean([figures["f1"] for figures in each.values()])),
            "calibration_error": expected_calibration_error(p, t),
            "labels": each,
        }
    return out


def _label(probability: np.ndarray, target: np.ndarray, card: Card, k: int) -> dict[str, float]:
    from classify.score import auc, counts

    group, name = card.labels[k]
    threshold = card.thresholds[group][name]
    return {"auc": auc(probability, target), "threshold": threshold, **counts(probability >= threshold, target)}


def as_markdown(result: dict[str, Any]) -> str:
    """The figures as tables for people."""
    lines = [f"# {result['weights']} on {result['records']} {result['part']} records", ""]
    lines += ["| layout | group | macro AUC (95 %) | macro F1 | calibration error |", "|---|---|---|---|---|"]
    for layout, groups in result["layouts"].items():
        for group, f in groups.items():
            low, high = f["macro_auc_95"]
            row = f"{f['macro_auc']:.3f} ({low:.3f}-{high:.3f}) | {f['macro_f1']:.3f} | {f['calibration_error']:.3f}"
            lines.append(f"| {layout} | {group} | {row} |")
    for layout, groups in result["layouts"].items():
        lines += [
            "",
            f"## {layout}",
            "",
            "| label | AUC | F1 | recall | specificity | positives |",
            "|---|---|---|---|---|---|",
        ]
        for group, f in groups.items():
            for name, x in f["labels"].items():
                lines.append(
                    f"| {group} {name} | {x['auc']:.3f} | {x['f1']:.3f} | {x['recall']:.3f} | {x['specificity']:.3f} "
                    f"| {x['positives']:.0f} |"
                )
    return "\n".join(lines) + "\n"


def _headline(result: dict[str, Any]) -> dict[str, Any]:
    """What a card keeps: the group figures of every layout, and the AUC of every label on whole records."""
    keep = ("macro_auc", "macro_auc_95", "macro_f1", "calibration_error")
    short = {
        layout: {group: {key: f[key] for key in keep} for group, f in groups.items()}
        for layout, groups in result["layouts"].items()
    }
    for group, f in result["layouts"]["full"].items():
        short["full"][group]["auc"] = {name: x["auc"] for name, x in f["labels"].items()}
    return {"records": result["records"], **short}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return (round(value, 4) if value == value else None) if isinstance(value, float) else value


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m classify.evaluate", description="Measure weights on held-out patients.")
    p.add_argument("--weights", type=Path, default=DEFAULT, help="a .safetensors file with its .json beside it")
    p.add_argument("--data", type=Path, help="folder with the task's collections (default: simulated records)")
    p.add_argument("--part", choices=("validation", "test"), default="test", help="which part of the split")
    p.add_argument("--output", type=Path, default=Path("out/evaluation"), help="where evaluation.json and .md go")
    p.add_argument("--update-card", action="store_true", help="also write the figures into the weights' .json")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        result = evaluate(args.weights, args.data, args.part, args.output, args.update_card)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(as_markdown(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
