"""What a CSV may leave unsaid, as options of a command line."""

from __future__ import annotations

import argparse

from ecg.formats import rates


def add_csv_options(parser: argparse.ArgumentParser) -> None:
    """`--fs_hz` and `--unit`, as `ecg.formats.read` takes them."""
    what = "sampling rate of CSV recordings that have no column time_s, or a CSV table id,fs with the rate of each"
    parser.add_argument("--fs_hz", type=_rates, metavar="HZ", help=what)
    parser.add_argument("--unit", choices=("mV", "uV"), help="unit of CSV recordings (default: mV)")


def _rates(text: str) -> float | dict[str, float]:
    try:
        return rates.rates(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
