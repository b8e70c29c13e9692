"""Diagnose scans or recordings: `python -m classify.infer --image PAGE... | --record FILE... --output OUT`."""

from __future__ import annotations

import argparse
import sys

from classify.options import add_case_options
from ecg.cli import add_formats, command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.infer")
    add_case_options(p)
    add_formats(p)
    what = "of a longer recording ten seconds are judged every so many (default: 10, all of it)"
    p.add_argument("--stride_s", type=float, default=10.0, help=what)
    what = "aami: the class of every beat of long recordings, each with its time; weights of beats mean it too"
    p.add_argument("--task", choices=("diagnosis", "aami"), default="diagnosis", help=what)
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when every input was diagnosed or honestly not, 1 when one failed, 2 for a wrong command."""
    from classify.report.runner import infer

    return infer(**vars(options))


if __name__ == "__main__":
    sys.exit(main())
