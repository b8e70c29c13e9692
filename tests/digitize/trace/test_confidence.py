"""The confidence: that it falls with every sign of doubt, and what the shipped weights say."""

from __future__ import annotations

import json

import numpy as np

from digitize.trace.confidence import FITTED, SIGNS, confidence, signs
from digitize.trace.row_reading import RowReading


def row(spread_mm: float, certainty: float = 1.0, slope: float = 0.0) -> RowReading:
    x_mm = np.arange(200) / 16
    one = np.ones(200)
    return RowReading(x_mm, slope * x_mm, certainty * one, one, 0 * one, np.zeros((5, 8, 100)), spread_mm * one)


def test_every_sign_of_doubt_lowers_it() -> None:
    columns = np.arange(20, 180)
    sure = confidence(signs(row(0.12), columns))
    assert sure.shape == columns.shape
    assert sure.min() > 0.95
    for doubtful in (row(0.8), row(0.12, slope=20.0), row(0.12, certainty=0.7)):
        assert confidence(signs(doubtful, columns)).max() < sure.min() - 0.005


def test_a_lead_in_doubt_lowers_its_sure_points_too() -> None:
    reading = row(0.12)
    reading.certainty[100:] = 0.3
    assert confidence(signs(reading, np.arange(200)))[0] < confidence(signs(reading, np.arange(100)))[0] - 0.005


def test_the_shipped_weights_name_the_row_pass_they_belong_to() -> None:
    shipped = json.loads(FITTED.read_text())
    assert set(shipped["weights"]) == {*SIGNS, "constant"}
    assert shipped["row"].startswith("row-")
    assert shipped["pages"] > 50
