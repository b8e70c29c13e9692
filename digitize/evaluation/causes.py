"""Why pages went wrong: the first thing on the way from the page to the signal that was not right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digitize.evaluation.page_row import PageRow


@dataclass(frozen=True)
class CauseThresholds:
    """When a page counts as gone wrong, and what then counts as its cause; chosen by hand, they change no figure."""

    low_db: float = 12.0  # a page below is listed with its cause
    one_lead_share: float = 0.7  # of the page's squared error: one lead is the cause
    coarse_px_per_mm: float = 3.0  # a picture with fewer is coarse
    scale_off_percent: float = 1.5  # a larger error of the px per mm is the cause


CAUSES = CauseThresholds()
_AGREEMENT_CAUSES = {
    "orientation_right": "orientation wrong", "layout_right": "layout wrong", "names_right": "lead names wrong",
    "speed_right": "speed wrong", "gain_right": "gain wrong",
}  # fmt: skip


def causes_of(rows: Sequence[PageRow]) -> dict[str, list[str]]:
    """The pages that were not read or are below `CauseThresholds.low_db`, by cause, the commonest first."""
    found: dict[str, list[str]] = {}
    for row in rows:
        cause = _cause(row)
        if cause:
            found.setdefault(cause, []).append(row.page)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def _cause(row: PageRow) -> str:
    """The first thing that went wrong on the way from the page to the signal, in a few words; "" where nothing did."""
    if row.status != "read":
        why = re.split(r"[(;:]", row.words.partition(": ")[2])[0]  # the words begin with the page's file
        return f"{row.status}: {why.strip()}"
    if row.score is None or row.score.snr_db >= CAUSES.low_db:
        return ""
    for name, words in _AGREEMENT_CAUSES.items():
        if row.agreement.get(name, 1.0) < 1:
            return words
    if row.score.missing:
        return "leads not read"
    if row.agreement.get("scale_error_percent", 0.0) > CAUSES.scale_off_percent:
        return "scale off"
    if row.px_per_mm < CAUSES.coarse_px_per_mm:
        return "coarse picture"
    errors = [lead.error for lead in row.score.leads]
    return "one lead" if max(errors) > CAUSES.one_lead_share * sum(errors) else "several leads"
