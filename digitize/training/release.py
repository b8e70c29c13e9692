"""Put a trained network into the package: `python -m digitize.training.release --checkpoint best.pth`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ecg.cli import command_parser, entry


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.training.release")
    what = "best.pth or last.pth of a run of digitize.train"
    made.add_argument("--checkpoint", type=Path, required=True, metavar="FILE", help=what)
    what = "card of the weights that the run started from"
    made.add_argument("--after", type=Path, metavar="CARD.json", help=what)
    what = "ship the mean of the checkpoint's weights and those of --after (model soup, Wortsman et al. 2022)"
    made.add_argument("--averaged", action="store_true", help=what)
    made.add_argument("--synthetic", action="store_true", help="the run drew synthetic hearts only")
    what = "what it was trained on, for the card"
    made.add_argument("--hardware", default=f"{os.cpu_count()} CPU cores", help=what)
    made.add_argument("--output", type=Path, metavar="FOLDER", help="where to (default: the package's own weights)")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when written, 1 when a file cannot be read or written, 2 for a wrong command, checkpoint or card."""
    from digitize.training.shipping import release

    path = release(**vars(options))
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
