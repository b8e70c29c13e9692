"""Whether a reading says how right it is: what is stated of all samples and what is true, and bad pages that say so."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import TypedDict

from digitize.evaluation.confidence_metrics import CONFIDENCE_EDGES
from digitize.evaluation.page_row import PageRow

SURE = 0.95  # samples stated with at least this are looked at apart
LOW_DB = 10.0  # a page below this should say why
# Notes of what is usual and nearly always right: they warn of nothing.
ROUTINE = frozenset({"speed-assumed", "gain-assumed", "read-from-pixels", "picture-shrunk"})


class Honesty(TypedDict):
    """Of the samples read, and of those stated with at least `SURE`: the mean confidence, and the share within half a
    millimetre of the truth, NaN where there are none; how many pages were read below `LOW_DB`, and which of them say
    nothing that warns of it.
    """

    stated: float
    within: float
    sure_stated: float
    sure_within: float
    low: int
    silent: list[str]


def honesty(rows: Sequence[PageRow]) -> Honesty | None:
    """Of the pages with a truth that were read; None where there are none."""
    read = [row for row in rows if row.histogram is not None and row.score is not None]
    if not read:
        return None
    total = reduce(add, (row.histogram for row in read if row.histogram is not None))
    low = [row for row in read if row.score is not None and row.score.snr_db < LOW_DB]
    first_sure = CONFIDENCE_EDGES.index(SURE)
    steps = (slice(None), slice(first_sure, None))
    (stated, within), (sure_stated, sure_within) = (
        [_share(counts[some].sum(), total.samples[some].sum()) for counts in (total.stated, total.within)]
        for some in steps
    )
    return Honesty(
        stated=stated,
        within=within,
        sure_stated=sure_stated,
        sure_within=sure_within,
        low=len(low),
        silent=[row.page for row in low if not set(row.codes) - ROUTINE],
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
