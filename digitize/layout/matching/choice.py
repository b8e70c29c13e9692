"""Which of all layouts explains what was seen, if one clearly does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from digitize.errors import UnknownLayout
from digitize.layout.evidence import Evidence
from digitize.layout.matching.match import Match, lay
from digitize.layout.matching.names import gaps_mm, names_by_row
from digitize.layout.matching.spelled import spelled
from ecg.layout import TEMPLATES, Template
from ecg.leads import STANDARD
from ecg.paper import USUAL_MM_PER_S

_SPEEDS_MM_PER_S = (25.0, 50.0, 12.5)  # in the order in which they are tried: the most usual first


@dataclass(frozen=True)
class ChoiceThresholds:
    """When a layout is chosen; set on simulated pages of all layouts, checked on scans of machines' pages."""

    min_lead: float = 0.04  # a layout is certain when every other one scores this much less
    rows_agreement: float = 0.4  # from this agreement on names tell rows from rules and lines of text
    added_row_gain: float = 0.15  # an added row is taken when names agree with rows so much better with it,
    added_strip_certainty: float = 0.9  # or when its name, as a strip's, was read with this certainty
    added_strip_loss: float = 0.03  # and names agree at most so much worse with it
    spare_rows: int = 2  # so many rows may be something else
    min_covered: float = 0.5  # share of the ink that must lie where the layout has traces
    certain: float = 0.5  # certainty from which on a name is read for certain
    max_strange: int = 2  # so many names that a layout lacks may be read for certain as high over the rows as names
    longest_row_mm: float = 300.0  # a longer row of the usual seconds was seen on a grid that was misread
    max_unexplained: int = 6  # names read for certain, beyond which rows and columns alone do not decide


_CHOICE = ChoiceThresholds()


def match_rows(
    evidence: Evidence, candidates: Sequence[Template] | None = None, mm_per_s: float | None = None
) -> Match:
    """`match`, also with rows added where one seems to be missing, if names confirm it."""
    found, refusal = None, None
    try:
        found = match(evidence, candidates, mm_per_s)
    except UnknownLayout as error:
        refusal = error
    for fuller in evidence.with_missing_row():
        try:
            other = match(fuller, candidates, mm_per_s)
        except UnknownLayout:
            continue
        is_added = ~np.isin(fuller.baselines_mm, evidence.baselines_mm)
        if _is_better_with_row(other, is_added, 0.0 if found is None else found.names.agreement):
            found = other
    if found is None:
        assert refusal is not None
        raise refusal
    return found


def _is_better_with_row(other: Match, is_added: np.ndarray, agreement: float) -> bool:
    """Whether names confirm a match with an added row, beside the `agreement` of the one without it."""
    certainty = _certainty_of_strip(other, is_added)
    is_unread_strip = certainty == 0  # as it is not for a row of the grid
    least = max(agreement + _CHOICE.added_row_gain, _CHOICE.rows_agreement)
    is_clear_strip = certainty > _CHOICE.added_strip_certainty
    return (other.names.agreement > least and not is_unread_strip) or (
        is_clear_strip and other.names.agreement > agreement - _CHOICE.added_strip_loss
    )


def _certainty_of_strip(found: Match, is_added: np.ndarray) -> float:
    """With which certainty a name was read at the strip that an added row is; NaN where it is no strip."""
    if len(found.baselines_mm) != len(is_added):
        return float("nan")
    strips = zip(is_added[len(found.template.grid) :], found.names.rhythm_certainty, strict=False)
    return next((certainty for added, certainty in strips if added), float("nan"))


def match(evidence: Evidence, candidates: Sequence[Template] | None = None, mm_per_s: float | None = None) -> Match:
    """The template, speed and start that explain names and ink best. Raises UnknownLayout with what was seen."""
    known = list(candidates or TEMPLATES.values())
    rows = len(evidence.baselines_mm)
    choices = [(seen, template) for template in known for seen in _row_choices(evidence, template.row_count)]
    tried = [
        found
        for found in _laid(evidence, [*choices, *(() if candidates else spelled(evidence))], mm_per_s)
        if len(found.baselines_mm) == rows or found.names.agreement >= _CHOICE.rows_agreement
    ]
    if not tried:
        counts = sorted({template.row_count for template in known})
        raise UnknownLayout(
            f"{rows} rows were seen ({names_by_row(evidence)}); the known layouts have {counts} rows: give --layout",
            "row-count",
        )
    best = max(tried, key=lambda found: found.score)
    for objection in _objections(best, tried, evidence, is_given=candidates is not None):
        raise objection
    return best if mm_per_s else _at_seen_speed(best, evidence)


def _laid(evidence: Evidence, choices: Iterable[tuple[Evidence, Template]], mm_per_s: float | None) -> Iterator[Match]:
    """Every template on every choice of rows for it, at every speed and with every gap that it may have."""
    all_ink = float(evidence.ink.sum())
    for seen, template in choices:
        for timed, speed in _timings(template, mm_per_s):
            for gap in gaps_mm(seen, timed, speed):
                yield lay(seen, timed, speed, gap, all_ink)


def _objections(best: Match, tried: Sequence[Match], evidence: Evidence, *, is_given: bool) -> Iterator[UnknownLayout]:
    """What speaks against the best match, the gravest first."""
    name = best.template.name
    seen = f"{len(evidence.baselines_mm)} rows were seen: {names_by_row(evidence)}"
    if best.covered < _CHOICE.min_covered:
        yield UnknownLayout(
            f"the page looks most like {name}, but only {best.covered:.0%} of its traces lie where that has them "
            f"({seen}); give --layout",
            "traces-elsewhere",
        )
    count = sum(word.certainty > _CHOICE.certain for word in evidence.names())
    if not is_given and not best.is_named and count > _CHOICE.max_unexplained:
        yield UnknownLayout(
            f"{count} lead names were read for certain, but they fit no known layout ({seen}); give --layout",
            "names-fit-no-layout",
        )
    strange = _strange_names(best)
    if not is_given and len(strange) > _CHOICE.max_strange:
        yield UnknownLayout(
            f"the page looks most like {name}, but shows leads that that has not ({' '.join(strange)}; {seen}); "
            "give --layout",
            "strange-leads",
        )
    rivals = [m for m in tried if m.template.grid != best.template.grid and (best.is_named or not m.is_cabrera)]
    rival = max(rivals, key=lambda found: found.score, default=None)
    if rival is not None and best.score - rival.score < _CHOICE.min_lead:
        yield UnknownLayout(
            f"the page may be {name} or {rival.template.name}: too few lead names were read to tell "
            f"({seen}); give --layout",
            "layout-ambiguous",
        )


def _strange_names(found: Match) -> list[str]:
    """The names that were read for certain as high over the rows as names stand, and that the template lacks."""
    own = {lead for _, _, lead, _ in found.template.cells()}
    return [word.text for word in found.names.others if word.certainty > _CHOICE.certain and word.text not in own]


def _row_choices(evidence: Evidence, count: int) -> list[Evidence]:
    """The rows that may be a template's: all, or without one or two that may be rules or text."""
    rows = len(evidence.baselines_mm)
    if not count <= rows <= count + _CHOICE.spare_rows:
        return []
    return [evidence.only(kept) for kept in combinations(range(rows), count)]


def _timings(template: Template, mm_per_s: float | None) -> list[tuple[Template, float]]:
    """The template at the speeds that it may be printed at; faster paper may hold columns of fewer seconds."""
    if mm_per_s is None:
        return [(template, speed) for speed in _SPEEDS_MM_PER_S]
    short = replace(template, column_s=template.column_s * 25.0 / mm_per_s)
    return [(template, mm_per_s), (short, mm_per_s)] if mm_per_s > 25 else [(template, mm_per_s)]


def _at_seen_speed(found: Match, evidence: Evidence) -> Match:
    """The columns as wide as they are, with the seconds that they hold at the speed that print or pulses show.

    Where neither shows one, columns of half the usual width are a part of a page rather than slow paper, unless all
    twelve leads stand there.
    """
    printed = evidence.printed_number("mm/s")
    is_part = len({lead.removeprefix("-") for _, _, lead, _ in found.template.cells()}) < len(STANDARD)
    speed = evidence.seen_mm_per_s() or (USUAL_MM_PER_S if is_part else found.mm_per_s)
    row_mm = found.template.duration_s * found.mm_per_s
    is_told = printed is not None and row_mm < _CHOICE.longest_row_mm
    is_usual_paper = (found.mm_per_s, speed) in ((25.0, 50.0), (12.5, 25.0))
    if speed == found.mm_per_s or not (is_told or is_usual_paper):
        return found
    column_s = found.template.column_s * found.mm_per_s / speed
    return replace(found, template=replace(found.template, column_s=column_s), mm_per_s=speed)
