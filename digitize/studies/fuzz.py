"""Damaged files opened by the thousand: `python -m digitize.studies.fuzz --kind pages --count 10000 --seed 0`."""

from __future__ import annotations

import argparse
import sys

from ecg.cli import add_output, command_parser, entry


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.studies.fuzz")
    what = "what is opened: pages, pdf, checkpoints, or a format that is written (wfdb, csv, json ...; default: pages)"
    made.add_argument("--kind", default="pages", help=what)
    made.add_argument("--count", type=int, default=10_000, help="inputs (default: 10000)")
    made.add_argument("--seed", type=int, default=0, help="of inputs and damage (default: 0)")
    made.add_argument("--limit_s", type=float, default=120.0, help="seconds an input may take (default: 120)")
    made.add_argument("--read_every", type=int, default=0, help="read every so many-th page that opens (default: none)")
    add_output(made, "out/fuzz", "folder for the faulty inputs and the report")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when every input was opened or refused by name, 1 when not, 2 for a wrong command."""
    from digitize.studies.fuzz_run import fuzz, markdown

    report = fuzz(**vars(options))
    print(markdown(report))
    return int(report.faults > 0)


if __name__ == "__main__":
    sys.exit(main())
