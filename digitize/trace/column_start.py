"""Where along their rows the columns lie, and how long they are: by where leads were seen to begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from digitize.grid.subpixel import vertex
from digitize.nets.inputs import EDGE_COLUMNS
from digitize.stages import RowReading
from ecg.layout import Layout, LeadBox


@dataclass(frozen=True)
class ColumnSearch:
    """How columns are moved along their rows until they fit; set on simulated strips of all layouts."""

    reach_mm: float = 15.0  # columns are looked for this far on either side of the layout's own place,
    step_mm: float = 0.05  # this finely
    last_sample_s: float = 0.002  # a printed lead ends with its last sample, one step before the next one begins
    move_cost: float = 1e-3  # what moving costs, a mm: nothing seen means the layout's own place
    edge_worth_mm: float = 5.0  # so much trace, in or out, weighs as much as one edge
    gap_reach_mm: float = 4.0  # the room between columns is known this well,
    gap_step_mm: float = 0.1  # and looked for this finely
    touch_mm: float = 0.01  # columns nearer than this have no room between them
    min_ends: float = 0.25  # mean edge at the leads' ends: flat scans have more than this, slanted photos less
    share_step: float = 0.0025  # the length of columns is tried in shares so far apart,
    near_mm: float = 8.0  # near to where the columns are,
    coarse_mm: float = 0.25  # this finely
    own_reach_mm: float = 10.0  # each column's own beginning is looked for this near to the layout's,
    own_edge: float = 0.3  # and is seen where the mean edge of its rows is greater than this
    own_alone: float = 0.6  # and no other one within reach has this share of it,
    own_width_mm: float = 1.5  # but for what is so near
    even_mm: float = 3.5  # columns of one width begin so near to where the others say; late starts are up to 3 mm late
    in_line_mm: float = 1.0  # within this of a line, columns are all too wide or too narrow


_SEARCH = ColumnSearch()


def in_place(rows: Sequence[RowReading], layout: Layout) -> Layout:
    """The layout moved along its rows to where its leads begin and end; columns with room between them also apart.

    Room that only the names tell of, which may stand further apart than their columns, has to be seen.
    """
    starts = sorted({box.box_mm[0] for box in layout.boxes if not box.is_rhythm})
    ends = {box.box_mm[2] for box in layout.boxes}
    if any(min(abs(start - end) for end in ends) > _SEARCH.touch_mm for start in starts[1:]):
        moves = np.arange(-_SEARCH.reach_mm, _SEARCH.reach_mm, _SEARCH.step_mm)
        wider = [
            _spread(layout, starts, by)
            for by in np.arange(-_SEARCH.gap_reach_mm, _SEARCH.gap_reach_mm, _SEARCH.gap_step_mm)
        ]
        apart = _moved(rows, max(wider, key=lambda tried: float(_fits(rows, tried, moves).max())))
        touching = _moved(rows, _spread(layout, starts, -_room_mm(layout, starts)))
        return touching if _ends_seen(rows, touching) > _ends_seen(rows, apart) else apart
    return _moved(rows, layout)


def _moved(rows: Sequence[RowReading], layout: Layout) -> Layout:
    return layout.shifted(start_mm(rows, layout) - layout.extent_mm[0], 0.0)


def _room_mm(layout: Layout, starts_mm: Sequence[float]) -> float:
    """The room between the first two columns."""
    return starts_mm[1] - min(box.box_mm[2] for box in layout.boxes if box.box_mm[0] == starts_mm[0])


def uneven_mm(rows: Sequence[RowReading], layout: Layout) -> float:
    """How far columns were seen to begin, or the last one to end, beside where the others say; 0.0 within the limits.

    Columns hold equally many seconds: the map is wrong where they are not equally wide.
    """
    places = sorted({x for box in layout.boxes if not box.is_rhythm for x in (box.box_mm[0], box.box_mm[2])})
    moves = np.arange(-_SEARCH.own_reach_mm, _SEARCH.own_reach_mm, _SEARCH.step_mm)
    edges = [
        gaussian_filter1d(row.edge, EDGE_COLUMNS)
        for row, boxes in zip(rows, layout.rows(), strict=True)
        if not boxes[0].is_rhythm
    ]
    marks = [
        np.mean([np.interp(place + moves, rows[0].x_mm, edge, 0, 0) for edge in edges], axis=0) for place in places
    ]
    return _uneven_mm(np.array(places), np.array([_own_move(moves, each) for each in marks]))


def _own_move(moves_mm: np.ndarray, marks: np.ndarray) -> float:
    """By how far from its place a column was seen to begin, by its rows' mean edge [move]; NaN where that is open."""
    best = int(np.argmax(marks))
    others = marks[np.abs(moves_mm - moves_mm[best]) > _SEARCH.own_width_mm]
    is_clear = marks[best] > _SEARCH.own_edge and others.max() < _SEARCH.own_alone * marks[best]
    return float(moves_mm[best]) if is_clear else float("nan")


def _uneven_mm(places_mm: np.ndarray, own_mm: np.ndarray) -> float:
    """How far columns begin [column] beside where the others say; 0.0 where they are even.

    A single mark may be a stroke, a pulse or a name, and the last column may end early: a map that slipped moves
    neighbours alike, and one of a wrong scale moves all of them in line.
    """
    seen = np.isfinite(own_mm)
    if seen.sum() < 3:
        return 0.0
    off = own_mm - np.nanmedian(own_mm)
    line = np.polyval(np.polyfit(places_mm[seen], own_mm[seen], 1), places_mm)
    is_in_line = seen.sum() > 3 and np.nanmax(np.abs(own_mm - line)) < _SEARCH.in_line_mm
    both = np.minimum(np.abs(off[1:]), np.abs(off[:-1]))  # NaN beside a column that was not seen
    slipped = both[np.abs(np.diff(off)) < _SEARCH.in_line_mm]
    most = max(float(np.nanmax(np.abs(off))) if is_in_line else 0.0, float(slipped.max(initial=0.0)))
    return most if most > _SEARCH.even_mm else 0.0


def length_share(rows: Sequence[RowReading], layout: Layout, within: float) -> float | None:
    """How long the columns were seen beside the layout's, a share not farther than `within` from 1.

    None where the leads do not begin and end as in columns of any such length.
    """
    moves = np.arange(-_SEARCH.near_mm, _SEARCH.near_mm, _SEARCH.coarse_mm)
    shares = 1 + np.arange(-within, within + _SEARCH.share_step / 2, _SEARCH.share_step)
    fit = np.array([_fits(rows, _stretched(layout, share), moves) for share in shares])
    best, move = np.unravel_index(int(np.argmax(fit)), fit.shape)
    placed = _stretched(layout, shares[best]).shifted(float(moves[move]), 0.0)
    is_inside = 0 < best < len(shares) - 1
    return float(shares[best]) if is_inside and _ends_seen(rows, placed) > _SEARCH.min_ends else None


def _ends_seen(rows: Sequence[RowReading], layout: Layout) -> float:
    """How clearly leads begin and end where the layout has them, 0..1."""
    places = [[*(box.box_mm[0] for box in boxes), boxes[-1].box_mm[2]] for boxes in layout.rows()]
    seen = [np.interp(at, row.x_mm, row.edge, 0.0, 0.0) for row, at in zip(rows, places, strict=True)]
    return float(np.concatenate(seen).mean())


def _stretched(layout: Layout, share: float) -> Layout:
    """The layout made longer along its rows."""
    begin = layout.extent_mm[0]
    boxes = []
    for box in layout.boxes:
        x0, y0, x1, y1 = box.box_mm
        boxes.append(replace(box, box_mm=(begin + share * (x0 - begin), y0, begin + share * (x1 - begin), y1)))
    return replace(layout, boxes=tuple(boxes))


def _spread(layout: Layout, starts_mm: Sequence[float], by_mm: float) -> Layout:
    """The layout with so much more room before each column but the first; rhythm strips stay whole."""
    boxes = []
    for box in layout.boxes:
        x0, y0, x1, y1 = box.box_mm
        moved = 0.0 if box.is_rhythm else by_mm * starts_mm.index(x0)
        boxes.append(replace(box, box_mm=(x0 + moved, y0, x1 + moved, y1)))
    return replace(layout, boxes=tuple(boxes))


def start_mm(rows: Sequence[RowReading], layout: Layout) -> float:
    """Where the first column begins: the place, near the layout's, at which its leads begin and end as they were seen.

    What was read as trace has to lie inside the rows as well, which tells a pulse's edge from the first lead's.
    """
    begin = layout.extent_mm[0]
    moves = np.arange(-_SEARCH.reach_mm, _SEARCH.reach_mm, _SEARCH.step_mm)
    fit = _fits(rows, layout, moves)
    best = int(np.argmax(fit - _SEARCH.move_cost * np.abs(moves)))
    if not 0 < best < len(moves) - 1:
        return begin
    return begin + float(moves[best] + _SEARCH.step_mm * vertex(*fit[best - 1 : best + 2]))


def _fits(rows: Sequence[RowReading], layout: Layout, moves_mm: np.ndarray) -> np.ndarray:
    """How well the whole layout agrees with what was read when it is moved along the rows, [move]."""
    last_mm = _SEARCH.last_sample_s * layout.mm_per_s
    fits = [_fit(row, boxes, moves_mm, last_mm) for row, boxes in zip(rows, layout.rows(), strict=True)]
    total: np.ndarray = np.sum(fits, axis=0)
    return total


def _fit(row: RowReading, boxes: Sequence[LeadBox], moves_mm: np.ndarray, last_mm: float) -> np.ndarray:
    """How well a row's boxes agree with what was read when they are moved along it, [move].

    The edges are smoothed by the very shape that they have, so that what counts is all of a mark and not its top.
    """
    begins, ends = np.array([box.box_mm[::2] for box in boxes]).T
    is_last = np.append(begins[1:] - ends[:-1] > _SEARCH.touch_mm, True)  # before room, or of the row
    is_first = np.append(True, is_last[:-1])
    joins = begins[~is_first] - last_mm / 2  # the mark of one lead's last sample and of the next one's first
    edges = np.concatenate([begins[is_first], joins, ends[is_last] - last_mm])[:, None] + moves_mm
    step = float(row.x_mm[1] - row.x_mm[0])
    marks = CubicSpline(row.x_mm, gaussian_filter1d(row.edge, EDGE_COLUMNS), extrapolate=False)
    seen: np.ndarray = np.nan_to_num(marks(edges)).sum(0)
    within = np.interp(
        np.concatenate([begins[is_first], ends[is_last]])[:, None] + moves_mm, row.x_mm, np.cumsum(row.presence) * step
    )
    inside = within[is_first.sum() :].sum(0) - within[: is_first.sum()].sum(0)
    return seen + inside / _SEARCH.edge_worth_mm
