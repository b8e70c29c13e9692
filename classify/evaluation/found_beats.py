"""Beats found and classed by the program: `python -m classify.evaluation.found_beats --data FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from classify.weights import BEATS
from ecg.cli import command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.evaluation.found_beats")
    p.add_argument("--data", type=Path, required=True, help="the MIT-BIH records, or a folder that has them in mitdb/")
    p.add_argument("--weights", type=Path, default=BEATS, help="of single beats (default: the shipped ones)")
    p.add_argument(
        "--records", nargs="+", metavar="NAME", help="which records (default: DS2, on which none is trained)"
    )
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when measured, 1 when a recording is missing or cannot be read."""
    from classify.beat_classifier import BeatClassifier
    from classify.datasets.aami import DS2
    from classify.evaluation.beat_pairs import as_markdown, measure

    classifier = BeatClassifier.load(options.weights)
    pairs = measure(options.data, options.records or DS2, classifier)
    print(as_markdown(pairs, [name for _, name in classifier.card.labels]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
