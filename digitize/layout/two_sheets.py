"""Two ECGs on one sheet: their lead names stand twice, where an ECG has each once and some again at its strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from digitize.errors import UnknownLayout
from digitize.layout.evidence import Evidence
from digitize.layout.printed_words import PrintedWord
from digitize.layout.zero_lines import STEP_MM


@dataclass(frozen=True)
class TwiceThresholds:
    """When names tell of two ECGs; by what one ECG can print: three strips at most repeat a lead's name."""

    certain: float = 0.5  # certainty from which on a name counts as read
    min_twice: int = 5  # so many leads stand twice
    apart_down_mm: float = 10.0  # in two rows,
    apart_across_mm: float = 40.0  # or in one, so far apart
    before_end_mm: float = 20.0  # and so far before the row's end: names may be repeated behind the traces


_TWICE = TwiceThresholds()


def refuse_two_sheets(evidence: Evidence) -> None:
    """Raises UnknownLayout where most lead names stand twice."""
    twice = leads_twice(evidence)
    if len(twice) >= _TWICE.min_twice:
        raise UnknownLayout(
            f"two ECGs seem to stand on this page, for {', '.join(twice)} are printed twice: cut it into one picture "
            "for each; where the leads go on in further rows instead, give --layout",
            "two-sheets",
        )


def leads_twice(evidence: Evidence) -> list[str]:
    """The leads whose names were read for certain at two places that two ECGs would have them at.

    "I" does not count: lines look like it.
    """
    inked = np.flatnonzero(evidence.ink.max(0) > _TWICE.certain)
    end_mm = evidence.x0_mm + STEP_MM * float(inked[-1] if len(inked) else 0)
    certain = [w for w in evidence.words if w.is_lead and w.text != "I" and w.certainty > _TWICE.certain]
    of_lead: dict[str, list[PrintedWord]] = {}
    for word in certain:
        of_lead.setdefault(word.text.removeprefix("-"), []).append(word)
    return [lead for lead, words in of_lead.items() if _is_twice(words, end_mm)]


def _is_twice(words: Sequence[PrintedWord], end_mm: float) -> bool:
    return any(
        abs(a.y_mm - b.y_mm) > _TWICE.apart_down_mm
        or (abs(a.x_mm - b.x_mm) > _TWICE.apart_across_mm and max(a.x_mm, b.x_mm) < end_mm - _TWICE.before_end_mm)
        for a, b in combinations(words, 2)
    )
