"""Which trace of a drawn page is which lead and when it begins: by its name, by its curve, by the usual order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitize.errors import NotVector
from digitize.vector.curves import Curve
from ecg.layout import TEMPLATES, Template
from ecg.notes import Note
from ecg.page import FS_HZ

_COLUMNS_S = (1.25, 2.5, 3.0, 5.0, 10.0)
NEAR = 0.03  # a column is as long as a usual one when it differs by no more
_LAG_S, _ALIKE = 0.12, 0.97  # a rhythm strip is the lead with which it correlates so well after so small a shift


def lead_names(
    rows: Sequence[Sequence[Curve]], printed: Sequence[str | None], given: Template | None, speed: float
) -> tuple[list[str], tuple[Note, ...]]:
    """The lead of every trace, row by row, and notes where it is not printed there. Raises NotVector."""
    shape = [len(row) for row in rows]
    fitting = [t for t in ([given] if given else TEMPLATES.values()) if shape_of(t) == shape]
    if given and not fitting:
        raise NotVector(f"the file draws rows of {listed(shape)} traces, which is not {given.name}")
    if given:
        return cells_of(given), ()
    names, notes = _with_strips(rows, list(printed), speed)
    missing = names.count(None)
    if not missing:
        return _distinct(rows, [name for name in names if name]), notes
    if not fitting or missing > len(names) / 2:
        raise NotVector(f"the file draws rows of {listed(shape)} traces, {missing} of them without a lead's name")
    best = max(fitting, key=lambda t: sum(a == b for a, b in zip(cells_of(t), names, strict=True)))
    filled = [usual if name is None else name for usual, name in zip(cells_of(best), names, strict=True)]
    text = f"{missing} traces are not named: they are taken from the usual order of {best.name}; check them"
    return _distinct(rows, filled), (*notes, Note("names-assumed", text))


def _with_strips(
    rows: Sequence[Sequence[Curve]], names: list[str | None], speed: float
) -> tuple[list[str | None], tuple[Note, ...]]:
    """The names with those of unnamed rhythm strips, each the lead whose curve it repeats."""
    starts, _ = starts_s(rows, speed)
    flat = [
        (trace, start) for row, begin in zip(rows, starts, strict=True) for trace, start in zip(row, begin, strict=True)
    ]
    strips = strip_numbers(rows)
    shown = [(names[i], *flat[i]) for i in range(len(flat)) if i not in strips and names[i]]
    notes = []
    for i in strips:
        if names[i] is None and shown:
            likeness = {name: _likeness(flat[i], (trace, start), speed) for name, trace, start in shown}
            lead = max(likeness, key=lambda name: likeness[name])
            if likeness[lead] > _ALIKE:
                names[i] = lead
                text = f"the rhythm strip is not named: it is taken as {lead}, whose curve it repeats"
                notes.append(Note("strip-name-by-curve", text))
    return names, tuple(notes)


def _likeness(strip: tuple[Curve, float], piece: tuple[Curve, float], speed: float) -> float:
    """The best correlation of a piece with the strip at its own time, after a small shift."""
    step = 1 / FS_HZ
    wanted, long = ((start + (curve.mm[:, 0] - curve.x0_mm) / speed, curve.mm[:, 1]) for curve, start in (piece, strip))
    at = np.arange(wanted[0][0] + _LAG_S, wanted[0][-1] - _LAG_S, step)
    part = np.interp(at, *wanted)
    shifts = np.arange(-_LAG_S, _LAG_S, step)
    return max(float(np.corrcoef(part, np.interp(at + shift, *long))[0, 1]) for shift in shifts)


def _distinct(rows: Sequence[Sequence[Curve]], names: list[str]) -> list[str]:
    """The names, once it is certain that only rhythm strips repeat one. Raises NotVector."""
    strips = strip_numbers(rows)
    pieces = [name for i, name in enumerate(names) if i not in strips]
    twice = sorted({name for name in pieces if pieces.count(name) > 1})
    if twice:
        raise NotVector(f"several traces of the file stand at the name {', '.join(twice)}")
    return names


def starts_s(rows: Sequence[Sequence[Curve]], speed: float) -> tuple[list[list[float]], float]:
    """When every trace begins on the page's time line, and how long a column is, s.

    Columns are often printed a little narrower than the seconds they show: near a usual length, that length counts.
    """
    left = min(row[0].x0_mm for row in rows)
    several = [row for row in rows if len(row) > 1] or rows
    seen = float(np.median([trace.x1_mm - trace.x0_mm for row in several for trace in row])) / speed
    column_s = next((usual for usual in _COLUMNS_S if abs(seen / usual - 1) < NEAR), seen)

    def start(trace: Curve) -> float:
        at = (trace.x0_mm - left) / speed
        snapped = round(at / column_s) * column_s
        return snapped if abs(at - snapped) < 0.1 * column_s else at

    return [[start(trace) for trace in row] for row in rows], column_s


def strip_numbers(rows: Sequence[Sequence[Curve]]) -> list[int]:
    """The numbers of the traces that have a row to themselves while others share theirs."""
    number = np.cumsum([0, *(len(row) for row in rows)])
    return [int(number[r]) for r, row in enumerate(rows) if len(row) == 1 < max(map(len, rows))]


def shape_of(template: Template) -> list[int]:
    return [template.columns] * len(template.grid) + [1] * len(template.rhythm)


def cells_of(template: Template) -> list[str]:
    return [lead for _, _, lead, _ in template.cells()]


def listed(shape: Sequence[int]) -> str:
    return ", ".join(map(str, shape))
