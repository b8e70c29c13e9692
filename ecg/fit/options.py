"""The options that all trainers share, each of which changes one value of the recipe."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ecg.cli import add_output, add_recipe, add_start

CACHE_GB = 8.0

# Option (without --) -> key of the recipe.
_KEYS = {
    "epochs": "fit.epochs",
    "batch_size": "fit.batch_size",
    "num_workers": "fit.num_workers",
    "lr": "fit.lr",
}


def add_options(p: argparse.ArgumentParser, config: str) -> None:
    """Add the shared options; `config` is the recipe that is followed unless another is named."""
    add_recipe(p, config)
    p.set_defaults(config=None)  # that of the run which is resumed, else `config`
    add_output(p, "experiments", "where the run folder is made")
    what = "go on from a checkpoint, e.g. experiments/run_.../checkpoints/last.pth, with the run's own recipe and data"
    p.add_argument("--resume", type=Path, help=what)
    add_start(p)
    p.add_argument("--epochs", type=int, help="how often to go through the training set")
    p.add_argument("--batch_size", type=int)
    p.add_argument("--num_workers", type=int, help="processes that prepare batches (0: none beside the training)")
    p.add_argument("--lr", type=float, help="the (highest) learning rate")
    p.add_argument("--max_samples", type=int, help="train on so many samples an epoch")
    p.add_argument("--device", help="auto, cpu, cuda or mps (default: the recipe's, usually auto)")
    p.add_argument("--force_cpu", dest="device", action="store_const", const="cpu", help="the same as --device cpu")
    p.add_argument("--debug", action="store_true", help="a quick run: 100 samples, 3 epochs")


def add_cache(p: argparse.ArgumentParser) -> None:
    """`--cache`, `--cache_dir`, `--cache_gb`: where what is prepared once is kept."""
    p.add_argument("--cache", action="store_true", help="keep the prepared pages of --sim_root in memory")
    p.add_argument("--cache_dir", type=Path, help="keep the prepared pages of --sim_root in this folder")
    p.add_argument("--cache_gb", type=float, default=CACHE_GB, help=f"bound of either (default: {CACHE_GB:g})")


def changes(args: argparse.Namespace, more: Mapping[str, str], debug: Sequence[str] = ()) -> list[str]:
    """What the command line asks of the recipe, as `key=value`; `more` maps the trainer's own options to a key, or
    to several with spaces between them.

    `debug` is what --debug changes besides the number of epochs.
    """
    keys = {**_KEYS, **more, "device": "fit.device"}
    given = {name: value for name in keys if (value := getattr(args, name)) is not None}
    asked = [
        f"{key}={json.dumps(value) if isinstance(value, str) and value[:1].isdigit() else value}"
        for name, value in given.items()
        for key in keys[name].split()
    ]
    return [*([*debug, "fit.epochs=3"] if args.debug else []), *asked, *args.changes]
