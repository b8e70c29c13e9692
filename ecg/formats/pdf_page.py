"""A record on ECG paper as PDF: A4 across, to scale, one page for every ten seconds or so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg.files import InputError, atomic_path
from ecg.formats import identity
from ecg.formats.spans import runs
from ecg.layout import TEMPLATES, Layout, LeadBox, Template, template
from ecg.paper import FINE_LINE_MM, LINE_MM, PULSE_MV, PULSE_S, USUAL_MM_PER_MV, USUAL_MM_PER_S
from ecg.record import Record

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_PAGE_MM = (297.0, 210.0)
_GRID_MM = (10.0, 15.0, 290.0, 205.0)  # left, top, right, bottom
_PULSE_FOOT_MM, _PULSE_GAP_MM = 1.0, 2.0  # on both sides of the pulse, and between it and the traces
_TRACES_X_MM = 25.0
_TALLEST_ROW_MM = 30.0
_ROW_S = 10.0  # of a lead that has a row to itself
_PINK, _RED, _BLACK = (1.0, 0.87, 0.87), (0.96, 0.66, 0.66), (0.0, 0.0, 0.0)
_MOST_PAGES = 200


def write(
    record: Record,
    path: Path,
    layout: Template | str | None = None,
    mm_per_s: float = USUAL_MM_PER_S,
    mm_per_mv: float = USUAL_MM_PER_MV,
) -> None:
    """Draw the record; `layout` is by default the first that shows all of it, or one row for each lead.

    Raises InputError for a record without leads or samples, and for more pages than anyone prints.
    """
    from reportlab.lib.units import mm
    from reportlab.pdfgen.canvas import Canvas

    if not record.leads or not record.samples:
        raise InputError(f"{path}: this record is empty, so there is nothing to draw")
    chosen = template(layout) if isinstance(layout, str) else layout or fitting(record)
    page_s = chosen.column_s if chosen.simultaneous else chosen.duration_s
    widest_s = (_GRID_MM[2] - _TRACES_X_MM) / mm_per_s
    if chosen.duration_s > widest_s and not chosen.simultaneous:
        words = f"{chosen.duration_s:g} s at {mm_per_s:g} mm/s are wider than A4"
        raise InputError(f"{path}: {words}; choose a shorter layout or a lower speed")
    pages = int(np.ceil(record.duration_s / page_s - 1e-9))
    if pages > _MOST_PAGES:
        raise InputError(f"{path}: {record.duration_s:.0f} s make {pages} pages; cut out what is to be printed first")
    with atomic_path(path) as temporary:
        canvas = Canvas(str(temporary), pagesize=(_PAGE_MM[0] * mm, _PAGE_MM[1] * mm), invariant=1)
        canvas.setTitle("ECG")
        for page in range(pages):
            canvas.scale(mm, mm)
            placed = _placed(chosen, mm_per_s, mm_per_mv)
            _draw_page(canvas, record, placed, record.start_s + page * page_s, f"page {page + 1} of {pages}")
            canvas.showPage()
        canvas.save()


def fitting(record: Record) -> Template:
    """The first built-in layout that shows every sample of the record, and prints nothing empty; else rows of leads."""
    for candidate in TEMPLATES.values():
        if record.duration_s <= candidate.duration_s + 1e-6 and _shows_all(record, candidate.place()):
            return candidate
    return Template(f"{len(record.leads)}x1", tuple((lead,) for lead in record.leads), _ROW_S)


def _shows_all(record: Record, layout: Layout) -> bool:
    leads = {box.lead.removeprefix("-") for box in layout.boxes}
    if not leads <= set(record.leads):
        return False
    shown = np.zeros(record.signal_mv.shape, bool)
    for box in layout.boxes:
        row, inside = record.leads.index(box.lead.removeprefix("-")), _inside(record, box, record.start_s)
        if np.isnan(record.signal_mv[row, inside]).all():
            return False
        shown[row, inside] = True
    return bool((shown | np.isnan(record.signal_mv)).all())


def _inside(record: Record, box: LeadBox, start_s: float) -> np.ndarray:
    time_s = record.time_s - start_s
    return np.flatnonzero((time_s >= box.t0_s - 1e-9) & (time_s < box.t1_s - 1e-9))


def _placed(chosen: Template, mm_per_s: float, mm_per_mv: float) -> Layout:
    """The template in the middle of the grid, every 0 mV line on one of its lines."""
    _, top, _, bottom = _GRID_MM
    row_mm = min(_TALLEST_ROW_MM, (bottom - top) / chosen.row_count)
    first = top + (bottom - top - row_mm * (chosen.row_count - 1)) / 2
    lines = [float(round(first + row * row_mm)) for row in range(chosen.row_count)]
    return chosen.place((_TRACES_X_MM, top), row_mm, mm_per_s, mm_per_mv, lines)


# --- drawing; y runs upward in a PDF, downward in a layout ------------------------------------------------------------


def _draw_page(canvas: Canvas, record: Record, layout: Layout, start_s: float, page: str) -> None:
    _draw_grid(canvas)
    canvas.setStrokeColorRGB(*_BLACK)
    canvas.setFillColorRGB(*_BLACK)
    canvas.setLineWidth(0.2)
    canvas.setLineJoin(1)
    for row in layout.rows():
        _draw_pulse(canvas, layout, row[0].baseline_mm)
    canvas.setLineWidth(0.25)
    for box in layout.boxes:
        _draw_trace(canvas, record, layout, box, start_s)
    canvas.setFont("Helvetica", 3.5)
    for box in layout.boxes:
        canvas.drawString(box.box_mm[0] + 1, _PAGE_MM[1] - box.baseline_mm + min(8.0, _row_mm(box) / 2 - 2), box.lead)
    canvas.setFont("Helvetica", 3.0)
    scales = f"{layout.mm_per_s:g} mm/s   {layout.mm_per_mv:g} mm/mV"
    canvas.drawString(_GRID_MM[0], 2, scales)
    canvas.drawRightString(_GRID_MM[2], 2, page)
    canvas.drawString(_GRID_MM[0], _PAGE_MM[1] - 9, _heading(record, start_s))


def _row_mm(box: LeadBox) -> float:
    return box.box_mm[3] - box.box_mm[1]


def _heading(record: Record, start_s: float) -> str:
    """Who (where that was asked for on reading) and when."""
    who = [word for word in identity.of(record.meta) if word]
    when = str(record.meta.get("recorded_at", "")).replace("T", " ")
    return "   ".join([*who, when, f"from {start_s:g} s" if start_s else ""]).strip()


def _draw_grid(canvas: Canvas) -> None:
    left, top, right, bottom = _GRID_MM
    for colour, width, step in ((_PINK, 0.1, FINE_LINE_MM), (_RED, 0.2, LINE_MM)):
        canvas.setStrokeColorRGB(*colour)
        canvas.setLineWidth(width)
        for x in np.arange(left, right + step / 2, step):
            canvas.line(x, _PAGE_MM[1] - top, x, _PAGE_MM[1] - bottom)
        for y in np.arange(top, bottom + step / 2, step):
            canvas.line(left, _PAGE_MM[1] - y, right, _PAGE_MM[1] - y)


def _draw_pulse(canvas: Canvas, layout: Layout, baseline_mm: float) -> None:
    wide, high = PULSE_S * layout.mm_per_s, PULSE_MV * layout.mm_per_mv
    x = _TRACES_X_MM - _PULSE_GAP_MM - _PULSE_FOOT_MM * 2 - wide
    steps = [(0.0, 0.0), (_PULSE_FOOT_MM, 0.0), (_PULSE_FOOT_MM, high), (_PULSE_FOOT_MM + wide, high),
             (_PULSE_FOOT_MM + wide, 0.0), (2 * _PULSE_FOOT_MM + wide, 0.0)]  # fmt: skip
    _draw_line(canvas, np.array([(x + dx, baseline_mm - dy) for dx, dy in steps]))


def _draw_trace(canvas: Canvas, record: Record, layout: Layout, box: LeadBox, start_s: float) -> None:
    row, inside = record.leads.index(box.lead.removeprefix("-")), _inside(record, box, start_s)
    sign = -1 if box.lead.startswith("-") else 1
    mv = sign * record.signal_mv[row, inside].astype(np.float64)
    x = box.box_mm[0] + (record.time_s[inside] - start_s - box.t0_s) * layout.mm_per_s
    y = box.baseline_mm - mv * layout.mm_per_mv * box.gain
    for a, b in runs(~np.isnan(mv)):
        if b - a > 1:
            _draw_line(canvas, np.stack([x[a:b], y[a:b]], axis=-1))


def _draw_line(canvas: Canvas, points_mm: np.ndarray) -> None:
    path = canvas.beginPath()
    path.moveTo(points_mm[0, 0], _PAGE_MM[1] - points_mm[0, 1])
    for x, y in points_mm[1:].tolist():
        path.lineTo(x, _PAGE_MM[1] - y)
    canvas.drawPath(path)
