"""Write the networks as ONNX files: `python -m digitize.export`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import command_parser, entry


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.export")
    made.add_argument("--output", type=Path, metavar="FOLDER", help="where to (default: beside the shipped weights)")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when all were written, 1 when one could not be, 2 where the packages for it are missing."""
    from digitize.engines.export import describe, export

    for done in export(options.output):
        print(describe(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
