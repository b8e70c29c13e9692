"""An archive on one page: `python -m archive report OUT`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("archive.report")
    p.add_argument("archive", metavar="OUT", help="what `python -m archive IN OUT` wrote")
    p.add_argument("--output", type=Path, default=Path("archive.html"), help="HTML file (default: archive.html)")
    p.add_argument("--worst", type=int, default=10, help="pages shown as pictures (default: 10)")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when the report was written, 2 for a wrong command."""
    from archive.selection.report import write_report

    write_report(**vars(options))
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
