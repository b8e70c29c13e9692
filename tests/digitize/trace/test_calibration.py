"""The speed that is printed, beside pulses that show another."""

from __future__ import annotations

import numpy as np
import pytest
from row_strip import strip

from digitize.stages import LocatedPage, PageHints
from digitize.trace.calibration import calibrate
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox


@pytest.mark.parametrize(
    ("printed", "width_mm", "codes"),
    [(25.0, 5.0, []), (25.0, 2.5, []), (25.0, 10.0, ["speed-contradicted"]), (50.0, 5.0, ["speed-contradicted"])],
)
def test_pulses_of_another_speed_than_the_printed_are_said_unless_they_are_narrow(
    printed: float, width_mm: float, codes: list[str]
) -> None:
    feet, top = 3.0, 10.0
    boxes, rows = [], []
    for k in range(3):
        zero = 30.0 * (k + 1)
        x = np.array([4.0, 4.0 + feet, 4.0 + feet, 4.0 + feet + width_mm, 4.0 + feet + width_mm, 7.0 + feet + width_mm])
        y = zero - top * np.array([0, 0, 1, 1, 0, 0])
        rows.append(strip(zero, [list(zip(x.tolist(), y.tolist(), strict=True))], begin_mm=22.0, end_mm=92.0))
        boxes.append(LeadBox(("I", "II", "III")[k], (22.0, zero - 15, 92.0, zero + 15), 0.0, 70 / printed))
    layout = Layout("rows", tuple(boxes), printed, 10.0)
    page = LocatedPage(PageGeometry.flat(8.0), layout, (10.0,) * 3, (), is_named=True, is_confirmed=True,
                       is_speed_printed=True, is_gain_printed=True)  # fmt: skip
    assert [note.code for note in calibrate(page, rows, PageHints()).notes] == codes
