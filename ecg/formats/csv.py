"""CSV: a header line `time_s,I,II,...`, then one line per sample; mV, an empty cell where nothing is printed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from math import isnan
from pathlib import Path

import numpy as np

from ecg.files import write_text
from ecg.leads import STANDARD, is_known
from ecg.record import Record

TIME = "time_s"
_MV_PER_UNIT = {"mV": 1.0, "uV": 1e-3}
_LARGEST_PLAUSIBLE_MV = 50.0  # ten times the tallest QRS; a file in uV or in raw counts exceeds it


def read(path: str | Path, fs_hz: float | None = None, unit: str | None = None) -> Record:
    """Read a record; `fs_hz` is needed when there is no time_s column, `unit` ("mV" or "uV") when it is not mV.

    Raises ValueError for an unknown column or unit, an uneven time column, a cell that is no number, a rate that is
    missing or contradicts the time column, and for values no ECG in mV can have while no unit is given.
    """
    columns, table = _table(Path(path))
    has_time = columns[0] == TIME
    rate_hz, start_s = _rate(path, table[:, 0], fs_hz) if has_time else (fs_hz, 0.0)
    if rate_hz is None:
        raise ValueError(f"{path}: no column {TIME}, so the sampling rate must be given (fs_hz=, --fs_hz)")
    signal_mv = table[:, has_time:].T * _scale(path, table[:, has_time:], unit)
    return Record(signal_mv, rate_hz, tuple(columns[has_time:]), start_s, {"source": Path(path).stem})


def write(record: Record, path: str | Path) -> None:
    """Write a record in mV with four decimals; `meta` is not kept."""
    times = _times(record)
    rows = np.round(record.signal_mv.T.astype(np.float64), 4) + 0.0  # + 0.0 turns -0.0 over
    lines = [",".join([TIME, *record.leads])]
    for time, row in zip(times, rows.tolist(), strict=True):
        lines.append(",".join([time, *("" if isnan(v) else f"{v:.4f}" for v in row)]))
    write_text(path, "\n".join(lines) + "\n")


def is_signal(path: str | Path) -> bool:
    """Whether the first line is the header of such a file (a folder of recordings often holds other tables too)."""
    with Path(path).open(encoding="utf-8-sig", errors="replace") as file:
        names = [name.strip() for name in file.readline().split(",")]
    return all(name == TIME or is_known(name) for name in names)


def _times(record: Record) -> list[str]:
    decimals = _decimals(record.time_s)
    return [f"{t:.{decimals}f}" for t in record.time_s]


def _decimals(times_s: np.ndarray) -> int:
    """The fewest decimals (3 to 7) that state the times exactly; milliseconds do at 250, 500 and 1000 Hz."""
    exact = (d for d in range(3, 7) if np.abs(times_s - np.round(times_s, d)).max(initial=0) < 1e-9)
    return next(exact, 7)


def _table(path: Path) -> tuple[list[str], np.ndarray]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [line for line in csv.reader(file) if line]
    if len(lines) < 2:
        raise ValueError(f"{path}: expected a header line and at least one sample")
    columns = [name.strip() for name in lines[0]]
    unknown = [name for i, name in enumerate(columns) if not (is_known(name) or (i == 0 and name == TIME))]
    if unknown or columns == [TIME]:
        wanted = f"{TIME} (first, or absent) and leads out of {', '.join(STANDARD)}"
        raise ValueError(f"{path}: expected a first line with the columns {wanted}; got {', '.join(columns)}")
    return columns, np.array([_numbers(path, i, line, len(columns)) for i, line in enumerate(lines[1:], start=2)])


def _numbers(path: Path, number: int, line: Sequence[str], count: int) -> list[float]:
    if len(line) != count:
        raise ValueError(f"{path}, line {number}: expected {count} cells, got {len(line)}")
    try:
        return [float(cell) if cell.strip() else float("nan") for cell in line]
    except ValueError as error:
        raise ValueError(f"{path}, line {number}: {error}; expected numbers, empty where nothing is known") from error


def _rate(path: str | Path, times_s: np.ndarray, asked_hz: float | None) -> tuple[float, float]:
    """(fs_hz, start_s) from the time column, which must be even to a quarter of a sample."""
    steps = np.arange(len(times_s))
    if len(times_s) < 2 or not np.isfinite(times_s).all() or times_s[-1] <= times_s[0]:
        raise ValueError(f"{path}: {TIME} must hold at least two increasing times in seconds")
    since_s = times_s - times_s[0]
    found = steps[-1] / since_s[-1]
    if np.abs(since_s * found - steps).max() > 0.25:
        line = int(np.abs(np.diff(since_s) * found - 1).argmax()) + 3
        raise ValueError(f"{path}: {TIME} is not evenly spaced (look near line {line}); resample it first")
    if asked_hz is not None and np.abs(since_s * asked_hz - steps).max() > 0.25:
        raise ValueError(f"{path}: {TIME} says {found:.6g} Hz, but fs_hz={asked_hz:g} was given")
    # The text is rounded, the clock is usually not: take the rounder rate that the same text would come from.
    rounding_s = 10.0 ** -_decimals(times_s)
    round_rates = (r for r in (round(found), round(found, 2)) if r and np.abs(since_s - steps / r).max() <= rounding_s)
    return float(asked_hz or next(round_rates, found)), float(times_s[0])


def _scale(path: str | Path, values: np.ndarray, unit: str | None) -> float:
    if unit is not None and unit not in _MV_PER_UNIT:
        raise ValueError(f"unknown unit {unit!r}: expected one of {', '.join(_MV_PER_UNIT)}")
    largest = np.abs(values[np.isfinite(values)]).max(initial=0.0)
    if unit is None and largest > _LARGEST_PLAUSIBLE_MV:
        raise ValueError(f"{path}: values up to {largest:g} are no ECG in mV; state the unit (unit='uV', --unit uV)")
    return _MV_PER_UNIT[unit or "mV"]
