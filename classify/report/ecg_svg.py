"""A recording redrawn as vector graphics on ECG paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np

from ecg.leads import STANDARD
from ecg.record import Record, Recording

MM_PER_S, MM_PER_MV = 25.0, 10.0
COLUMN_S = 2.5
LONG_S = 8.0  # a lead printed this long can be the rhythm strip
SHOWN_S = 10.0
_ROW_MM, _LEFT_MM, _EDGE_MM = 25.0, 12.5, 5.0
_DENSE_ROW_MM = 17.5
_DRAW_FS_HZ = 250.0
_INK, _PALE = "#1d2433", "#98a2b3"


@dataclass(frozen=True)
class _Part:
    """A stretch of a lead and where it is drawn: its row's zero line and its left end."""

    lead: str
    start_s: float
    duration_s: float
    left_mm: float
    zero_mm: float


def sheet_svg(record: Recording) -> str:
    """The first ten seconds at 25 mm/s and 10 mm/mV: 3x4 with a rhythm strip, as it is usually printed.

    Where that would hide what was printed (another layout, a short recording), each lead has a row of its own.
    """
    shown = record.crop(record.start_s, min(record.duration_s, SHOWN_S)).select()
    parts = list(_three_rows(shown) if _fits_three_rows(shown) else _row_each(shown))
    width = _up_to_big_squares(_LEFT_MM + max(shown.duration_s, 5) * MM_PER_S + _EDGE_MM)
    height = _up_to_big_squares(max(part.zero_mm for part in parts) + _ROW_MM / 2)
    drawn = "".join(_draw(shown, part) for part in parts) + _pulses({part.zero_mm for part in parts})
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' role='img' "
        f"aria-label='signal at 25 mm/s and 10 mm/mV'>{_grid(width, height)}{drawn}"
        f"<text x='{width - 2:g}' y='{height - 1.5:g}' font-size='3' text-anchor='end' fill='#7a3b47' "
        "font-family='sans-serif'>25 mm/s  10 mm/mV</text></svg>"
    )


def rhythm_lead(record: Record) -> str | None:
    """The lead of the rhythm strip: II where it is long enough, else the longest that is; None without any."""
    seconds = {lead: np.isfinite(record[lead]).sum() / record.fs_hz for lead in record.leads}
    long = sorted(
        (lead for lead in seconds if seconds[lead] >= LONG_S), key=lambda lead: (lead != "II", -seconds[lead])
    )
    return long[0] if long else None


def _fits_three_rows(record: Record) -> bool:
    """Whether every lead that is printed at all is so for most of its column's time."""
    if record.duration_s < SHOWN_S:
        return False
    for k, lead in enumerate(STANDARD):
        there = np.isfinite(record[lead])
        first = round((k // 3) * COLUMN_S * record.fs_hz)
        mine = there[first : first + round(COLUMN_S * record.fs_hz)]
        if there.any() and mine.mean() < 0.8:
            return False
    return True


def _three_rows(record: Record) -> Iterator[_Part]:
    for k, lead in enumerate(STANDARD):
        column, row = divmod(k, 3)
        start_s = column * COLUMN_S
        yield _Part(lead, start_s, COLUMN_S, _LEFT_MM + start_s * MM_PER_S, _zero_mm(row, _ROW_MM))
    strip = rhythm_lead(record)
    if strip:
        yield _Part(strip, 0.0, SHOWN_S, _LEFT_MM, _zero_mm(3, _ROW_MM))


def _row_each(record: Record) -> Iterator[_Part]:
    for row, lead in enumerate(record.leads):
        yield _Part(lead, 0.0, record.duration_s, _LEFT_MM, _zero_mm(row, _DENSE_ROW_MM))


def _zero_mm(row: int, row_mm: float) -> float:
    return _EDGE_MM + row_mm * (row + 0.5)


def _draw(record: Record, part: _Part) -> str:
    """The name and the trace of one part, blank where nothing was printed."""
    name = _text(part.left_mm + 1, part.zero_mm - 7.5, 3.6, _INK, escape(part.lead))
    first = round(part.start_s * record.fs_hz)
    values = record[part.lead][first : first + round(part.duration_s * record.fs_hz)]
    path = _path(values, record.fs_hz, part.left_mm, part.zero_mm)
    if not path:
        return name + _text(part.left_mm + 8, part.zero_mm - 7.5, 3.0, _PALE, "nothing printed")
    edge = f"<path d='M{part.left_mm:g} {part.zero_mm - 4:g}v3M{part.left_mm:g} {part.zero_mm + 1:g}v3' " + (
        f"stroke='{_PALE}' stroke-width='0.3'/>" if part.start_s else "stroke='none'/>"
    )
    return f"{name}{edge}<path d='{path}' fill='none' stroke='{_INK}' stroke-width='0.3' stroke-linejoin='round'/>"


def _pulses(zeros_mm: set[float]) -> str:
    """A calibration pulse of 1 mV and 0.2 s before every row."""
    left = _LEFT_MM - 8.0
    paths = (f"M{left:g} {zero:g}h1.5v-{MM_PER_MV:g}h5v{MM_PER_MV:g}h1" for zero in sorted(zeros_mm))
    return f"<path d='{''.join(paths)}' fill='none' stroke='{_PALE}' stroke-width='0.3'/>"


def _text(x_mm: float, y_mm: float, size_mm: float, colour: str, words: str) -> str:
    place = f"x='{x_mm:g}' y='{y_mm:g}' font-size='{size_mm:g}'"
    return f"<text {place} font-family='sans-serif' fill='{colour}'>{words}</text>"


def _grid(width: float, height: float) -> str:
    fine = "<path d='M1 0H0V1' fill='none' stroke='#f7cdd3' stroke-width='0.12'/>"
    bold = "<path d='M5 0H0V5' fill='none' stroke='#ee9fab' stroke-width='0.25'/>"
    return (
        "<defs>"
        f"<pattern id='fine' width='1' height='1' patternUnits='userSpaceOnUse'>{fine}</pattern>"
        f"<pattern id='bold' width='5' height='5' patternUnits='userSpaceOnUse'>{bold}</pattern></defs>"
        f"<rect width='{width:g}' height='{height:g}' fill='#fff6f6'/>"
        f"<rect width='{width:g}' height='{height:g}' fill='url(#fine)'/>"
        f"<rect width='{width:g}' height='{height:g}' fill='url(#bold)'/>"
    )


def _path(values_mv: np.ndarray, fs_hz: float, left_mm: float, zero_mm: float) -> str:
    """SVG path data: one stroke per printed stretch; a fast recording is thinned, which 0.1 mm of paper hides."""
    step = max(1, round(fs_hz / _DRAW_FS_HZ))
    x = left_mm + np.arange(values_mv.size)[::step] / fs_hz * MM_PER_S
    y = zero_mm - values_mv[::step] * MM_PER_MV
    pieces, pen_down = [], False
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if b != b:
            pen_down = False
            continue
        pieces.append(f"{'L' if pen_down else 'M'}{a:.2f} {b:.2f}")
        pen_down = True
    return "".join(pieces)


def _up_to_big_squares(length_mm: float) -> float:
    return float(np.ceil(length_mm / 5) * 5)
