"""One page under one condition: read it and compare it with its truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

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
from ecg.page import Page, traces_to_record
from ecg.reading import Reading
from ecg.record import Record


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
    histogram = confidence_histogram(truth.record, in_turn(attempt.reading, truth)) if truth else None
    heart_rate = heart_rate_bpm(attempt.reading.record)
    return Trial(row.read_as(attempt.reading, heart_rate, agreement, histogram), tried, attempt.reading)


def in_turn(reading: Reading, truth: Truth) -> Reading:
    """The reading on the time line of a truth of which only the signal is known.

    Where columns that were read as of the same seconds come one after the other in it, as they are printed, they do so
    in the reading, too: no other truth tells which seconds a column shows.
    """
    boxes = reading.layout.boxes
    places = sorted({box.box_mm[0] for box in boxes if not box.is_rhythm})
    later = {box.lead.removeprefix("-") for box in boxes if not box.is_rhythm and box.box_mm[0] > places[0]}
    first_s = [_first_s(truth.record, lead) for lead in later if lead in truth.record.leads]
    is_at_once = len({box.t0_s for box in boxes if not box.is_rhythm}) == 1
    if truth.layout is not None or not is_at_once or not first_s or not min(first_s) > 0:
        return reading
    moved = [0.0 if box.is_rhythm else places.index(box.box_mm[0]) * (box.t1_s - box.t0_s) for box in boxes]
    layout = replace(
        reading.layout,
        boxes=tuple(replace(b, t0_s=b.t0_s + by, t1_s=b.t1_s + by) for b, by in zip(boxes, moved, strict=True)),
    )
    record = traces_to_record(reading.traces, reading.geometry, layout, reading.record.fs_hz)
    return replace(reading, layout=layout, record=record)


def _first_s(record: Record, lead: str) -> float:
    """When a lead begins; infinite where nothing of it is there."""
    return float(record.time_s[np.flatnonzero(np.isfinite(record[lead]))].min(initial=np.inf))


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
        score=score_page(truth.record, in_turn(reading, truth).record if reading else None) if truth else None,
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
