"""Put a trained pass into the package: `python -m digitize.training.release`."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_SYNTHETIC = {"name": "synthetic hearts of galvano's simulator", "licence": "MIT", "role": "a fifth of the pages"}
_RECORDED = [
    {
        "name": "PTB-XL 1.0.3, stratified fold 10 (patients of folds 0-2 of a patient-disjoint split in four)",
        "source": "Wagner et al., Scientific Data 2020",
        "licence": "CC BY 4.0",
        "role": "signals drawn on simulated pages",
    },
    {
        "name": "PhysioNet/CinC Challenge 2020-21: CPSC2018, Chapman-Shaoxing/Ningbo, Georgia, PTB-XL (326 recordings)",
        "source": "Perez Alday et al., Physiological Measurement 2020",
        "licence": "CC BY 4.0",
        "role": "signals drawn on simulated pages",
    },
]


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m digitize.training.release",
        description="Write a checkpoint's weights in half precision, with their card, where the digitizer loads them.",
    )
    p.add_argument("--checkpoint", type=Path, required=True, help="best.pth or last.pth of a run of digitize.train")
    p.add_argument("--after", type=Path, metavar="CARD.json", help="card of the weights that the run started from")
    p.add_argument(
        "--averaged",
        action="store_true",
        help="ship the mean of the checkpoint's weights and those of --after (model soup, Wortsman et al. 2022)",
    )
    p.add_argument("--synthetic", action="store_true", help="the run drew synthetic hearts only")
    p.add_argument("--hardware", default=f"{os.cpu_count()} CPU cores", help="what it was trained on, for the card")
    p.add_argument("--output", type=Path, help="folder to write to (default: the package's own)")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        if args.averaged and not args.after:
            raise ValueError("--averaged: --after has to name the card of the weights to average with")
        facts = {
            **progress(args.checkpoint, args.after, averaged=args.averaged),
            "data": [_SYNTHETIC] if args.synthetic else [*_RECORDED, _SYNTHETIC],
            "hardware": args.hardware,
            "purpose": "Reads printed ECGs for research. Not a medical device.",
        }
        partner = args.after.with_suffix(".safetensors") if args.averaged else None
        path = ship(args.checkpoint, facts, args.output, partner)
    except (OSError, ValueError) as error:
        print(f"digitize.training.release: {error}", file=sys.stderr)
        return 2
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0


def progress(checkpoint: Path, after: Path | None = None, *, averaged: bool = False) -> dict[str, Any]:
    """What led to a checkpoint, for its card: the hours of its epochs, the metrics of the last, and its history.

    The history has a line for each run; that of `after`, the card of the weights that the run started from, goes on.
    Raises ValueError for a file that is no checkpoint or no card.
    """
    from ecg.fit.checkpoint import load
    from ecg.fit.run_folder import RunFolder

    state = load(checkpoint)
    rows = [row for row in RunFolder(checkpoint.parent.parent).rows() if row["epoch"] <= state["epoch"]]
    hours = round(sum(row["seconds"] for row in rows) / 3600, 2)
    history = [_done(state["step"], hours)]
    if after:
        before = _card(after)
        history[0] += f" from {before['version']}{_changed(before['recipe'], state['recipe'])}"
        history[0] += "; shipped is the mean of the weights before and after" if averaged else ""
        history = [*(before.get("history") or [_done(before["steps"], before.get("hours"))]), *history]
    return {"hours": hours, "history": history, "validation": rows[-1]["val"] if rows else {}}


def _done(steps: int, hours: float | None) -> str:
    return f"{steps} steps" + (f" in {hours:g} hours" if hours else "")


def _changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What another recipe says."""
    from ecg.fit.recipe import differences

    found = [f"{key}={new}" for key, (_, new) in differences(then, now).items()]
    return f" with {', '.join(found)}" if found else " with the same recipe"


def _card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text())
    except ValueError:
        card = None
    if not isinstance(card, dict) or not {"version", "steps", "recipe"} <= card.keys():
        raise ValueError(f"{path}: not a card of shipped weights; expected one like digitize/weights/page.json")
    return card


def ship(checkpoint: Path, facts: Mapping[str, Any], folder: Path | None = None, partner: Path | None = None) -> Path:
    """Write a checkpoint's weights in half precision with their card; gives the weights' path.

    With `partner`, shipped weights of the same network, they are the mean of both. The version is the pass's name and
    the first digits of the weights' SHA-256.
    """
    from safetensors.torch import load_file, save_file

    from digitize.nets.pretrained import FOLDER
    from ecg.files import atomic_path, write_text
    from ecg.fit import checkpoint as checkpoints

    state = checkpoints.load(checkpoint)
    weights = checkpoints.weights(state)
    if partner is not None:
        other = load_file(partner)
        weights = {k: (v + other[k].to(v)) / 2 if v.is_floating_point() else v for k, v in weights.items()}
    half = {k: v.half().contiguous() if v.is_floating_point() else v.contiguous() for k, v in weights.items()}
    path = (folder or FOLDER) / f"{state['recipe']['kind']}.safetensors"
    with atomic_path(path) as temporary:
        save_file(half, temporary)
    version = f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
    card = {"version": version, "steps": state["step"], **facts, "recipe": state["recipe"]}
    write_text(path.with_suffix(".json"), json.dumps(card, indent=2))
    return path


if __name__ == "__main__":
    sys.exit(main())
