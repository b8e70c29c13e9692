"""From a row to its leads: where each begins and ends, and what is hidden there."""

from __future__ import annotations

import numpy as np

from digitize.trace.confidence import confidence, signs
from digitize.trace.row_reading import RowReading
from ecg.geometry import PageGeometry
from ecg.layout import LeadBox
from ecg.page import Trace

_BESIDE_MM = 0.12  # a column this near to a lead's end may show its neighbour
_COVERED_MM = 0.7  # so much of a lead's end may lie under a separator, a pulse or a name
_SURE = 0.8  # of a column that is not covered,
_JUMP_MM = 4.0  # from which the trace does not jump either
_PRESENT = 0.3
_END_MM, _CLEAR = 1.5, 0.5  # so near to its ends a lead that is seen this clearly counts as there


def cut(box: LeadBox, row: RowReading, geometry: PageGeometry) -> Trace:
    """The part of a row that is a box's, in page px; NaN where no trace is.

    What is covered right at a lead's ends is held at the height that the next sure column has further inside; its
    confidence remains that of what was seen there.
    """
    x0, x1 = box.box_mm[0], box.box_mm[2]
    columns = _columns(box, row)
    certainty, presence = row.certainty[columns], row.presence[columns]
    sure = np.minimum(confidence(signs(row, columns)), certainty)  # no surer than that it is this curve at all
    from_begin, from_end = row.x_mm[columns] - x0, x1 - row.x_mm[columns]
    is_end = np.minimum(from_begin, from_end) < _END_MM
    hidden = (presence < _PRESENT) & ~(is_end & (certainty > _CLEAR))
    unsure = hidden | (certainty < _SURE)
    jumps = np.abs(np.diff(row.y_mm[columns], append=row.y_mm[columns[-1:]])) > _JUMP_MM
    first = _covered(unsure | jumps, from_begin)
    last = _covered((unsure | np.roll(jumps, 1))[::-1], from_end[::-1])
    shown = np.clip(np.arange(len(columns)), first, max(len(columns) - 1 - last, first))
    x_mm = np.concatenate([[x0], row.x_mm[columns[1:-1]], [x1]])
    px = geometry.to_px(np.stack([x_mm, row.y_mm[columns[shown]]], axis=-1))
    hidden = hidden[shown]
    return Trace(box.lead, px[:, 0], np.where(hidden, np.nan, px[:, 1]), np.where(hidden, 0.0, sure))


def signs_along(box: LeadBox, row: RowReading) -> np.ndarray:
    """The signs of a box's confidence at the points of its trace, [len(SIGNS), point]."""
    return signs(row, _columns(box, row))


def _columns(box: LeadBox, row: RowReading) -> np.ndarray:
    """The row's columns that show a box; the first and the last stand for its very ends, too."""
    x0, x1 = box.box_mm[0], box.box_mm[2]
    inside = np.flatnonzero((row.x_mm > x0 + _BESIDE_MM) & (row.x_mm < x1 - _BESIDE_MM))
    return np.concatenate([inside[:1], inside, inside[-1:]])


def _covered(unsure: np.ndarray, inward_mm: np.ndarray) -> int:
    """How many columns from an end on are covered: up to the first sure one, 0 when none is near."""
    count = int(np.argmin(unsure))
    return count if inward_mm[count] < _COVERED_MM and not unsure[count] else 0
