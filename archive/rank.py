"""What a person should look at first: `python -m archive rank OUT --by uncertainty --count 200 --output queue/`."""

from __future__ import annotations

import argparse
import sys

from ecg.cli import add_output, command_parser, entry

RULES = ("uncertainty", "reading", "margin", "entropy", "disagreement", "k-centre")


def parser() -> argparse.ArgumentParser:
    p = command_parser("archive.rank")
    p.add_argument("archive", metavar="OUT", help="what `python -m archive IN OUT` wrote")
    what = "what decides; several are added as ranks (default: uncertainty, of the reading and of the diagnosis)"
    p.add_argument("--by", nargs="+", default=["uncertainty"], choices=RULES, help=what)
    p.add_argument("--count", type=int, default=200, help="how many pages (default: 200)")
    p.add_argument("--where", dest="condition", default="", metavar="CONDITION", help="only of these rows")
    add_output(p, "queue", "folder for the pages and their list")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when the queue was written, 1 when a page of it cannot be opened, 2 for a wrong command."""
    from archive.ranking.queue import rank

    return rank(**vars(options))


if __name__ == "__main__":
    sys.exit(main())
