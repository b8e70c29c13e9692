"""Join trained networks into one: `python -m classify.ensemble --checkpoints a.pth b.pth --output joined.pth`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from classify.options import add_task
from ecg.cli import command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.ensemble")
    p.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="best.pth of training runs")
    add_task(p, "whose labels to keep (default: the first one's)")
    p.add_argument("--output", type=Path, required=True, help="the checkpoint to write")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when written, 1 when a file cannot be read or written, 2 for networks that do not fit together."""
    from classify.training.ensemble import join

    written = join(options.checkpoints, options.output, options.task)
    print(f"{written}: {len(options.checkpoints)} networks as one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
