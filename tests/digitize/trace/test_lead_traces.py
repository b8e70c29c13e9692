"""What is shown at the ends of a lead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from digitize.stages import RowReading
from digitize.trace.lead_traces import cut
from ecg.geometry import PageGeometry
from ecg.layout import TEMPLATES
from ecg.page import Trace

torch.set_num_threads(1)


def slope_read(certainty: dict[range, float], presence: dict[range, float] | None = None) -> RowReading:
    """A row that rises by 0.1 mm a column of 0.0625 mm from x = 0; sure and there but for some columns."""
    x_mm = (np.arange(400) + 0.5) * 0.0625
    sure, there = np.ones(400), np.ones(400)
    for values, told in ((sure, certainty), (there, presence or {})):
        for columns, value in told.items():
            values[list(columns)] = value
    return RowReading(x_mm, np.arange(400) * -0.1, sure, there, np.zeros(400), np.zeros((5, 8, 200)))


def cut_out(row: RowReading) -> Trace:
    """The lead from 5 to 20 mm: columns 80 to 319."""
    layout = TEMPLATES["3x4"].place()
    box = replace(layout.boxes[0], box_mm=(5.0, -20.0, 20.0, 20.0))
    return cut(box, row, PageGeometry.flat(1.0))


def test_what_a_separator_covers_is_held_from_inside() -> None:
    trace = cut_out(slope_read({range(76, 85): 0.4, range(314, 323): 0.4}))
    np.testing.assert_allclose(trace.y_px[:4], -8.5)
    np.testing.assert_allclose(trace.y_px[-5:], -31.3)
    np.testing.assert_allclose(np.diff(trace.y_px[5:-6]), -0.1)
    assert trace.confidence[1] == pytest.approx(0.4)  # it is not sure all the same


def test_a_steep_flank_at_the_beginning_stays() -> None:
    trace = cut_out(slope_read({range(85, 88): 0.5}))  # a doubt that does not reach the end
    np.testing.assert_allclose(np.diff(trace.y_px[1:-1]), -0.1)


def test_only_the_last_bit_of_a_hidden_stretch_is_held() -> None:
    trace = cut_out(slope_read({range(70, 120): 0.1}, {range(70, 120): 0.0}))
    x_mm = trace.x_px
    assert np.isnan(trace.y_px[x_mm < 7.4]).all() and np.isfinite(trace.y_px[x_mm > 7.6]).all()
    assert (trace.confidence[x_mm < 7.4] == 0).all()
