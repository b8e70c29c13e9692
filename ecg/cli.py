"""What the command lines share: the options about pages, and how errors end a command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ENGINES = ("torch", "onnx")
CLASSICAL = "classical"


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """`--layout`, `--mm_per_s`, `--mm_per_mv` and `--device`."""
    parser.add_argument("--layout", help="given, not searched for: 3x4+1, 3x4, 6x2, 12x1 ..., or a YAML file")
    parser.add_argument("--mm_per_s", type=float, help="paper speed, if known (usual: 25 or 50)")
    parser.add_argument("--mm_per_mv", type=float, help="gain, if known (usual: 5, 10 or 20)")
    add_device(parser)


def add_data(parser: argparse.ArgumentParser) -> None:
    """`--data`: by default what ECG_DATA names; an empty one names nothing."""
    named = os.environ.get("ECG_DATA") or None
    parser.add_argument("--data", type=Path, default=named, help="real recordings to draw (default: $ECG_DATA)")


def add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="cpu", help="where the networks run (default: cpu)")


def add_engine(parser: argparse.ArgumentParser, *others: str) -> None:
    """`--engine`: what runs the networks, or one of `others`, which does without."""
    what = "what runs the networks (default: torch); onnx needs `python -m digitize.export` once"
    if others:
        what += f"; without networks: {', '.join(others)}"
    parser.add_argument("--engine", choices=(*ENGINES, *others), default=ENGINES[0], help=what)


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None, command: Callable[..., int]) -> int:
    """Parse, call and end: with 1 for a page or file that cannot be read or written, with 2 for a wrong command."""
    options = parser.parse_args(argv)
    from digitize.errors import Refusal  # here, because --help needs nothing of what it imports

    try:
        return command(**vars(options))
    except (OSError, Refusal) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        parser.error(str(error))
