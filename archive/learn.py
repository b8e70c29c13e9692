"""Training pages out of a queue: `python -m archive learn QUEUE --corrections FILE --output FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import add_engine, add_output, command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("archive.learn")
    p.add_argument("queue", metavar="QUEUE", help="the folder that `python -m archive rank` wrote")
    what = "what the browser saved of these pages (default: what `serve --queue` kept); labels stand in queue.csv"
    p.add_argument("--corrections", type=Path, metavar="FILE", help=what)
    p.add_argument("--part", choices=("train", "validation", "test"), default="train", help="of the labelled pages")
    add_engine(p)
    add_output(p, "training", "folder for digitize.train --sim_root and classify.train --task images --data")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when all was written, 1 when a corrected page could not be read, 2 for a wrong command."""
    from archive.ranking.training_pages import training_pages

    return training_pages(**vars(options))


if __name__ == "__main__":
    sys.exit(main())
