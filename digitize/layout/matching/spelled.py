"""Arrangements that no template has: what the names along the rows spell, in whatever order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from digitize.layout.evidence import Evidence, is_beside_line
from digitize.layout.matching.names import NAMES
from digitize.layout.printed_words import PrintedWord
from ecg.layout import TEMPLATES, Template
from ecg.leads import LIMB, PRECORDIAL, STANDARD

Grid = tuple[tuple[str, ...], ...]

PREFIX = "spelled-"  # of a template's name
_COLUMN_S = (2.5, 5.0, 10.0)
_CERTAIN, _FAINT = 0.5, 0.25  # certainty from which on a name is read for certain, or counts if it stands in its place
_MAX_FAINT = 2  # names of twelve that may not be read for certain,
_MAX_UNREAD = 1  # and that may not be read at all: the lead that is left stands there


@dataclass(frozen=True, eq=False)
class Place:
    """A name and where it stands: the row of the evidence, the column from the left."""

    row: int
    column: int
    word: PrintedWord


def spelled(evidence: Evidence) -> Iterator[tuple[Evidence, Template]]:
    """Every template that certain names spell and that is not known, with the rows in its order.

    Rows beyond those that twelve leads fill are rhythm strips, wherever they stand. A row without any name that was
    read belongs to the leads where it takes the one name that is left.
    """
    places = _places(evidence)
    columns = 1 + max((place.column for place in places), default=-1)
    named, every = sorted({place.row for place in places}), list(range(len(evidence.baselines_mm)))
    choices = ((named, 0), (every, _MAX_UNREAD), (named, _MAX_UNREAD))
    arranged = (_arranged(rows, columns, places, most_unread) for rows, most_unread in choices)
    found = next((each for each in arranged if each is not None), None)
    if found is None:
        return
    rows, strips, grid = found
    if any(grid == known.grid and len(strips) == len(known.rhythm) for known in TEMPLATES.values()):
        return
    rhythm = tuple(max((p.word for p in places if p.row == r), key=lambda w: w.score).text for r in strips)
    name = f"{PREFIX}{len(rows)}x{columns}" + (f"+{len(strips)}" if strips else "")
    for column_s in _COLUMN_S:
        yield evidence.only([*rows, *strips]), Template(name, grid, column_s, rhythm)


def _arranged(
    rows: Sequence[int], columns: int, places: Sequence[Place], most_unread: int
) -> tuple[list[int], list[int], Grid] | None:
    """(rows of the grid, rows of strips, leads) as the names have them; None where these are no twelve or six leads."""
    strips = _strips(rows, places, columns)
    of_grid = [row for row in rows if row not in strips]
    grid = _grid(of_grid, columns, places, most_unread)
    return None if grid is None else (of_grid, strips, grid)


def _places(evidence: Evidence) -> list[Place]:
    """The names that stand in a row and a column; none where these are not even."""
    words = [word for word in evidence.names() if word.certainty > _FAINT]
    below = np.array([[word.y_mm for word in words]]).T - evidence.baselines_mm
    heights = below[is_beside_line(below)]
    if not len(heights):
        return []
    off = np.abs(below[..., None] - heights)  # [word, row, height]
    height = int(np.argmax((off.min(1) < NAMES.apart_down_mm).sum(0) - 1e-3 * np.abs(heights)))
    rows, is_level = off[..., height].argmin(1), off[..., height].min(1) < NAMES.apart_down_mm
    starts = _columns_mm([word for word, level in zip(words, is_level, strict=True) if level])
    places = []
    for word, row, level in zip(words, rows.tolist(), is_level, strict=True):
        away = np.abs(starts - word.x_mm)
        if level and away.min(initial=np.inf) < NAMES.apart_across_mm:
            places.append(Place(row, int(away.argmin()), word))
    return places


def _columns_mm(words: Sequence[PrintedWord]) -> np.ndarray:
    """Where the names of each column stand, mm; none where the columns are not equally wide. "I" does not count."""
    x = np.sort([word.x_mm for word in words if word.text != "I"])
    groups = np.split(x, np.flatnonzero(np.diff(x) > NAMES.apart_across_mm) + 1)
    most = max(len(group) for group in groups)
    starts = np.array([np.median(group) for group in groups if len(group) and 2 * len(group) >= most])
    if len(starts) < 2:
        return starts
    even = np.linspace(starts[0], starts[-1], len(starts))
    return starts if np.abs(starts - even).max() < NAMES.apart_across_mm else np.array([])


def _strips(rows: Sequence[int], places: Sequence[Place], columns: int) -> list[int]:
    """The rows more than twelve leads fill: they have a name at their beginning alone, and rather one that repeats."""
    words = {row: {p.word.text for p in places if p.row == row} for row in rows}
    single = [row for row in rows if words[row] and all(p.column == 0 for p in places if p.row == row)]
    repeating = {row for row in single for other in words if other != row and words[row] & words[other]}
    count = len(words) - len(STANDARD) // max(columns, 1)
    return sorted(sorted(single, key=lambda row: (row in repeating, row))[len(single) - count :]) if count > 0 else []


def _grid(rows: Sequence[int], columns: int, places: Sequence[Place], most_unread: int) -> Grid | None:
    """The leads by row and column, each once, as their names stand; None where these are no twelve or six leads."""
    cells = [(row, column) for row in rows for column in range(columns)]
    if len(cells) not in (len(LIMB), len(STANDARD)):
        return None
    score = np.zeros((len(cells), len(STANDARD)))
    signed, is_certain = np.full(score.shape, "", dtype=object), np.zeros(score.shape, bool)
    for place in (place for place in places if place.row in rows):
        at = (cells.index((place.row, place.column)), STANDARD.index(place.word.text.removeprefix("-")))
        if place.word.score > score[at]:
            score[at], signed[at] = place.word.score, place.word.text
            is_certain[at] = place.word.certainty > _CERTAIN
    _, chosen = linear_sum_assignment(score, maximize=True)
    leads = [signed[cell, lead] or STANDARD[lead] for cell, lead in enumerate(chosen)]
    named = (np.arange(len(cells)), chosen)
    unread, faint = int((score[named] == 0).sum()), int((~is_certain[named]).sum())
    is_whole = len(cells) == len(STANDARD) or {STANDARD[lead] for lead in chosen} in (set(LIMB), set(PRECORDIAL))
    most_unread, most_faint = (most_unread, _MAX_FAINT) if len(cells) == len(STANDARD) else (0, 0)
    if not is_whole or unread > most_unread or faint > most_faint:
        return None
    return tuple(tuple(leads[k : k + columns]) for k in range(0, len(cells), columns))
