"""Look at a task's data before training: `python -m classify.validate_data --task T --root FOLDER [--stats]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from classify.options import add_places, add_task
from ecg.cli import add_data, command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("classify.validate_data")
    add_task(p, "labels and collections", required=True)
    add_data(p, "--root")
    add_places(p)
    p.add_argument("--max_samples", type=int, help="open only so many files, evenly spread")
    p.add_argument("--split", type=Path, help="a split as id,patient,part instead of the task's own rule")
    p.add_argument("--stats", action="store_true", help="amplitudes and spectra per lead, as a table and a picture")
    p.add_argument("--output", type=Path, default=Path("out/validation"), help="folder for what is written")
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when every recording could be read, 1 when one could not, 2 for a wrong command."""
    if options.data is None:
        raise ValueError("no folder of recordings: name one with --data, or by ECG_DATA")
    from classify.evaluation.data_report import write_report

    o = options
    places = {"base_path": o.base_path or "", "records": o.records or ""}
    text, readable = write_report(o.task, o.data, o.split, o.stats, o.output, o.max_samples, **places)
    print(text)
    return 0 if readable else 1


if __name__ == "__main__":
    sys.exit(main())
