"""Sampling rates of recordings that do not say theirs: one for all, or a table `id,fs`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Rates: TypeAlias = float | Mapping[str, float] | None  # for all, by the name of each recording, or not known

_ID = ("id", "record", "name", "filename")
_FS = ("fs", "fs_hz", "sampling_rate", "frequency")


def rate_of(rates: Rates, path: Path) -> float | None:
    """The rate in Hz of one recording; None where nothing is said of it."""
    return rates.get(path.stem) if isinstance(rates, Mapping) else rates


def known_rates(said: str | Rates) -> Rates:
    """What an option says: a rate in Hz, the name of a table, or what is known already. Raises ValueError in words."""
    if not isinstance(said, str):
        return said
    try:
        return float(said)
    except ValueError:
        return read_rates(Path(said))


def read_rates(table: Path) -> dict[str, float]:
    """The rates in Hz by recording of a CSV with the columns `id`, a name with its suffix or without, and `fs`."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            columns = {name.strip().lower(): name for name in reader.fieldnames or ()}
            found = [next((columns[name] for name in names if name in columns), None) for names in (_ID, _FS)]
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{table}: neither a rate in Hz nor a table id,fs that can be read ({error})") from error
    if None in found:
        raise ValueError(f"{table}: expected a table with the columns id and fs, got {', '.join(columns) or 'nothing'}")
    made: dict[str, float] = {}
    for row in rows:
        name, rate_hz = (str(row[column] or "").strip() for column in found if column)
        try:
            made[Path(name).stem] = _positive(float(rate_hz))
        except ValueError as error:
            raise ValueError(f"{table}: {name}: expected a rate in Hz, got {rate_hz!r}") from error
    return made


def _positive(value: float) -> float:
    if not 0 < value < float("inf"):
        raise ValueError(value)
    return value
