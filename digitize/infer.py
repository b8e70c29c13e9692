"""Digitize pictures of ECGs: `python -m digitize.infer --image scan.png --output out/`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecg.cli import (
    add_checkpoint,
    add_corners,
    add_engine,
    add_formats,
    add_images,
    add_output,
    add_overwrite,
    add_page_options,
    command_parser,
    entry,
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.infer")
    add_images(made)
    add_output(made, "out", "a folder, or one .csv, .hea, .json, .dcm ... file")
    add_formats(made)
    add_overwrite(made)
    add_page_options(made)
    add_corners(made)
    what = "JSON with what is known better about some pages"
    made.add_argument("--corrections", type=Path, metavar="FILE", help=what)
    what = "the pages are one recording that goes on from page to page, in the order given: write it as one, too"
    made.add_argument("--join", action="store_true", help=what)
    add_engine(made)
    add_checkpoint(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when every page was read, 1 when one failed, 2 for a wrong command."""
    from digitize.inference import infer, report_count, report_line

    given = vars(options)
    checkpoint = given.pop("checkpoint")
    if checkpoint:
        from digitize.evaluation.checkpoint_review import digitizer_of

        given["digitizer"] = digitizer_of(checkpoint, options.device, options.engine)
    return report_count(infer(**given, tell=report_line))


if __name__ == "__main__":
    sys.exit(main())
