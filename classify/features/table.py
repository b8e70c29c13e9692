"""The features of recordings as one CSV."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from classify.features.catalog import ALL, NAMES, SIXTEEN
from classify.features.extraction import measure
from ecg.formats import find_records, read, write_text
from ecg.formats.rates import Rates, known_rates, rate_of
from ecg.signal.plausibility import doubts_about

SETS = {"core": NAMES, "sixteen": SIXTEEN, "all": ALL}


def write_table(
    input: Sequence[str],
    output: Path,
    set: str = "all",
    fs_hz: str | Rates = None,
    unit: str | None = None,
) -> int:
    """One row per recording: its path, then the features, an empty cell where there is no evidence.

    `fs_hz` and `unit` are for CSVs that do not say them. A recording that cannot be read is named on stderr and has no
    row; 1 if there was such a one, else 0.
    """
    names, rates = SETS[set], known_rates(fs_hz)
    shown = tqdm(find_records(input), desc="features", disable=not sys.stderr.isatty())
    rows = [_row(path, names, rates, unit) for path in shown]
    lines = [",".join(["record", *names]), *(row for row in rows if row is not None)]
    write_text(output, "\n".join(lines) + "\n")
    return 1 if None in rows else 0


def _row(path: Path, names: Sequence[str], rates: Rates, unit: str | None) -> str | None:
    try:
        record = read(path, rate_of(rates, path), unit)
        values = measure(record, names)
    except (OSError, ValueError) as error:
        print(f"error: {error}" if str(path) in str(error) else f"error: {path}: {error}", file=sys.stderr)
        return None
    for doubt in doubts_about(record):
        print(f"warning: {path}: {doubt}", file=sys.stderr)
    return ",".join([f'"{path}"', *("" if value != value else f"{value:.6g}" for value in values.tolist())])
