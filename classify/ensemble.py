"""Join trained networks into one: `python -m classify.ensemble --checkpoints a.pth b.pth --output joined.pth`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classify.tasks import TASKS


def join(checkpoints: Sequence[Path], output: Path, task: str = "") -> Path:
    """A checkpoint whose network averages the logits of these, for the labels of `task` (default: the first one's).

    The networks must see the same inputs. One that was trained on a wider task gives the labels that are asked for.
    Weights are chosen by `classify.calibrate` from the result, as from any other checkpoint.
    """
    from ecg.fit import checkpoint

    states = [checkpoint.load(path) for path in checkpoints]
    first = states[0]
    task = task or first["recipe"]["task"]
    for path, state in zip(checkpoints, states, strict=True):
        if _inputs(state["recipe"]) != _inputs(first["recipe"]):
            raise ValueError(f"{path}: sees other inputs than {checkpoints[0]}; members share fs_hz and channels")
    members = [_member(path, state["recipe"], task) for path, state in zip(checkpoints, states, strict=True)]
    weights = {
        f"members.{number}.{name}": value
        for number, state in enumerate(states)
        for name, value in checkpoint.weights(state).items()
    }
    net = {"name": "ensemble", "options": {"members": members}}
    joined = {**first, "recipe": {**first["recipe"], "task": task, "net": net}, "model": weights, "ema": {}}
    checkpoint.save(output, {key: value for key, value in joined.items() if key != "format"})
    return output


def _inputs(recipe: Mapping[str, Any]) -> tuple[Any, ...]:
    data = recipe["data"]
    return tuple(data[key] for key in ("fs_hz", "mask_channels", "amplitude_channels"))


def _member(path: Path, recipe: Mapping[str, Any], task: str) -> dict[str, Any]:
    from classify.labels import columns

    outputs, wanted = columns(TASKS[recipe["task"]].groups), columns(TASKS[task].groups)
    missing = [name for group, name in wanted if (group, name) not in outputs]
    if missing:
        raise ValueError(f"{path}: trained on task {recipe['task']!r}, which has no label {', '.join(missing)}")
    chosen = [outputs.index(pair) for pair in wanted]
    return {**recipe["net"], "outputs": len(outputs), "columns": chosen}


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m classify.ensemble", description="Join trained networks into one.")
    p.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="best.pth of training runs")
    p.add_argument("--task", choices=sorted(TASKS), default="", help="whose labels to keep (default: the first one's)")
    p.add_argument("--output", type=Path, required=True, help="the checkpoint to write, for classify.calibrate")
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
