"""One page under one condition: read it and compare it with its truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from digitize.batch import Attempt, read_page
from digitize.engines import Digitize
from digitize.evaluation.confidence_metrics import confidence_histogram
from digitize.evaluation.ground_truth import Truth
from digitize.evaluation.layout_metrics import geometry_agreement, layout_agreement
from digitize.evaluation.metrics import heart_rate_bpm, score_page
from digitize.evaluation.page_row import CLEAN, PageRow
from digitize.evaluation.perturbations import paper_moves, stressed
from digitize.stages import PageHints
from ecg.notes import texts
from ecg.page import Page
from ecg.reading import Reading


@dataclass(frozen=True, eq=False)
class Trial:
    """A measured page with its pixels and its reading, where there are any."""

    row: PageRow
    page: Page | None = None
    reading: Reading | None = None


def try_page(page: Page, folder: str, condition: str, truth: Truth | None, digitize: Digitize) -> Trial:
    tried = page if condition == CLEAN else stressed(page, condition)
    attempt = read_page(tried, digitize, PageHints())
    row = _row(attempt, folder, condition, truth)
    if attempt.reading is None:
        return Trial(row, tried)
    agreement = _agreement(attempt.reading, page, condition, truth) if truth else {}
    histogram = confidence_histogram(truth.record, attempt.reading) if truth else None
    heart_rate = heart_rate_bpm(attempt.reading.record)
    return Trial(row.read_as(attempt.reading, heart_rate, agreement, histogram), tried, attempt.reading)


def unopened(path: Path, error: str, folder: str, condition: str, truth: Truth | None) -> Trial:
    """A file without pages counts as a refused page."""
    return Trial(_row(Attempt(path.stem, path, error=error), folder, condition, truth))


def _row(attempt: Attempt, folder: str, condition: str, truth: Truth | None) -> PageRow:
    reading = attempt.reading
    return PageRow(
        folder=folder,
        page=attempt.name,
        condition=condition,
        status="read" if reading else "crashed" if attempt.crashed else "refused",
        words=attempt.error or "; ".join(texts(reading.notes) if reading else ()),
        seconds=attempt.seconds,
        score=score_page(truth.record, reading.record if reading else None) if truth else None,
        kinds=truth.kinds if truth else {},
    )


def _agreement(reading: Reading, page: Page, condition: str, truth: Truth) -> dict[str, float]:
    """How well layout, names and scales agree, and the paper's place wherever the stress leaves it known."""
    if truth.layout is None:
        return {}
    found = layout_agreement(truth.layout, reading.layout)
    if truth.geometry is None:  # a template is known, but not at which speed and gain it is printed
        return {name: found[name] for name in ("layout_right", "names_right")}
    moves = paper_moves(condition, page.size_px)
    if moves is not None:
        found |= geometry_agreement(truth.geometry.after(moves), reading.geometry, truth.layout)
    return found
