"""What a CSV may leave unsaid, as options of a command line."""

from __future__ import annotations

import argparse


def add_csv_options(parser: argparse.ArgumentParser) -> None:
    """`--fs_hz` and `--unit`, as `ecg.formats.read` takes them."""
    parser.add_argument("--fs_hz", type=float, help="sampling rate of recordings that do not state it")
    parser.add_argument("--unit", choices=("mV", "uV", "V"), help="unit of CSV recordings (default: mV)")
