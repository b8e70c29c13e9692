"""The search for a page's layout: one candidate geometry after the other until the lead names confirm one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

import numpy as np

from digitize.errors import NoGrid, NotAnEcg, UnknownLayout
from digitize.grid.corner_geometry import corner_sheets
from digitize.grid.corners import Corners
from digitize.grid.geometry_candidates import GridGeometries
from digitize.grid.page_view import PageView, look_at_corners, look_twice, turned
from digitize.grid.periodicity import is_periodic
from digitize.layout.budget import Budget
from digitize.layout.candidates import GeometryCandidate, Scale, has_unseen_speed, is_accepted
from digitize.layout.evidence import seen_window
from digitize.layout.find import find_layout
from digitize.layout.notes import scale_doubtful
from digitize.layout.printed_words import is_upside_down, read_words
from digitize.layout.without_grid import GridlessPage, length_stretched, scale_note
from digitize.nets.networks import Networks
from digitize.stages import LocatedPage, PageHints
from digitize.trace.row_reading import read_rows
from ecg.page import Page
from ecg.paper import USUAL_MM_PER_S

Candidates = Iterator[GeometryCandidate]

_OTHER_ANGLES_DEG = (90.0, 45.0)  # a page that was taken to lie otherwise than it does usually lies so
_HEADER_MM = 8.0  # speed and gain may be printed this far beyond the grid
_MIN_UPRIGHT = 6  # so many different names read for certain tell that a page lies as it was seen


def locate(page: Page, nets: Networks, hints: PageHints) -> LocatedPage:
    """The layout on the page: that of the first candidate which is accepted, else what the very first one showed.

    Raises NotAnEcg with what the first candidate lacked; where that was a grid, pulses and print are tried, too. A
    search that has spent its processor time ends, and what it tried is said.
    """
    search = LayoutSearch(page, nets, hints)
    found = search.first_accepted(search.on_the_grid())
    if found is not None:
        return found
    first = search.outcomes[0]
    if isinstance(first, NoGrid) and hints.corners_px is None and not search.budget.is_spent:
        return search.without_a_grid(first)
    if isinstance(first, NotAnEcg):
        raise NotAnEcg(f"{first}{search.budget.in_words()}", first.code) from first
    return first


class LayoutSearch:
    """One page's search; `outcomes` keeps what came of every candidate that was not accepted."""

    def __init__(self, page: Page, nets: Networks, hints: PageHints) -> None:
        self.page, self.nets, self.hints = page, nets, hints
        self.outcomes: list[LocatedPage | NotAnEcg] = []
        self.is_upright = False
        self.budget = Budget()

    @cached_property
    def upright(self) -> PageView:
        """The page as it seems to lie."""
        return look_twice(self.nets.page, self.page.pixels, self.nets.page_size_px)

    def first_accepted(self, sources: Iterable[Candidates]) -> LocatedPage | None:
        """The layout of the first candidate that is accepted; a source ends where it has no geometry (any more)."""
        for source in sources:
            try:
                for candidate in source:
                    if found := self._accepted(candidate):
                        return self._settled(found, candidate)
                    if self.budget.is_spent:
                        break
            except NotAnEcg as refusal:
                self.outcomes.append(refusal)
            if self.budget.is_spent:
                break
        return None

    def _accepted(self, candidate: GeometryCandidate) -> LocatedPage | None:
        """The candidate's layout if it is accepted; else what came of it is kept."""
        certain = {w.text for w in candidate.words if w.is_lead and set(w.text) != {"I"} and w.certainty > 0.5}
        self.is_upright |= len(certain) >= _MIN_UPRIGHT
        try:
            found = self._try_layout(candidate)
        except UnknownLayout as refusal:
            self.outcomes.append(refusal)
            return None
        if is_accepted(found, candidate, self.hints):
            return found
        self.outcomes.append(found)
        return None

    # --- candidates ---------------------------------------------------------------------------------------------------

    def on_the_grid(self) -> Iterator[Candidates]:
        """By crossings and by fine lines, upright and at the other angles, each view seen only when it is asked for.

        Corners that are given by hand count alone, and so does a view on which names were read for certain: turned
        otherwise the page shows no more.
        """
        if self.hints.corners_px is not None:
            yield self._by_corners(self.hints.corners_px)
            return
        for view in self._views():
            geometries = GridGeometries(self.page.pixels, view)
            yield self._by_crossings(geometries)
            yield self._by_fine_lines(geometries)
            if self.is_upright:
                return

    def _views(self) -> Iterator[PageView]:
        yield self.upright
        for angle_deg in _OTHER_ANGLES_DEG:
            self.budget.tries(f"the page turned by {angle_deg:g} degrees")
            yield turned(self.nets.page, self.page.pixels, self.upright, angle_deg, self.nets.page_size_px)

    def _by_crossings(self, geometries: GridGeometries) -> Candidates:
        self.budget.tries(Scale.CROSSINGS.value)
        yield from self._both_ways_up(GeometryCandidate(Scale.CROSSINGS, geometries.view, geometries.clearest()))

    def _by_corners(self, corners_px: Corners) -> Candidates:
        view = look_at_corners(self.nets.page, self.page.pixels, corners_px, self.nets.page_size_px)
        for sheet in corner_sheets(self.page.pixels, corners_px):
            scale = Scale.CORNERS if sheet.is_alone else Scale.CORNERS_DOUBTFUL
            yield from self._both_ways_up(GeometryCandidate(scale, view, sheet.geometry))

    def _by_fine_lines(self, geometries: GridGeometries) -> Candidates:
        self.budget.tries(Scale.FINE_LINES.value)
        geometry = geometries.by_fine_lines
        if geometry is not None and is_periodic(self.page.pixels, geometry):
            yield from self._both_ways_up(GeometryCandidate(Scale.FINE_LINES, geometries.view, geometry))

    def without_a_grid(self, refusal: NoGrid) -> LocatedPage:
        """The layout by calibration pulses or else by columns. Raises NotAnEcg where these give no scale either."""
        gridless = GridlessPage(self.page.pixels, self.upright, self.hints)
        if gridless.leveled is None:
            raise refusal
        found = self.first_accepted((self._by_pulses(gridless), self._both_ways_up(gridless.by_columns())))
        if found is None:
            raise NotAnEcg(f"{refusal}; {gridless.advice()}{self.budget.in_words()}", refusal.code)
        return found

    def _by_pulses(self, gridless: GridlessPage) -> Candidates:
        self.budget.tries(Scale.PULSES.value)
        for candidate in gridless.by_pulses():
            with suppress(UnknownLayout):  # where the page would be too large, pulses of another size may fit
                yield from self._both_ways_up(candidate)

    def _both_ways_up(self, candidate: GeometryCandidate) -> Candidates:
        """First the way up that the names speak for, then the other one."""
        first = self._with_words(candidate)
        if is_upside_down(first.words):
            first = self._with_words(candidate.half_turned())
        yield first
        yield self._with_words(first.half_turned())

    def _with_words(self, candidate: GeometryCandidate) -> GeometryCandidate:
        traces, grid = np.array(seen_window(candidate.view, candidate.geometry)), np.array(candidate.geometry.extent_mm)
        low = np.minimum(traces[:2], grid[:2] - _HEADER_MM)
        high = np.maximum(traces[2:], grid[2:] + _HEADER_MM)
        window_mm = (*low.tolist(), *high.tolist())
        words = read_words(self.nets.words, self.page.pixels, candidate.geometry, window_mm)
        return replace(candidate, words=words)

    # --- layouts ------------------------------------------------------------------------------------------------------

    def _try_layout(self, candidate: GeometryCandidate) -> LocatedPage:
        """The layout that a candidate shows; fine lines may be half or two millimetres apart. Raises UnknownLayout."""
        found = find_layout(candidate, self.hints)
        if candidate.scale is Scale.FINE_LINES and has_unseen_speed(found):
            usual = self._with_words(candidate.scaled(USUAL_MM_PER_S / found.layout.mm_per_s))
            return find_layout(usual, self.hints)
        if candidate.scale is Scale.CORNERS_DOUBTFUL and not found.is_speed_seen and self.hints.mm_per_s is None:
            return replace(found, notes=(*found.notes, scale_doubtful(found.layout.mm_per_s)))
        return found

    def _settled(self, found: LocatedPage, candidate: GeometryCandidate) -> LocatedPage:
        """The layout as it is on a grid, else on paper whose columns are as long as they have to be.

        Raises UnknownLayout where their ends do not tell, or no longer show this layout.
        """
        if candidate.scale not in (Scale.PULSES, Scale.COLUMNS):
            return found
        rows = read_rows(self.page, found, self.nets.row)
        again = find_layout(self._with_words(length_stretched(candidate, found, rows)), self.hints)
        if (again.layout.name, again.is_named) != (found.layout.name, found.is_named):
            raise UnknownLayout(f"the layout is no longer {found.layout.name} once its columns have their length")
        layout = replace(again.layout, mm_per_mv=candidate.mm_per_mv or found.layout.mm_per_mv)
        return replace(again, layout=layout, notes=(scale_note(candidate, found), *again.notes))
