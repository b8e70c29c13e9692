"""Calibration pulses seen close up: gain and speed, or neither."""

from __future__ import annotations

import numpy as np
import pytest
from row_strip import Curve, strip

from digitize.nets.inputs import ROW_PULSE
from digitize.trace.pulse_size import PulseSize, gain_from_pulses, speed_from_pulses


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
    seen = gain_from_pulses(rows)
    assert seen.usual == mm_per_mv
    assert seen.mm == pytest.approx(mm_per_mv, abs=0.3)


@pytest.mark.parametrize("mm_per_mv", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("pitch_mm", [12.0, 16.0, 20.0, 25.0, 33.0])
def test_the_neighbours_pulses_in_the_strip_do_not_change_the_gain(pitch_mm: float, mm_per_mv: float) -> None:
    lines = [30.0 + pitch_mm * k for k in range(6)]
    pulses = [pulse_mm(mm_per_mv, y) for y in lines]
    seen = gain_from_pulses([strip(y, pulses) for y in lines])
    if mm_per_mv >= pitch_mm:  # they run into each other: then it is better to say nothing than something wrong
        assert seen.usual in (None, mm_per_mv)
    else:
        assert seen.usual == mm_per_mv
        assert seen.mm == pytest.approx(mm_per_mv, abs=0.3)


def test_what_is_too_low_to_be_a_pulse_does_not_vote() -> None:
    whole = [strip(y, [pulse_mm(20.0, y)]) for y in (30.0, 80.0)]
    parts = [strip(y, [pulse_mm(2.0, y)]) for y in (130.0, 180.0)]
    assert gain_from_pulses([*parts, *whole]).usual == 20.0


@pytest.mark.parametrize(("mm_per_mv", "seen"), [(5.0, None), (10.0, 10.0), (20.0, None)])
def test_one_row_of_several_confirms_the_usual_gain_and_sets_no_other(mm_per_mv: float, seen: float | None) -> None:
    rows = [strip(y, [pulse_mm(mm_per_mv, 80.0)]) for y in (45.0, 80.0, 115.0)]
    assert gain_from_pulses(rows) == PulseSize(seen, pytest.approx(mm_per_mv, abs=0.3), is_single=True)
    assert gain_from_pulses(rows[1:2]).usual == mm_per_mv  # the only row there is
    assert gain_from_pulses([strip(y, [pulse_mm(mm_per_mv, y)]) for y in (45.0, 80.0, 115.0)]).usual == mm_per_mv


def test_rows_that_contradict_each_other_set_no_gain() -> None:
    rows = [strip(y, [pulse_mm(height, y)]) for y, height in ((45.0, 5.0), (80.0, 10.0))]
    assert gain_from_pulses(rows).usual is None


@pytest.mark.parametrize("pen_mm", [0.3, 0.8, 6.0])
@pytest.mark.parametrize("wide_mm", [4.5, 5.5, 10.0])
def test_a_punch_hole_is_no_pulse(wide_mm: float, pen_mm: float) -> None:
    around = np.linspace(0, 2 * np.pi, 60)

    def hole(line_mm: float) -> Curve:
        x, y = 8.0 + wide_mm / 2 * np.cos(around), line_mm - wide_mm / 2 * (1 + np.sin(around))
        return list(zip(x.tolist(), y.tolist(), strict=True))

    assert np.isnan(gain_from_pulses([strip(y, [hole(y)], pen_mm) for y in (30.0, 80.0)]).mm)


def test_one_rows_wide_pulse_sets_no_speed() -> None:
    rows = [strip(y, [pulse_mm(10.0, 80.0, 4.0, 10.0)]) for y in (45.0, 80.0, 115.0)]
    assert speed_from_pulses(rows) is None


@pytest.mark.parametrize(("width_mm", "foot_mm"), [(2.5, 1.0), (5.0, 0.5), (10.0, 2.5)])
def test_a_pulse_may_be_narrow_or_wide(width_mm: float, foot_mm: float) -> None:
    rows = [strip(y, [pulse_mm(10.0, y, 4.0, width_mm, foot_mm)]) for y in (30.0, 80.0)]
    assert gain_from_pulses(rows).usual == 10.0


def test_without_pulses_there_is_no_gain() -> None:
    seen = gain_from_pulses([strip(30.0, []), strip(80.0, [])])
    assert seen.usual is None and np.isnan(seen.mm)
    blot = strip(30.0, [])
    blot.seg[ROW_PULSE, 100:104, 50:56] = 1.0
    assert gain_from_pulses([blot]).usual is None


def test_a_pulse_of_an_unusual_height_is_told_but_not_believed() -> None:
    seen = gain_from_pulses([strip(y, [pulse_mm(14.0, y)]) for y in (30.0, 80.0)])
    assert seen.usual is None
    assert seen.mm == pytest.approx(14.0, abs=0.3)


@pytest.mark.parametrize(("width_mm", "mm_per_s"), [(2.5, 12.5), (5.0, 25.0), (10.0, 50.0), (7.2, None)])
@pytest.mark.parametrize("foot_mm", [0.5, 2.0])
def test_pulses_tell_the_speed(width_mm: float, mm_per_s: float | None, foot_mm: float) -> None:
    rows = [strip(y, [pulse_mm(10.0, y, 4.0, width_mm, foot_mm)]) for y in (30.0, 80.0)]
    assert speed_from_pulses(rows) == mm_per_s


def test_without_pulses_there_is_no_speed() -> None:
    assert speed_from_pulses([strip(30.0, [])]) is None


@pytest.mark.parametrize(("heights", "is_odd"), [((7.2, 7.3), True), ((7.2, 13.5), False), ((10.0, 10.1), False)])
def test_pulses_that_agree_on_an_unusual_height_speak_against_the_millimetres(
    heights: tuple[float, float], is_odd: bool
) -> None:
    rows = [strip(y, [pulse_mm(height, y)]) for y, height in zip((30.0, 80.0), heights, strict=True)]
    assert gain_from_pulses(rows).is_odd == is_odd
    assert not gain_from_pulses(rows[:1]).is_odd
