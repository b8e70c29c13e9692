"""How the lead names that were read fit a template, and what they say of the room between its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from digitize.layout.evidence import Evidence, is_beside_line
from digitize.layout.printed_words import PrintedWord
from ecg.layout import Template
from ecg.paper import USUAL_MM_PER_S


@dataclass(frozen=True)
class NameThresholds:
    """When names agree with a template; set on simulated pages of all layouts and on scans of machines' pages."""

    apart_across_mm: float = 4.0  # names of one page stand alike within this along their rows
    apart_down_mm: float = 3.5  # and within this across them
    first_name_weight: float = 0.6  # what the first explained name counts less than the others: it fits anywhere
    min_placing: float = 1.8  # sum of certainties, of about two names, that says where the layout begins
    stray_weight: float = 0.25  # what a name that stands at no name's height counts against a layout
    unsigned_weight: float = 0.8  # what -aVR read as aVR, or the other way round, counts as
    other_strip_weight: float = 0.9  # what another lead than the usual one counts as at a rhythm strip
    min_strip_certainty: float = 0.4  # of a name at a rhythm strip, above which the strip is that lead's
    min_gap_mm: float = 4.0  # room for a calibration pulse between two columns is at least this wide
    max_gap_mm: float = 23.0  # and at most this wide
    gap_spread_mm: float = 1.5  # what pairs of names say of the room agrees within this
    min_gap_certainty: float = 0.6  # sum of the pairs' certainties from which on they are believed


NAMES = NameThresholds()


@dataclass(frozen=True)
class Names:
    """How the names that were read fit a template: `start_mm` is where the first column's names stand, NaN without any.

    `explained` is the number of cells whose name was read there, weighed by certainty, `contradicted` that of names
    which say otherwise, `others` being those among them that stand as high over a row as names do; `rhythm` holds the
    leads read at the rhythm strips, None where none was, and `rhythm_certainty` how certain each is; `unread` holds the
    leads of the cells whose name was not read.
    """

    start_mm: float
    explained: float
    contradicted: float
    others: tuple[PrintedWord, ...]
    cells: int
    rhythm: tuple[str | None, ...]
    rhythm_certainty: tuple[float, ...]
    unread: tuple[str, ...]

    @property
    def agreement(self) -> float:
        """F1 of named cells and explained words, 0..1; the first name fits anywhere and proves less."""
        explained = max(self.explained - NAMES.first_name_weight, 0.0)
        return 2 * explained / (self.cells - NAMES.first_name_weight + explained + self.contradicted)

    @property
    def is_placing(self) -> bool:
        """Whether enough names were read to say where the layout begins."""
        return self.explained > NAMES.min_placing


def fit_names(evidence: Evidence, template: Template, pitch_mm: float) -> Names:
    """Find where the names of a template stand so that most of its cells are named; columns lie `pitch_mm` apart."""
    words, cells = evidence.names(), list(template.cells())
    certainty = np.array([word.certainty for word in words])
    no_strips, no_certainty = (None,) * len(template.rhythm), (0.0,) * len(template.rhythm)
    unread = NAMES.stray_weight * float(certainty.sum())
    blank = Names(
        float("nan"), 0.0, unread, (), len(cells), no_strips, no_certainty, tuple(lead for *_, lead, _ in cells)
    )
    if not words:
        return blank
    lines = evidence.baselines_mm[[row for row, *_ in cells]]
    x = np.array([[word.x_mm - column * pitch_mm for _, column, *_ in cells] for word in words])
    y = np.array([[word.y_mm] for word in words]) - lines
    worth = _worth(words, template, certainty) * is_beside_line(y)
    found = _best_places(x, y, worth)
    return blank if found is None else _names(words, certainty, template, x, y, worth * found)


def _worth(words: list[PrintedWord], template: Template, certainty: np.ndarray) -> np.ndarray:
    """What every word would count in every cell, [word, cell]."""
    cells = list(template.cells())
    fits = np.array([[_fit(word.text, lead, is_rhythm) for _, _, lead, is_rhythm in cells] for word in words])
    return np.asarray(fits * certainty[:, None])


def _fit(text: str, lead: str, is_rhythm: bool) -> float:
    """How well a word names a cell; any lead may stand in a rhythm strip."""
    if text == lead:
        return 1.0
    if text.removeprefix("-") == lead.removeprefix("-"):
        return NAMES.unsigned_weight
    return NAMES.other_strip_weight if is_rhythm else 0.0


def _best_places(x: np.ndarray, y: np.ndarray, worth: np.ndarray) -> np.ndarray | None:
    """Which words [word, cell] stand in their cells' places, for the place that explains most; None without any.

    `x` is measured from the first column's beginning, `y` from the cells' zero lines.
    """
    tried = [
        (np.abs(x - x[at]) < NAMES.apart_across_mm) & (np.abs(y - y[at]) < NAMES.apart_down_mm)
        for at in zip(*np.nonzero(worth), strict=True)
    ]
    return max(tried, key=lambda near: float((worth * near).max(0).sum()), default=None)


def _names(
    words: list[PrintedWord],
    certainty: np.ndarray,
    template: Template,
    x: np.ndarray,
    y: np.ndarray,
    worth: np.ndarray,
) -> Names:
    """What the words say when they are `worth` [word, cell] in the places of a template's names."""
    is_named, word_of = worth.max(0) > 0, worth.argmax(0)
    used, cells = word_of[is_named], np.flatnonzero(is_named)
    at_height = (np.abs(y - np.median(y[used, cells])) < NAMES.apart_down_mm).any(1)
    others = [i for i in np.flatnonzero(at_height) if i not in used]
    stray = certainty.sum() - certainty[used].sum() - certainty[others].sum()
    strips = slice(worth.shape[1] - len(template.rhythm), None)
    rhythm = [
        (i, named and certainty[i] > NAMES.min_strip_certainty)
        for i, named in zip(word_of[strips], is_named[strips], strict=True)
    ]
    return Names(
        start_mm=float(np.median(x[used, cells])),
        explained=float(worth.max(0).sum()),
        contradicted=float(certainty[others].sum() + NAMES.stray_weight * stray),
        others=tuple(words[i] for i in others),
        cells=worth.shape[1],
        rhythm=tuple(words[i].text if is_read else None for i, is_read in rhythm),
        rhythm_certainty=tuple(float(certainty[i]) if is_read else 0.0 for i, is_read in rhythm),
        unread=tuple(lead for (*_, lead, _), named in zip(template.cells(), is_named, strict=True) if not named),
    )


def gaps_mm(evidence: Evidence, template: Template, mm_per_s: float) -> list[float]:
    """The room that there may be between columns, mm: none, or as the names or the pulses of a row stand apart."""
    width = template.column_s * mm_per_s
    between = evidence.pulse_pitch_mm - width
    by_pulses = [between] if template.columns > 1 and NAMES.min_gap_mm < between < NAMES.max_gap_mm else []
    gaps, certainty = np.array(list(_gaps_by_names(evidence, template, width))).reshape(-1, 2).T
    if not len(gaps) or mm_per_s != USUAL_MM_PER_S:  # at half the speed every column would have room behind it
        return [0.0, *by_pulses]
    alike = np.abs(gaps[:, None] - gaps) < NAMES.gap_spread_mm
    best = alike[np.argmax(alike @ certainty)]
    is_believed = certainty[best].sum() > NAMES.min_gap_certainty
    by_names = [float(np.average(gaps[best], weights=certainty[best]))] if is_believed else []
    return [0.0, *(by_names or by_pulses)]


def _gaps_by_names(evidence: Evidence, template: Template, width_mm: float) -> Iterator[tuple[float, float]]:
    """(room between columns in mm, certainty) by every pair of names of one row of the grid."""
    words = evidence.names()
    for leads, line in zip(template.grid, evidence.baselines_mm, strict=False):
        near = [word for word in words if is_beside_line(word.y_mm - line)]
        of_lead = [[word for word in near if word.text == lead] for lead in leads]
        for a, b in combinations(range(len(leads)), 2):
            for left, right in product(of_lead[a], of_lead[b]):
                gap = (right.x_mm - left.x_mm) / (b - a) - width_mm
                is_level = abs(right.y_mm - left.y_mm) < NAMES.apart_down_mm
                if is_level and NAMES.min_gap_mm < gap < NAMES.max_gap_mm:
                    yield gap, min(left.certainty, right.certainty)


def names_by_row(evidence: Evidence) -> str:
    """The names that were read, row by row, in words."""
    rows: list[list[tuple[float, str]]] = [[] for _ in evidence.baselines_mm]
    offsets = [word.y_mm - evidence.baselines_mm for word in evidence.names()]
    usual = float(np.median([off[np.abs(off).argmin()] for off in offsets])) if offsets else 0.0
    for word, off in zip(evidence.names(), offsets, strict=True):
        rows[int(np.abs(off - usual).argmin())].append((word.x_mm, word.text))
    return "; ".join(" ".join(text for _, text in sorted(row)) or "no names" for row in rows)
