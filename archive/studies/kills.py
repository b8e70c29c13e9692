"""An archive that is killed again and again: `python -m archive.studies.kills --engine local ray`."""

from __future__ import annotations

import argparse
import sys

from ecg.cli import entry


def parser() -> argparse.ArgumentParser:
    what = "Kill a run at random moments until it ends by itself: every page has its row once, and all engines agree."
    made = argparse.ArgumentParser(prog="python -m archive.studies.kills", description=what)
    engines = ("local", "ray")
    made.add_argument("--engine", dest="engines", nargs="+", choices=engines, default=engines, help="one after another")
    made.add_argument("--pages", dest="count", type=int, default=2000, help="of all (default: 2000)")
    made.add_argument("--broken", type=int, default=20, help="of them (default: 20)")
    made.add_argument("--hanging", type=int, default=3, help="of them (default: 3)")
    made.add_argument("--kills", type=int, default=20, help="of each engine's run (default: 20)")
    made.add_argument(
        "--every_s", type=float, default=20.0, help="mean seconds from one kill to the next (default: 20)"
    )
    made.add_argument("--seed", type=int, default=0, help="of the kills (default: 0)")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when every page has its row once and all engines agree, else 1."""
    from archive.studies.killed_runs import compare

    return compare(**vars(options))


if __name__ == "__main__":
    sys.exit(main())
