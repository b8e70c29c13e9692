"""The options that both trainers share, each of which changes one value of the recipe."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

# Option (without --) -> key of the recipe.
_KEYS = {
    "epochs": "fit.epochs",
    "batch_size": "fit.batch_size",
    "num_workers": "fit.num_workers",
    "lr": "fit.lr",
}


def add_options(p: argparse.ArgumentParser, config: str) -> None:
    """Add the shared options; `config` is the recipe that is followed unless another is named."""
    p.add_argument("--config", default=config, help=f"recipe, YAML or JSON (default: {config})")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe: fit.epochs=3")
    p.add_argument("--output", type=Path, default=Path("experiments"), help="where the run folder is made")
    p.add_argument("--resume", type=Path, help="go on from a last.pth, e.g. experiments/run_.../checkpoints/last.pth")
    p.add_argument("--epochs", type=int, help="how often to go through the training set")
    p.add_argument("--batch_size", type=int)
    p.add_argument("--num_workers", type=int, help="processes that prepare batches (0: none beside the training)")
    p.add_argument("--lr", type=float, help="the (highest) learning rate")
    p.add_argument("--max_samples", type=int, help="train on so many samples an epoch")
    p.add_argument("--force_cpu", action="store_true", help="do not use a GPU")
    p.add_argument("--debug", action="store_true", help="a quick run: 100 samples, 3 epochs")


def changes(args: argparse.Namespace, more: Mapping[str, str]) -> list[str]:
    """What the command line asks of the recipe, as `key=value`; `more` maps the trainer's own options to keys."""
    said = [
        f"{key}={getattr(args, name)}" for name, key in {**_KEYS, **more}.items() if getattr(args, name) is not None
    ]
    debug = ["fit.epochs=3"] if args.debug else []
    return [*debug, *said, *(["fit.device=cpu"] if args.force_cpu else []), *args.set]
