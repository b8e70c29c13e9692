"""The layout that one candidate geometry shows."""

from __future__ import annotations

from digitize.layout.candidates import GeometryCandidate
from digitize.layout.evidence import gather
from digitize.layout.matching.choice import match_rows
from digitize.layout.matching.match import place
from digitize.layout.notes import layout_notes
from digitize.layout.two_sheets import refuse_two_sheets
from digitize.stages import LocatedPage, PageHints
from ecg.paper import USUAL_MM_PER_MV

_CERTAIN_NAME = 0.9  # a strip's name read so surely stands, unless its curve repeats another lead that is clearly seen


def find_layout(candidate: GeometryCandidate, hints: PageHints) -> LocatedPage:
    """The layout on the paper; its gain is the printed one, 10 mm/mV where none is.

    Raises UnknownLayout with what was seen.
    """
    evidence = gather(candidate.view, candidate.geometry, candidate.words)
    if hints.layout is None:
        refuse_two_sheets(evidence)
    match = match_rows(evidence, None if hints.layout is None else [hints.layout], hints.mm_per_s)
    gain = evidence.printed_number("mm/mV")
    return LocatedPage(
        geometry=candidate.geometry,
        layout=place(match, gain or USUAL_MM_PER_MV, evidence.chest_gain()),
        reach_mm=tuple(evidence.reach_mm(sorted(match.baselines_mm))),
        notes=layout_notes(match, evidence, hints.mm_per_s, is_given=hints.layout is not None),
        is_named=match.is_named,
        is_confirmed=match.is_named or hints.layout is not None,
        certain_strips=tuple(certainty > _CERTAIN_NAME for certainty in match.names.rhythm_certainty),
        is_speed_seen=evidence.seen_mm_per_s() is not None,
        is_speed_printed=evidence.printed_number("mm/s") is not None,
        is_gain_printed=gain is not None,
    )
