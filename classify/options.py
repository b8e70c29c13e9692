"""The options that the commands of this package share."""

from __future__ import annotations

import argparse
from pathlib import Path

from classify.tasks import TASKS
from classify.weights import DEFAULT
from ecg.cli import add_csv_options, add_engine, add_overwrite, add_page_options


def add_case_options(parser: argparse.ArgumentParser) -> None:
    """What to diagnose, with which weights, and what is known of the pages or of CSVs."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--image", nargs="+", default=[], metavar="PATH", help="pages: files, folders or patterns")
    what.add_argument("--record", nargs="+", default=[], metavar="PATH", help="recordings in any format that is read")
    parser.add_argument("--output", default="out", help="folder for the results (default: out)")
    add_overwrite(parser)
    add_weights(parser)
    add_page_options(parser)
    add_engine(parser)
    add_csv_options(parser)


def add_places(parser: argparse.ArgumentParser) -> None:
    """`--base_path` and `--records`: where recordings lie beside their table, and which of them are taken."""
    what = "folder in which the paths of a table start (default: that of the table)"
    parser.add_argument("--base_path", metavar="FOLDER", help=what)
    parser.add_argument("--records", metavar="100-180", help="which recordings of single beats (default: DS1 and DS2)")


def add_weights(parser: argparse.ArgumentParser, also: str = "") -> None:
    what = f"a .safetensors file with its .json beside it{also} (default: the shipped ones)"
    parser.add_argument("--weights", type=Path, default=DEFAULT, help=what)


def add_task(parser: argparse.ArgumentParser, what: str, default: str | None = "", required: bool = False) -> None:
    parser.add_argument("--task", choices=sorted(TASKS), default=default, required=required, help=what)
