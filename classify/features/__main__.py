"""Features of recordings as a table: `python -m classify.features --input RECORD... --output features.csv`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import add_csv_options, command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.features")
    p.add_argument("--input", "--record", nargs="+", required=True, metavar="PATH",
                   help="recordings: files, folders or patterns")  # fmt: skip
    p.add_argument("--output", type=Path, required=True, help="the CSV to write")
    p.add_argument("--set", choices=("core", "sixteen", "all"), default="all", help="which features (default: all)")
    add_csv_options(p)
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when every recording has a row, 1 when one could not be read, 2 for a wrong command."""
    from classify.features.table import write_table

    o = options
    return write_table(o.input, o.output, o.set, o.fs_hz, o.unit)


if __name__ == "__main__":
    sys.exit(main())
