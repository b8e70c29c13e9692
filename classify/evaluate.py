"""Measure weights on held-out patients: `python -m classify.evaluate --data FOLDER [--task images]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from classify.options import add_task, add_weights
from ecg.cli import add_data, command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.evaluate")
    add_weights(p, ", or a checkpoint")
    add_task(p, "of the same labels (default: the weights' own)")
    add_data(p)
    p.add_argument("--part", choices=("validation", "test"), default="test", help="which part of the split")
    p.add_argument("--output", type=Path, default=Path("out/evaluation"), help="folder for the results")
    p.add_argument("--update-card", action="store_true", help="also write the figures into the weights' .json and .md")
    pages = p.add_argument_group("pages, drawn for --task images where --data has no pages.csv")
    pages.add_argument("--preset", nargs="+", default=["clean", "scan", "photo"], help="how they are drawn")
    pages.add_argument("--count", type=int, default=100, help="records to draw, spread over the part (some 5 s a page)")
    pages.add_argument("--seed", type=int, default=0, help="the first page's seed")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when measured, 1 when a file cannot be read, 2 for a wrong command or value."""
    from classify.evaluation.runner import report

    print(report(**vars(options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
