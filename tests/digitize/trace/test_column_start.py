"""Where columns begin, touching or apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from row_strip import strip

from digitize.stages import RowReading
from digitize.trace.column_start import in_place, start_mm, uneven_mm
from digitize.training.target_drawing import edge_heat
from ecg.layout import Layout, LeadBox

LENGTH_MM = 70.0


def start(rows: list[RowReading]) -> float:
    boxes = [
        LeadBox("I", (20.0, 30.0 * k, 20.0 + LENGTH_MM, 30.0 * k + 30.0), 0.0, 2.8, False) for k in range(len(rows))
    ]
    return start_mm(rows, Layout("strips", tuple(boxes), 25.0, 10.0))


def test_the_start_is_where_most_rows_set_in() -> None:
    rows = [strip(30.0, [], begin_mm=x, end_mm=91.0) for x in (20.9, 21.0, 21.1, 18.0, 40.0)]
    assert start(rows) == pytest.approx(21.0, abs=0.15)


@pytest.mark.parametrize("begin_mm", [None, 0.0, 45.0])
def test_without_a_beginning_near_it_the_layouts_start_stands(begin_mm: float | None) -> None:
    rows = [strip(30.0, [], begin_mm=begin_mm, end_mm=(begin_mm or 0.0) + 20.0)] * 3
    assert start(rows) == pytest.approx(20.0, abs=0.03)


@pytest.mark.parametrize("begin_mm", [19.0, 20.013, 20.031, 20.05, 21.77])
def test_columns_that_touch_tell_the_start_far_below_a_column(begin_mm: float) -> None:
    row = columns_apart([begin_mm + 20.0 * k for k in range(3)], 20.0)
    boxes = tuple(LeadBox("I", (20.0 + 20.0 * k, 0.0, 40.0 + 20.0 * k, 30.0), 0.8 * k, 0.8 * k + 0.8) for k in range(3))
    assert start_mm([row], Layout("joined", boxes, 25.0, 10.0)) == pytest.approx(begin_mm, abs=0.004)


def test_a_dropout_is_not_the_start() -> None:
    row = strip(30.0, [], begin_mm=19.0, end_mm=89.0)
    row.presence[(row.x_mm > 21.0) & (row.x_mm < 22.0)] = 0.0
    assert start([row]) == pytest.approx(19.0, abs=0.1)


def columns_apart(begins_mm: list[float], long_mm: float) -> RowReading:
    """A row with a trace of `long_mm` at each of these places."""
    row = strip(30.0, [], begin_mm=None)
    ends = [x + end for x in begins_mm for end in (0.0, long_mm - 0.05)]
    for x in begins_mm:
        row.presence[(row.x_mm >= x) & (row.x_mm < x + long_mm)] = 1.0
    return replace(row, edge=edge_heat(np.array(ends), row.x_mm))


@pytest.mark.parametrize("room_mm", [9.0, 11.0, 13.5])
def test_columns_that_stand_apart_are_put_where_they_begin(room_mm: float) -> None:
    begins = [12.0 + k * (15.0 + room_mm) for k in range(3)]
    guessed = [14.0 + k * (15.0 + 11.0) for k in range(3)]
    boxes = tuple(LeadBox("I", (x, 15.0, x + 15.0, 45.0), k * 0.6, (k + 1) * 0.6) for k, x in enumerate(guessed))
    found = in_place([columns_apart(begins, 15.0)], Layout("apart", boxes, 25.0, 10.0))
    np.testing.assert_allclose([b.box_mm[0] for b in found.boxes], begins, atol=0.2)


def test_columns_that_touch_stay_together() -> None:
    boxes = tuple(LeadBox("I", (15.0 * k, 15.0, 15.0 * k + 15.0, 45.0), 0.6 * k, 0.6 * k + 0.6) for k in range(3))
    found = in_place([columns_apart([12.0, 29.0, 46.0], 15.0)], Layout("together", boxes, 25.0, 10.0))
    np.testing.assert_allclose(np.diff([b.box_mm[0] for b in found.boxes]), 15.0)


def test_columns_whose_names_stand_further_apart_touch_where_they_were_seen_to() -> None:
    boxes = tuple(LeadBox("I", (20.0 * k, 15.0, 20.0 * k + 15.0, 45.0), 0.6 * k, 0.6 * k + 0.6) for k in range(4))
    row = strip(30.0, [], begin_mm=12.0, end_mm=72.0)
    row = replace(row, edge=edge_heat(np.array([12.0, 27.0, 42.0, 57.0, 71.95]), row.x_mm))
    found = in_place([row], Layout("named apart", boxes, 25.0, 10.0))
    np.testing.assert_allclose([b.box_mm[0] for b in found.boxes], [12.0, 27.0, 42.0, 57.0], atol=0.1)


@pytest.mark.parametrize(
    ("seen_mm", "off_mm"),
    [
        ([10.0, 30.0, 50.0, 70.0, 90.0], 0.0),
        ([10.0, 30.0, 50.0, 75.0, 95.0], 5.0),  # a line was left out on the way
        ([10.0, 35.0, 55.0, 70.0, 90.0], 5.0),  # and counted twice further on
        ([3.0, 26.5, 50.0, 73.5, 97.0], 7.0),  # all are too wide
        ([10.0, 38.0, 50.0, 70.0, 90.0], 0.0),  # one mark alone may be a stroke
        ([10.0, 30.0, 50.0, 70.0, 84.0], 0.0),  # the last lead may end early
        ([12.6, 32.6, 50.0, 70.0, 90.0], 0.0),  # leads may begin late
    ],
)
def test_columns_that_are_not_equally_wide_are_told(seen_mm: list[float], off_mm: float) -> None:
    boxes = tuple(LeadBox("I", (10.0 + 20 * k, 0.0, 30.0 + 20 * k, 30.0), 0.8 * k, 0.8 * k + 0.8) for k in range(4))
    row = strip(30.0, [], begin_mm=10.0, end_mm=90.0)
    row = replace(row, edge=edge_heat(np.array(seen_mm), row.x_mm))
    assert uneven_mm([row], Layout("joined", boxes, 25.0, 10.0)) == pytest.approx(off_mm, abs=0.1)
