"""One picture to judge a reading by: `python -m digitize.visualize --image scan.png`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import add_checkpoint, add_engine, add_output, add_page_options, command_parser, entry


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.visualize")
    made.add_argument("--image", metavar="PATH", type=Path, required=True, help="a picture or PDF (its first page)")
    add_output(made, "out/visualize.png", "png, pdf or svg")
    add_page_options(made)
    made.add_argument("--row", type=int, default=1, help="whose distributions are shown, from the top (default: 1)")
    made.add_argument("--truth", metavar="FILE", help="the recording that is printed (default: beside the page)")
    made.add_argument("--printed", metavar="LAYOUT", help="what the page prints of a whole recording: 3x4+1 ...")
    add_engine(made)
    add_checkpoint(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when the page was drawn, 1 when it could not be read, 2 for a wrong command."""
    from digitize.batch import describe
    from digitize.evaluation.visualization import visualize

    print(f"{describe(visualize(**vars(options)))} -> {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
