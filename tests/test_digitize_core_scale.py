"""From paper to units: the gain from drawn pulses, and the start of the time line."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitize.nets.inputs import ROW_CLASSES, ROW_PULSE, ROW_PX_PER_MM, column_centres_px
from digitize.trace.calibration import gain_from_pulses, in_place, speed_from_pulses, start_mm
from digitize.trace.row_reading import RowReading, strip_window
from digitize.training.target_drawing import edge_heat
from ecg.layout import Layout, LeadBox

BEGIN_MM = 20.0
Curve = list[tuple[float, float]]


def pulse_mm(
    height_mm: float, baseline_mm: float, x_mm: float = 8.0, width_mm: float = 5.0, foot_mm: float = 2.0
) -> Curve:
    """A pulse's corners in paper mm, y downward."""
    xs = np.cumsum([x_mm, foot_mm, 0, width_mm, 0, foot_mm])
    up = baseline_mm - height_mm
    return list(zip(xs, [baseline_mm, baseline_mm, up, up, baseline_mm, baseline_mm], strict=True))


def strip(
    baseline_mm: float,
    pulses: list[Curve],
    pen_mm: float = 0.3,
    begin_mm: float | None = BEGIN_MM,
    end_mm: float = 100.0,
) -> RowReading:
    """What a flawless row network says of 100 mm with these pulses and a trace from `begin_mm` to `end_mm`."""
    window = strip_window(0.0, 100.0, baseline_mm, 22.0)
    cols, rows = (round((window[k + 2] - window[k]) * ROW_PX_PER_MM) for k in (0, 1))
    seg = np.zeros((ROW_CLASSES, rows, cols), np.float32)
    for points in pulses:
        px = (np.array(points) - window[:2]) * ROW_PX_PER_MM - 0.5
        pen = max(2, round(pen_mm * ROW_PX_PER_MM))
        cv2.polylines(seg[ROW_PULSE], [np.round(px * 32).astype(np.int32)], False, 1.0, pen, cv2.LINE_8, 5)
    x = (column_centres_px(cols) + 0.5) / ROW_PX_PER_MM
    seen, edge = np.zeros((2, x.size), np.float32)
    if begin_mm is not None:
        seen[(x >= begin_mm) & (x < end_mm)] = 1.0
        edge = edge_heat(np.array([begin_mm, end_mm]), x)
    return RowReading(x, np.full(x.size, baseline_mm), seen, seen, edge, seg, window[:2])


@pytest.mark.parametrize("pen_mm", [0.2, 0.8])
@pytest.mark.parametrize("mm_per_mv", [5.0, 10.0, 20.0])
def test_pulses_tell_the_gain(mm_per_mv: float, pen_mm: float) -> None:
    rows = [strip(y, [pulse_mm(mm_per_mv, y)], pen_mm) for y in (30.0, 80.0, 130.0)]
    gain, height = gain_from_pulses(rows)
    assert gain == mm_per_mv
    assert height == pytest.approx(mm_per_mv, abs=0.3)


@pytest.mark.parametrize("mm_per_mv", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("pitch_mm", [12.0, 16.0, 20.0, 25.0, 33.0])
def test_the_neighbours_pulses_in_the_strip_do_not_change_the_gain(pitch_mm: float, mm_per_mv: float) -> None:
    lines = [30.0 + pitch_mm * k for k in range(6)]
    pulses = [pulse_mm(mm_per_mv, y) for y in lines]
    gain, height = gain_from_pulses([strip(y, pulses) for y in lines])
    if mm_per_mv > pitch_mm:  # they run into each other: then it is better to say nothing than something wrong
        assert gain in (None, mm_per_mv)
    else:
        assert gain == mm_per_mv
        assert height == pytest.approx(mm_per_mv, abs=0.3)


def test_what_is_too_low_to_be_a_pulse_does_not_vote() -> None:
    whole = [strip(y, [pulse_mm(20.0, y)]) for y in (30.0, 80.0)]
    parts = [strip(y, [pulse_mm(2.0, y)]) for y in (130.0, 180.0)]
    assert gain_from_pulses([*parts, *whole])[0] == 20.0


def test_one_pulse_on_the_page_is_enough() -> None:
    rows = [strip(y, [pulse_mm(10.0, 80.0)]) for y in (55.0, 80.0, 105.0)]
    assert gain_from_pulses(rows)[0] == 10.0


@pytest.mark.parametrize(("width_mm", "foot_mm"), [(2.5, 1.0), (5.0, 0.5), (10.0, 2.5)])
def test_a_pulse_may_be_narrow_or_wide(width_mm: float, foot_mm: float) -> None:
    rows = [strip(y, [pulse_mm(10.0, y, 4.0, width_mm, foot_mm)]) for y in (30.0, 80.0)]
    assert gain_from_pulses(rows)[0] == 10.0


def test_without_pulses_there_is_no_gain() -> None:
    gain, height = gain_from_pulses([strip(30.0, []), strip(80.0, [])])
    assert gain is None and np.isnan(height)
    blot = strip(30.0, [])
    blot.seg[ROW_PULSE, 100:104, 50:56] = 1.0
    assert gain_from_pulses([blot])[0] is None


def test_a_pulse_of_an_unusual_height_is_told_but_not_believed() -> None:
    gain, height = gain_from_pulses([strip(y, [pulse_mm(14.0, y)]) for y in (30.0, 80.0)])
    assert gain is None
    assert height == pytest.approx(14.0, abs=0.3)


@pytest.mark.parametrize(("width_mm", "mm_per_s"), [(2.5, 12.5), (5.0, 25.0), (10.0, 50.0), (7.2, None)])
@pytest.mark.parametrize("foot_mm", [0.5, 2.0])
def test_pulses_tell_the_speed(width_mm: float, mm_per_s: float | None, foot_mm: float) -> None:
    rows = [strip(y, [pulse_mm(10.0, y, 4.0, width_mm, foot_mm)]) for y in (30.0, 80.0)]
    assert speed_from_pulses(rows) == mm_per_s


def test_without_pulses_there_is_no_speed() -> None:
    assert speed_from_pulses([strip(30.0, [])]) is None


# --- where the first column begins ------------------------------------------------------------------------------------

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


# --- columns with room between them -----------------------------------------------------------------------------------


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
