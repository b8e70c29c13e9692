"""Whether the pages that `archive rank` puts first are read worse: `python -m archive.studies.ranking TABLE`."""

from __future__ import annotations

import argparse
import sys

from ecg.cli import entry


def parser() -> argparse.ArgumentParser:
    what = "Mean dB of the pages that each rule puts first, beside that of all pages and of the worst."
    made = argparse.ArgumentParser(prog="python -m archive.studies.ranking", description=what)
    made.add_argument(
        "archive", metavar="TABLE", help="an archive of pages that `simulate` drew, which lie where they lay"
    )
    made.add_argument("--count", type=int, default=10, help="pages of each rule (default: 10)")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when all was measured."""
    from archive.studies.ranked_quality import compare

    print(compare(**vars(options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
