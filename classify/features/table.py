"""The features of recordings as one CSV."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from classify.features.catalog import ALL, NAMES, SIXTEEN
from classify.features.extraction import measure
from ecg.files import check_writable, csv_text, named, refuse_input, write_text
from ecg.formats import find_records, read
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
    row; 1 if there was such a one, else 0. An interrupted run leaves the rows so far.
    """
    names, rates = SETS[set], known_rates(fs_hz)
    files = find_records(input)
    refuse_input(output, files)
    check_writable(output.parent)
    rows: list[dict[str, object] | None] = []
    try:
        for path in tqdm(files, desc="features", disable=not sys.stderr.isatty()):
            rows.append(_row(path, names, rates, unit))
    finally:
        if rows:
            write_text(output, csv_text([row for row in rows if row is not None], ["record", *names]))
    return 1 if None in rows else 0


def _row(path: Path, names: Sequence[str], rates: Rates, unit: str | None) -> dict[str, object] | None:
    try:
        record = read(path, rate_of(rates, path), unit, placed=False)
        values = measure(record, names)
    except Exception as error:  # one file that hits a bug must not cost the rest of the batch
        print(f"error: {named(error, path)}", file=sys.stderr)
        return None
    for note in (*record.notes, *doubts_about(record)):
        print(f"warning: {path}: {note.text}", file=sys.stderr)
    figures = ("" if value != value else f"{value:.6g}" for value in values.tolist())
    return {"record": str(path.absolute()), **dict(zip(names, figures, strict=True))}
