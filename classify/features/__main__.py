"""Features of recordings as a table: `python -m classify.features --input RECORD... --output features.csv`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from classify.features.catalog import ALL, NAMES, SIXTEEN
from ecg.formats.options import add_csv_options

SETS = {"core": NAMES, "sixteen": SIXTEEN, "all": ALL}


def write_table(
    paths: Sequence[str],
    output: Path,
    names: Sequence[str] = ALL,
    fs_hz: float | None = None,
    unit: str | None = None,
) -> int:
    """One row per recording: its path, then the features, an empty cell where there is no evidence.

    `fs_hz` and `unit` are for CSVs that do not say them.

    A recording that cannot be read is named on stderr and has no row; 1 if there was such a one, else 0.
    """
    from tqdm import tqdm

    from ecg.formats import find_records, write_text

    found = find_records(paths)
    shown = tqdm(found, desc="features", disable=not sys.stderr.isatty())
    rows = [_row(path, names, fs_hz, unit) for path in shown]
    lines = [",".join(["record", *names]), *(row for row in rows if row is not None)]
    write_text(output, "\n".join(lines) + "\n")
    return 1 if None in rows else 0


def _row(path: Path, names: Sequence[str], fs_hz: float | None, unit: str | None) -> str | None:
    from classify.features.measure import measure
    from ecg.formats import read
    from ecg.signal.plausibility import doubts_about

    try:
        record = read(path, fs_hz, unit)
        values = measure(record, names)
    except (OSError, ValueError) as error:
        print(f"error: {error}" if str(path) in str(error) else f"error: {path}: {error}", file=sys.stderr)
        return None
    for doubt in doubts_about(record):
        print(f"warning: {path}: {doubt}", file=sys.stderr)
    return ",".join([f'"{path}"', *("" if value != value else f"{value:.6g}" for value in values.tolist())])


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m classify.features", description="Medical features of recordings as CSV."
    )
    p.add_argument("--input", nargs="+", required=True, metavar="PATH", help="recordings: files, folders or patterns")
    p.add_argument("--output", type=Path, required=True, help="the CSV to write")
    p.add_argument("--set", choices=SETS, default="all", help="which features (default: all)")
    add_csv_options(p)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        return write_table(args.input, args.output, SETS[args.set], args.fs_hz, args.unit)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
