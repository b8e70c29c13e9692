"""Rows whose beats stand beside those of the other rows are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitize.stages import Leads
from digitize.trace.beats_in_step import in_step
from ecg.geometry import PageGeometry
from ecg.layout import template
from ecg.page import Trace
from ecg.record import Record
from simulate.heart import synthetic_record


def leads(name: str, record: Record, late_s: dict[str, float]) -> Leads:
    """The leads of a page on which some rows were read late."""
    layout, geometry = template(name).place(), PageGeometry.flat(8.0)
    traces = []
    for box in layout.boxes:
        time_s = np.arange(box.t0_s, box.t1_s, 0.002)
        mv = np.interp(time_s - late_s.get(box.lead, 0.0), record.time_s, record[box.lead])
        x_mm = box.box_mm[0] + (time_s - box.t0_s) * layout.mm_per_s
        px = geometry.to_px(np.stack([x_mm, box.baseline_mm - mv * layout.mm_per_mv], axis=-1))
        traces.append(Trace(box.lead, px[:, 0], px[:, 1], np.ones(len(px))))
    return Leads(geometry, layout, tuple(traces), ())


@pytest.mark.parametrize("rhythm", ["SR", "AFIB", "STACH", "PVC"])
@pytest.mark.parametrize("name", ["3x4+1", "12x1", "6x2"])
def test_rows_of_one_heart_are_in_step(name: str, rhythm: str) -> None:
    for seed in range(4):
        assert in_step(leads(name, synthetic_record(seed, rhythm), {})).notes == ()


@pytest.mark.parametrize("late_s", [0.1, -0.12])
@pytest.mark.parametrize("lead", ["II", "V5"])
def test_a_row_that_was_read_late_is_told(lead: str, late_s: float) -> None:
    record = synthetic_record(3, "SR", conditions=(), noise={})
    (note,) = in_step(leads("12x1", record, {lead: late_s})).notes
    assert note.code == "rows-out-of-step" and f"beats of {lead} " in note.text
    assert in_step(leads("12x1", record, {lead: 0.02})).notes == ()


def test_a_small_lag_counts_where_it_is_seen_again() -> None:
    """The leads of one beat do not peak at once; a bent row is late all along."""
    record = synthetic_record(3, "SR", conditions=(), noise={})
    assert [note.code for note in in_step(leads("12x1", record, {"V5": 0.08})).notes] == ["rows-out-of-step"]
    assert in_step(leads("3x4+1", record, {"V5": 0.08})).notes == ()


def test_a_page_of_few_rows_is_not_judged() -> None:
    record = synthetic_record(3, "SR", conditions=(), noise={})
    page = leads("3x1", record, {"II": 0.1})
    two = replace(page, layout=replace(page.layout, boxes=page.layout.boxes[:2]), traces=page.traces[:2])
    assert in_step(two) is two
