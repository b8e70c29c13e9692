"""What a training that is resumed takes over from its run: the recipe, and where the data lie."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ecg.fit.run_folder import RunFolder


def config_of(args: argparse.Namespace, default: str) -> str:
    """The recipe to follow: the one that is named, that of the run which is resumed, or the default."""
    if args.config or not args.resume:
        return args.config or default
    return str(RunFolder.of_checkpoint(args.resume).path / "config.json")


def source_of(args: argparse.Namespace, *names: str) -> dict[str, Path | None]:
    """Where the data of a training lie: what the command line names, else what the resumed run was trained on.

    `data` that the environment names, not the command line, gives way to the run's.
    """
    given: dict[str, Path | None] = {name: getattr(args, name) for name in names}
    kept = RunFolder.of_checkpoint(args.resume).source() if args.resume else {}
    if kept and str(given.get("data")) == os.environ.get("ECG_DATA"):
        given["data"] = None
    return {name: place or kept.get(name) for name, place in given.items()}
