"""A way to lay paper millimetres over a page, and whether the layout that it shows is to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from digitize.grid.page_view import PageView
from digitize.layout.printed_words import PrintedWord
from digitize.stages import LocatedPage, PageHints
from ecg.geometry import PageGeometry
from ecg.paper import USUAL_MM_PER_S


class Scale(Enum):
    """Where a candidate's millimetres come from."""

    CROSSINGS = "the crossings of the grid's 5 mm lines"
    CORNERS = "four corners given by hand"
    CORNERS_DOUBTFUL = "four corners given by hand, whose lines fit several scales"
    FINE_LINES = "the grid's finest lines, taken as 1 mm apart"
    PULSES = "calibration pulses, taken as of a usual size"
    COLUMNS = "rows, taken as of their usual length"


@dataclass(frozen=True, eq=False)
class GeometryCandidate:
    """A view of the page with paper millimetres on it, one way up, and the words that can be read there.

    `mm_per_s` and `mm_per_mv` are what the pulses, `pulse_count` of them, show if they give the scale.
    """

    scale: Scale
    view: PageView
    geometry: PageGeometry
    words: Sequence[PrintedWord] = ()
    mm_per_s: float | None = None
    mm_per_mv: float | None = None
    pulse_count: int = 0

    def half_turned(self) -> GeometryCandidate:
        return replace(self, geometry=self.geometry.half_turned(), words=())

    def scaled(self, factor: float) -> GeometryCandidate:
        return replace(self, geometry=self.geometry.scaled(factor), words=())


def is_accepted(found: LocatedPage, candidate: GeometryCandidate, hints: PageHints) -> bool:
    """Whether the lead names confirm a layout and its paper speed agrees with where the millimetres come from.

    A layout that was given needs no names on pulses: their size alone confirms it.
    """
    is_named = found.is_named
    match candidate.scale:
        case Scale.CROSSINGS | Scale.CORNERS:
            return is_named
        case Scale.FINE_LINES:
            return is_named and not has_unseen_speed(found)
        case Scale.CORNERS_DOUBTFUL:
            return is_named and (hints.mm_per_s is not None or has_usual_or_seen_speed(found))
        case Scale.PULSES:
            return (is_named or hints.layout is not None) and found.layout.mm_per_s == candidate.mm_per_s
        case Scale.COLUMNS:
            return is_named and (found.is_speed_seen or hints.mm_per_s is not None)


def has_unseen_speed(found: LocatedPage) -> bool:
    """Whether the columns tell of an unusual speed that neither pulse nor print shows."""
    return found.layout.mm_per_s != USUAL_MM_PER_S and not found.is_speed_seen


def has_usual_or_seen_speed(found: LocatedPage) -> bool:
    """Whether nothing that pulses or print show contradicts the paper speed, and it is the usual one or seen."""
    is_contradicted = any(note.code == "speed-contradicted" for note in found.notes)
    return not is_contradicted and not has_unseen_speed(found)
