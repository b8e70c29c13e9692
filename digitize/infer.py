"""Digitize pictures of ECGs: `python -m digitize.infer --image scan.png --output out/`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import add_engine, add_images, add_output, add_overwrite, add_page_options, command_parser, entry


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.infer")
    add_images(made)
    add_output(made, "out", "a folder, or one .csv, .hea or .json file")
    add_overwrite(made)
    add_page_options(made)
    what = "JSON with what is known better about some pages"
    made.add_argument("--corrections", type=Path, metavar="FILE", help=what)
    add_engine(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when every page was read, 1 when one failed, 2 for a wrong command."""
    from digitize.inference import infer, report_count, report_line

    return report_count(infer(**vars(options), tell=report_line))


if __name__ == "__main__":
    sys.exit(main())
