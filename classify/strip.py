"""A recording redrawn as vector graphics on ECG paper."""

from __future__ import annotations

from html import escape

import numpy as np

from ecg.record import Record

MM_PER_S, MM_PER_MV = 25.0, 10.0
_ROW_MM, _LEFT_MM = 17.5, 12.5
_SHOWN_S = 10.0
_DRAW_FS_HZ = 250.0
_NOT_PRINTED = "nothing printed"


def strip_svg(record: Record) -> str:
    """The leads below each other at 25 mm/s and 10 mm/mV on a pink grid; blank where nothing was printed."""
    shown = record.crop(record.start_s, min(record.duration_s, _SHOWN_S))
    width = _up_to_big_squares(_LEFT_MM + shown.duration_s * MM_PER_S + 5)
    height = _up_to_big_squares(_ROW_MM * len(shown.leads) + 5)
    rows = [_row(shown, lead, 5 + _ROW_MM * (k + 0.5)) for k, lead in enumerate(shown.leads)]
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' role='img' "
        f"aria-label='signal at 25 mm/s and 10 mm/mV'>{_grid(width, height)}{''.join(rows)}"
        f"<text x='{width - 2:g}' y='{height - 1.5:g}' font-size='3' text-anchor='end' fill='#7a3b47' "
        "font-family='sans-serif'>25 mm/s  10 mm/mV</text></svg>"
    )


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


def _row(record: Record, lead: str, zero_mm: float) -> str:
    name = (
        f"<text x='2' y='{zero_mm + 1.4:g}' font-size='4' font-family='sans-serif' fill='#1d2433'>{escape(lead)}</text>"
    )
    path = _path(record[lead], record.fs_hz, zero_mm)
    if not path:
        return name + (
            f"<text x='{_LEFT_MM:g}' y='{zero_mm + 1.2:g}' font-size='3.2' font-family='sans-serif' "
            f"fill='#98a2b3'>{_NOT_PRINTED}</text>"
        )
    return name + (
        f"<path d='{path}' fill='none' stroke='#1d2433' stroke-width='0.3' stroke-linejoin='round' "
        "stroke-linecap='round'/>"
    )


def _path(values_mv: np.ndarray, fs_hz: float, zero_mm: float) -> str:
    """SVG path data: one stroke per printed stretch; a fast recording is thinned, which 0.1 mm of paper hides."""
    step = max(1, round(fs_hz / _DRAW_FS_HZ))
    x = _LEFT_MM + np.arange(values_mv.size)[::step] / fs_hz * MM_PER_S
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
