"""Calibration pulses seen close up: gain and speed, or neither."""

from __future__ import annotations

import numpy as np
import pytest
from row_strip import Curve, strip

from digitize.nets.inputs import ROW_PULSE
from digitize.trace.pulse_size import gain_from_pulses, speed_from_pulses


def pulse_mm(
    height_mm: float, baseline_mm: float, x_mm: float = 8.0, width_mm: float = 5.0, foot_mm: float = 2.0
) -> Curve:
    """A pulse's corners in paper mm, y downward."""
    xs = np.cumsum([x_mm, foot_mm, 0, width_mm, 0, foot_mm])
    up = baseline_mm - height_mm
    return list(zip(xs, [baseline_mm, baseline_mm, up, up, baseline_mm, baseline_mm], strict=True))


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
