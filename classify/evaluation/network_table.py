"""All networks in one table: `python -m classify.evaluation.network_table [--output docs/networks.md]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.evaluation.network_table")
    p.add_argument("--output", type=Path, help="a document whose section between the marks is written anew")
    p.add_argument("--results", type=Path, help="comparison.json of classify.compare, for the columns of training")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when printed or written, 1 when a file cannot be read or written, 2 for a document without the marks."""
    from classify.evaluation.network_sizes import networks_table, written

    text = networks_table(options.results)
    if options.output is None:
        print(text)
    else:
        written(text, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
