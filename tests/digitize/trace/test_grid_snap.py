"""Where curves begin that a program drew from a line of the grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from digitize.trace.grid_snap import snap_to_thick_line
from ecg.geometry import PageGeometry
from ecg.layout import Layout, template

SEEN = replace(PageGeometry.flat(8.0), error_mm=0.02)  # a dot is 0.125 mm


def laid(start_mm: float) -> Layout:
    return template("3x4+1").place((start_mm, 0.0), 30.0, 25.0, 10.0)


def start(layout: Layout) -> float:
    return layout.extent_mm[0]


@pytest.mark.parametrize(
    ("seen_mm", "true_mm"),
    [
        (50.0 - 0.0625, 50.0 - 0.0625),  # half a dot before a line, where curves that begin on it are seen
        (50.0 - 0.03, 50.0 - 0.0625),
        (50.0 - 0.15, 50.0 - 0.0625),
        (-130.0 - 0.1, -130.0 - 0.0625),
        (50.0 + 0.01, 50.0),  # lines that were not moved
        (50.0 + 0.09, 50.0),
        (50.2, 50.2),  # near no line
        (52.5, 52.5),
        (51.0, 51.0),  # thin lines do not count
    ],
)
def test_a_start_near_a_thick_line_is_on_it(seen_mm: float, true_mm: float) -> None:
    assert start(snap_to_thick_line(laid(seen_mm), SEEN)) == pytest.approx(true_mm, abs=1e-6)


@given(st.floats(-200, 200))
def test_no_start_moves_by_more_than_it_is_seen_off(seen_mm: float) -> None:
    moved = snap_to_thick_line(laid(seen_mm), SEEN)
    assert abs(start(moved) - seen_mm) < 0.1
    assert [b.t0_s for b in moved.boxes] == [b.t0_s for b in laid(seen_mm).boxes]


def test_finer_pictures_have_smaller_dots() -> None:
    fine = replace(PageGeometry.flat(16.0), error_mm=0.02)
    assert start(snap_to_thick_line(laid(10.0 - 0.04), fine)) == pytest.approx(10.0 - 0.03125)


def test_coarse_pictures_do_not_tell() -> None:
    coarse = replace(PageGeometry.flat(4.0), error_mm=0.02)
    assert start(snap_to_thick_line(laid(9.9), coarse)) == pytest.approx(9.9)


def test_a_map_from_pulses_has_no_lines() -> None:
    assert start(snap_to_thick_line(laid(49.98), PageGeometry.flat(8.0))) == pytest.approx(49.98)


def test_half_a_dot_is_what_a_raster_library_puts_between_a_line_and_a_curve() -> None:
    figure = Figure(figsize=(10.0, 1.0), dpi=100)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(0.0, 1000.0)
    axes.set_ylim(0.0, 100.0)
    places = np.arange(40.3, 990.0, 19.37)
    for x in places:
        axes.axvline(x, 0.5, 1.0, linewidth=0.72, color="black")  # 1 dot wide, as lines of a grid are
        axes.plot([x, x + 3e-3, x], [0.0, 25.0, 50.0], linewidth=0.72, color="black", snap=False)  # as curves are
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    ink = 255.0 - np.asarray(canvas.buffer_rgba())[..., 0].astype(float)
    off = [centre(ink[10:40], x) - centre(ink[60:90], x) for x in places]
    assert np.mean(off) == pytest.approx(0.5, abs=0.1)


def centre(ink: np.ndarray, near: float) -> float:
    """Column of the ink's centre of gravity within two dots of a place."""
    cols = np.arange(round(near) - 3, round(near) + 4)
    weight = ink[:, cols].mean(0)
    return float((weight * cols).sum() / weight.sum())
