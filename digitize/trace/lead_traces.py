"""From a row to its leads: where each begins and ends, and what is hidden there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitize.stages import Leads, LocatedPage, RowReading
from digitize.trace.confidence import confidence, signs
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox
from ecg.page import Trace


@dataclass(frozen=True)
class EndThresholds:
    """What is shown at the ends of a lead; set on simulated strips with separators, pulses and names beside them."""

    beside_mm: float = 0.12  # a column this near to a lead's end may show its neighbour
    covered_mm: float = 0.7  # so much of a lead's end may lie under a separator, a pulse or a name
    min_certainty: float = 0.8  # of a column that is not covered,
    jump_mm: float = 4.0  # from which the trace does not jump by as much as this
    min_presence: float = 0.3  # below which a column is hidden
    end_mm: float = 1.5  # so near to its ends a lead
    end_certainty: float = 0.5  # that is seen with more than this certainty counts as there


_ENDS = EndThresholds()


def cut_leads(calibrated: LocatedPage, rows: Sequence[RowReading]) -> Leads:
    """The trace of every box of the layout, cut out of its row."""
    layout, geometry = calibrated.layout, calibrated.geometry
    traces = tuple(cut(box, row, geometry) for box, row in boxes_with_rows(layout, rows))
    return Leads(geometry, layout, traces, calibrated.notes, calibrated.is_confirmed, calibrated.certain_strips)


def boxes_with_rows(layout: Layout, rows: Sequence[RowReading]) -> list[tuple[LeadBox, RowReading]]:
    """Every box of the layout with the row it stands in; `rows` are in the order of `layout.rows()`."""
    of_line = {round(row[0].baseline_mm, 3): reading for row, reading in zip(layout.rows(), rows, strict=True)}
    return [(box, of_line[round(box.baseline_mm, 3)]) for box in layout.boxes]


def cut(box: LeadBox, row: RowReading, geometry: PageGeometry) -> Trace:
    """The part of a row that is a box's, in page px; NaN where no trace is.

    What is covered right at a lead's ends is held at the height that the next certain column has further inside; its
    confidence remains that of what was seen there.
    """
    x0, x1 = box.box_mm[0], box.box_mm[2]
    columns = columns_of(box, row)
    certainty, presence = row.certainty[columns], row.presence[columns]
    trust = np.minimum(confidence(signs(row, columns)), certainty)  # no more than that it is this curve at all
    from_begin, from_end = row.x_mm[columns] - x0, x1 - row.x_mm[columns]
    is_end = np.minimum(from_begin, from_end) < _ENDS.end_mm
    hidden = (presence < _ENDS.min_presence) & ~(is_end & (certainty > _ENDS.end_certainty))
    doubtful = hidden | (certainty < _ENDS.min_certainty)
    jumps = np.abs(np.diff(row.y_mm[columns], append=row.y_mm[columns[-1:]])) > _ENDS.jump_mm
    first = _covered(doubtful | jumps, from_begin)
    last = _covered((doubtful | np.roll(jumps, 1))[::-1], from_end[::-1])
    shown = np.clip(np.arange(len(columns)), first, max(len(columns) - 1 - last, first))
    x_mm = np.concatenate([[x0], row.x_mm[columns[1:-1]], [x1]])
    px = geometry.to_px(np.stack([x_mm, row.y_mm[columns[shown]]], axis=-1))
    hidden = hidden[shown]
    return Trace(box.lead, px[:, 0], np.where(hidden, np.nan, px[:, 1]), np.where(hidden, 0.0, trust))


def columns_of(box: LeadBox, row: RowReading) -> np.ndarray:
    """The row's columns that show a box; the first and the last stand for its very ends, too."""
    x0, x1 = box.box_mm[0], box.box_mm[2]
    inside = np.flatnonzero((row.x_mm > x0 + _ENDS.beside_mm) & (row.x_mm < x1 - _ENDS.beside_mm))
    return np.concatenate([inside[:1], inside, inside[-1:]])


def _covered(doubtful: np.ndarray, inward_mm: np.ndarray) -> int:
    """How many columns from an end on are covered: up to the first certain one, 0 when none is near."""
    count = int(np.argmin(doubtful))
    return count if inward_mm[count] < _ENDS.covered_mm and not doubtful[count] else 0
