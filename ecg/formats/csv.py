"""CSV: a header line `time_s,I,II,...`, then one line per sample; mV, an empty cell where nothing is printed."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from pathlib import Path

import numpy as np

from ecg.files import InputError, write_text
from ecg.formats.checks import RATES_HZ
from ecg.formats.csv_table import MV_PER_UNIT, S_PER_UNIT, Column, heads, read_table
from ecg.leads import is_known
from ecg.record import Record

TIME = "time_s"
_LARGEST_PLAUSIBLE_MV = 50.0  # ten times the tallest QRS; a file in uV or in raw counts exceeds it


def read(path: str | Path, fs_hz: float | None = None, unit: str | None = None, placed: bool = True) -> Record:
    """Read a record; `fs_hz` is needed when there is no column of times, `unit` (mV, uV, V) when it is not mV.

    Raises InputError for an unknown column or unit, uneven times, a cell that is no number, a rate that is missing or
    contradicts the times, and for values no ECG in mV can have while no unit is stated. With `placed` False ECG
    channels at no stated place of the twelve (ECG1 ...) are read as well.
    """
    table = read_table(Path(path))
    leads = [k for k, each in enumerate(table.columns) if each.kind == "lead"]
    columns = [table.columns[k] for k in leads]
    if placed and not all(is_known(each.name) for each in columns):
        raise InputError(f"{path}: expected leads out of the twelve; got {', '.join(each.name for each in columns)}")
    first = table.columns[0]
    rate_hz, start_s = _rate(path, first, table.values[:, 0], fs_hz) if first.kind == "time" else (fs_hz, 0.0)
    if rate_hz is None:
        raise InputError(f"{path}: no column {TIME}, so the sampling rate must be given (fs_hz=, --fs_hz)")
    values = table.values[:, leads]
    signal_mv = (values * _scales(path, columns, values, unit)).T
    return Record(signal_mv, rate_hz, tuple(each.name for each in columns), start_s, {"source": Path(path).stem})


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
    kinds = [each.kind for each in heads(Path(path))]
    return "lead" in kinds and "other" not in kinds


def _times(record: Record) -> list[str]:
    decimals = _decimals(record.time_s)
    return [f"{t:.{decimals}f}" for t in record.time_s]


def _decimals(times_s: np.ndarray) -> int:
    """The fewest decimals (3 to 7) that state the times exactly; milliseconds do at 250, 500 and 1000 Hz."""
    exact = (d for d in range(3, 7) if np.abs(times_s - np.round(times_s, d)).max(initial=0) < 1e-9)
    return next(exact, 7)


def _rate(path: str | Path, head: Column, times: np.ndarray, asked_hz: float | None) -> tuple[float, float]:
    """(fs_hz, start_s) from the column of times, which must be even to a quarter of a sample."""
    steps, times_s = np.arange(len(times)), times * S_PER_UNIT[head.unit or "s"]
    if len(times_s) < 2 or not np.isfinite(times_s).all() or times_s[-1] <= times_s[0]:
        raise InputError(f"{path}: {head.name} must hold at least two increasing times")
    since_s = times_s - times_s[0]
    found = steps[-1] / since_s[-1]
    if np.abs(since_s * found - steps).max() > 0.25:
        line = int(np.abs(np.diff(since_s) * found - 1).argmax()) + 3
        raise InputError(f"{path}: {head.name} is not evenly spaced (look near line {line}); resample it first")
    _refuse_other_unit(path, head, found)
    if asked_hz is not None and np.abs(since_s * asked_hz - steps).max() > 0.25:
        raise InputError(f"{path}: {head.name} says {found:.6g} Hz, but fs_hz={asked_hz:g} was given")
    # The text is rounded, the clock is usually not: take the rounder rate that the same text would come from.
    rounding_s = 10.0 ** -_decimals(times_s)
    round_rates = (r for r in (round(found), round(found, 2)) if r and np.abs(since_s - steps / r).max() <= rounding_s)
    return float(asked_hz or next(round_rates, found)), float(times_s[0])


def _refuse_other_unit(path: str | Path, head: Column, found_hz: float) -> None:
    low, high = RATES_HZ
    for factor, unit in ((1000, "ms"), (1_000_000, "us"), (0.001, "s")):
        if not low <= found_hz <= high and low <= found_hz * factor <= high:
            hint = f"is it in {unit}? Then name it time_{unit}"
            raise InputError(f"{path}: {head.name} says {found_hz:.6g} Hz, which no ECG has; {hint}")


def _scales(path: str | Path, columns: Sequence[Column], values: np.ndarray, unit: str | None) -> np.ndarray:
    """mV for one of each column's unit: the head's, else the one that was given, else mV."""
    if unit is not None and unit not in MV_PER_UNIT:
        raise ValueError(f"unknown unit {unit!r}: expected one of {', '.join(MV_PER_UNIT)}")
    for column in columns:
        if unit and column.unit and column.unit != unit:
            raise InputError(f"{path}: {column.name} is in {column.unit}, but unit={unit!r} was given")
    largest = np.abs(values[np.isfinite(values)]).max(initial=0.0)
    if unit is None and not any(column.unit for column in columns) and largest > _LARGEST_PLAUSIBLE_MV:
        raise InputError(f"{path}: values up to {largest:g} are no ECG in mV; state the unit (unit='uV', --unit uV)")
    return np.array([MV_PER_UNIT[column.unit or unit or "mV"] for column in columns])
