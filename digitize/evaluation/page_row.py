"""What is kept of one page under one condition."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from digitize.evaluation.confidence_metrics import ConfidenceHistogram
from digitize.evaluation.metrics import PageScore
from ecg.reading import Reading, ReadingFacts

CLEAN = "none"  # the condition without stress


@dataclass(frozen=True)
class PageRow:
    """One page under one condition: what was read, how well, with which notes, or in which words it was refused."""

    folder: str
    page: str
    condition: str
    status: str
    words: str
    seconds: float
    score: PageScore | None
    layout: str = ""
    heart_rate_bpm: float = float("nan")
    codes: tuple[str, ...] = ()
    confidence: Mapping[str, float] = field(default_factory=dict)
    facts: ReadingFacts = field(default_factory=ReadingFacts)
    agreement: Mapping[str, float] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    histogram: ConfidenceHistogram | None = None

    @property
    def px_per_mm(self) -> float:
        """The coarser of both directions, infinite where it is not known."""
        return min(self.facts.px_per_mm, default=math.inf) if self.facts.px_per_mm else math.inf

    def read_as(
        self,
        reading: Reading,
        heart_rate_bpm: float,
        agreement: Mapping[str, float],
        histogram: ConfidenceHistogram | None,
    ) -> PageRow:
        """The same row with what the reading says; nothing in it holds the page's pixels."""
        return replace(
            self,
            layout=f"{reading.layout.name} {reading.layout.mm_per_s:g} mm/s {reading.layout.mm_per_mv:g} mm/mV",
            heart_rate_bpm=heart_rate_bpm,
            codes=tuple(dict.fromkeys(note.code for note in reading.notes)),
            confidence=reading.confidence,
            facts=reading.facts,
            agreement=agreement,
            histogram=histogram,
        )
