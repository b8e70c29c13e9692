"""Recordings of any readable format into any that is written: `python -m ecg.convert IN... --to FORMAT`."""

from __future__ import annotations

import argparse
import sys

from ecg.cli import add_csv_options, add_output, add_overwrite, command_parser, entry


def parser() -> argparse.ArgumentParser:
    made = command_parser("ecg.convert")
    made.add_argument("inputs", nargs="+", metavar="IN", help="recordings: files, folders or patterns")
    made.add_argument("--to", required=True, metavar="FORMAT", help="wfdb, csv, dicom, aecg, edf, fhir, pdf ...")
    add_output(made, "out", "folder for the recordings, or one file for one recording")
    add_overwrite(made)
    made.add_argument("--layout", help="of a PDF page: 3x4+1, 12x1 ... (default: one that shows all)")
    what = "also write what a file says of its patient: name, number, birth date (default: never)"
    made.add_argument("--keep_identity", action="store_true", help=what)
    add_csv_options(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when everything was converted, 1 when an input failed, 2 for a wrong command."""
    from ecg.formats.conversion import convert

    return convert(**vars(options))


if __name__ == "__main__":
    sys.exit(main())
