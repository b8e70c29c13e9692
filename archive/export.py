"""Recordings out of an archive, in any format: `python -m archive export OUT --format wfdb dicom --output FOLDER`."""

from __future__ import annotations

import argparse
import sys

from ecg.cli import add_formats, add_output, add_overwrite, command_parser, entry


def parser() -> argparse.ArgumentParser:
    p = command_parser("archive.export")
    p.add_argument("archive", metavar="OUT", help="what `python -m archive IN OUT` wrote")
    add_formats(p)
    what = "only rows for which this holds: \"confidence > 0.9 and layout == '3x4+1'\""
    p.add_argument("--where", dest="condition", default="", metavar="CONDITION", help=what)
    add_output(p, "exported")
    add_overwrite(p)
    return p


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when all was written, 1 when a recording could not be, 2 for a wrong command."""
    from archive.selection.exporting import export

    return export(**vars(options))


if __name__ == "__main__":
    sys.exit(main())
