"""Show on the twelve leads what an answer rests on: `python -m classify.explain --image PAGE... | --record FILE...`."""

from __future__ import annotations

import argparse
import sys

from classify.options import add_case_options
from ecg.cli import command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.explain")
    add_case_options(p)
    p.add_argument("--label", nargs="+", default=[], help="what to explain, by name (default: the predicted labels)")
    p.add_argument("--steps", type=int, default=64, help="steps of the integral (default: 64)")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when every input was explained or honestly not, 1 when one failed, 2 for a wrong command."""
    from classify.explanation.runner import explain_all

    return explain_all(**vars(options))


if __name__ == "__main__":
    sys.exit(main())
