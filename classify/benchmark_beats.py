"""How well R peaks, heart rates and waves are found: `python -m classify.benchmark_beats --data FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import add_data, command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.benchmark_beats")
    add_data(p)
    p.add_argument("--windows", type=int, default=30, help="ten-second windows per record (default: 30)")
    p.add_argument("--output", type=Path, help="where the figures go as JSON")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when measured, 1 when a recording is missing or cannot be read, 2 for a wrong command."""
    if options.data is None:
        raise ValueError("no folder of recordings: name one with --data, or by ECG_DATA (it holds mitdb/ and ludb/)")
    from classify.evaluation.beat_benchmark import report

    print(report(**vars(options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
