"""The table of a CSV, however a program wrote it: separator, decimal comma, units in the head, an index column."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path

import numpy as np

from ecg.files import InputError
from ecg.formats.checks import some
from ecg.leads import STANDARD, is_known, unplaced

MV_PER_UNIT = {"mV": 1.0, "uV": 1e-3, "V": 1e3}
S_PER_UNIT = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_UNITS = {"mv": "mV", "uv": "uV", "µv": "uV", "μv": "uV", "v": "V", "s": "s", "sec": "s", "seconds": "s", "ms": "ms",
          "us": "us", "µs": "us"}  # fmt: skip
_BRACKETS = re.compile(r"(?P<name>.*?)\s*[\[(]\s*(?P<unit>[^\])]*?)\s*[\])]")
_SUFFIX = re.compile(r"(?P<name>.+?)[_ ](?P<unit>mV|uV|µV|μV|s|ms|us)", re.IGNORECASE)
_TIMES = {"time": "", "t": "", "elapsed time": "", "seconds": "s", "sec": "s", "ms": "ms", "milliseconds": "ms"}
_INDICES = {
    "",
    "index",
    "idx",
    "sample",
    "samples",
    "sample #",
    "sample number",
    "sample_number",
    "unnamed: 0",
    "#",
    "n",
}
_NOTHING = {"", "nan", "na", "n/a", "null", "none"}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf(inity)?", re.IGNORECASE)
_SEPARATORS = (";", "\t", ",", "|")
_SHOWN = 40  # letters of a cell in a message


@dataclass(frozen=True)
class Column:
    """What a head says: a "time", an "index", a "lead" by `name` or "other"; `unit` is "" where it is not stated."""

    kind: str
    name: str
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """Columns and their values, float64 [sample, column]; NaN in an empty cell."""

    columns: tuple[Column, ...]
    values: np.ndarray


def column(head: str) -> Column:
    """What the head of a column says."""
    text = head.strip().strip("'\"").strip()
    found = _BRACKETS.fullmatch(text) or _SUFFIX.fullmatch(text)
    unit = _UNITS.get(found["unit"].lower(), "") if found else ""
    name = found["name"] if found and unit else text
    if name.lower() in _TIMES and unit not in MV_PER_UNIT:
        return Column("time", text, unit or _TIMES[name.lower()])
    if unit not in S_PER_UNIT and (is_known(name) or unplaced(name)):
        return Column("lead", name, unit)
    return Column("index" if text.lower() in _INDICES else "other", text)


def heads(path: Path) -> list[Column]:
    """The columns by the first line alone."""
    with path.open("rb") as file:
        first = _decoded(file.readline(1 << 16))
    lines = first.splitlines()[:1]
    return [column(cell) for cell in _cells(lines, _separator(lines[0]))[0]] if lines and lines[0].strip() else []


def read_table(path: Path) -> Table:
    """Read a table. Raises InputError with what was expected and what is there."""
    lines = [line for line in _decoded(path.read_bytes()).splitlines() if line.strip() and line[0] != "#"]
    while lines and not lines[-1].strip(" \t,;"):  # what a spreadsheet leaves below; elsewhere it is an empty sample
        lines.pop()
    while lines and not lines[0].strip(" \t,;"):
        del lines[0]
    if lines and re.fullmatch(r"sep=.", lines[0].strip()):  # Excel's own first line
        lines = lines[1:]
    if len(lines) < 2:
        raise InputError(f"{path}: expected a header line and at least one sample")
    separator = _separator(lines[0])
    try:
        rows = _cells(lines, separator)
    except csv.Error as error:
        raise InputError(f"{path}: not a table ({error}); look for a quotation mark that is not closed") from error
    columns = tuple(column(cell) for cell in rows[0])
    _refuse_other_columns(path, columns, rows)
    first = 1
    if len(rows) > 2 and all(map(_is_unit, rows[1])):  # as rdsamp writes
        columns, first = tuple(_with_unit(*pair) for pair in zip(columns, rows[1], strict=False)), 2
    read = _reader(separator)
    values = np.array([_numbers(path, k, row, columns, read) for k, row in enumerate(rows[first:], start=first + 1)])
    table = _without_index(path, Table(columns, values))
    if table.columns[0].kind != "time":
        return table
    return replace(table, values=table.values[~np.isnan(table.values).all(1)])  # a line without a time is no sample


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _separator(first: str) -> str:
    """The character that most often stands between the heads."""
    return max(_SEPARATORS, key=lambda each: first.count(each)) if any(s in first for s in _SEPARATORS) else ","


def _cells(lines: Sequence[str], separator: str) -> list[list[str]]:
    return list(csv.reader(lines, delimiter=separator))


def _refuse_other_columns(path: Path, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    firsts = [row[0] for row in rows[:40] if row]
    if sum(is_known(cell.strip()) for cell in firsts) > 1:
        raise InputError(f"{path}: leads stand in rows; transpose it, so that each is a column with its name on top")
    kinds = [c.kind for c in columns]
    times = kinds.count("time")
    misplaced = times > 1 or (times and "lead" in kinds[: kinds.index("time")]) or "index" in kinds[1:]
    if "lead" not in kinds or "other" in kinds or misplaced:
        wanted = f"time_s (first, or absent) and leads out of {', '.join(STANDARD)}, separated by commas"
        got = some([c.name[:_SHOWN] for c in columns])
        raise InputError(f"{path}: expected a first line with the columns {wanted}; got {got}")


def _with_unit(head: Column, cell: str) -> Column:
    unit = _UNITS.get(cell.strip().strip("'\"()[]").lower(), "")
    return Column(head.kind, head.name, head.unit or unit)


def _reader(separator: str) -> Callable[[str], float]:
    """How a cell becomes a number: with a decimal comma too where commas do not separate."""

    def number(cell: str) -> float:
        text = cell.strip().strip("'\"").strip()
        if separator != "," and "." not in text:
            text = text.replace(",", ".", 1)
        if text.lower() in _NOTHING:
            return nan
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{cell.strip()[:_SHOWN]!r} is no number")
        return float(text)

    return number


def _is_unit(cell: str) -> bool:
    text = cell.strip().strip("'\"()[]").lower()
    return text in _UNITS or text.startswith(("hh:", "h:", "m:", "mm:"))


def _numbers(
    path: Path, line: int, cells: Sequence[str], columns: Sequence[Column], read: Callable[[str], float]
) -> list[float]:
    if len(cells) != len(columns):
        hint = "; decimal commas need semicolons between the cells" if len(cells) == 2 * len(columns) else ""
        raise InputError(f"{path}, line {line}: expected {len(columns)} cells, got {len(cells)}{hint}")
    try:
        return [
            _clock_s(cell) if c.kind == "time" and ":" in cell else read(cell)
            for cell, c in zip(cells, columns, strict=True)
        ]
    except ValueError as error:
        raise InputError(f"{path}, line {line}: {error}; expected numbers, empty where nothing is known") from error


def _clock_s(cell: str) -> float:
    """Seconds of h:mm:ss.fff or m:ss.fff."""
    total = 0.0
    for part in cell.strip().strip("'\"").split(":"):
        if not _NUMBER.fullmatch(part.strip()):
            raise ValueError(f"{cell.strip()[:_SHOWN]!r} is no time")
        total = 60 * total + float(part)
    return total


def _without_index(path: Path, table: Table) -> Table:
    """The table without a first column that only counts the samples."""
    if table.columns[0].kind != "index":
        return table
    if not (np.diff(table.values[:, 0]) == 1).all():
        name = table.columns[0].name or "which has no name"
        raise InputError(f"{path}: the first column, {name}, does not count the samples; name it (time_s, a lead)")
    return Table(table.columns[1:], table.values[:, 1:])
