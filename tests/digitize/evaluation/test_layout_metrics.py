"""How well a page was understood, on cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitize.evaluation.layout_metrics import calibration, geometry_agreement, layout_agreement
from ecg.geometry import PageGeometry
from ecg.layout import template


def test_layout_agreement_by_hand() -> None:
    wanted = template("3x4+1").place()
    assert set(layout_agreement(wanted, wanted).values()) == {1.0}
    other_strip = template("3x4+1", ["V1"]).place(mm_per_s=50)
    found = layout_agreement(wanted, other_strip)
    assert found == {"layout_right": 1.0, "names_right": 12 / 13, "speed_right": 0.0, "gain_right": 1.0}
    assert layout_agreement(wanted, template("6x2").place())["names_right"] == 0.0
    assert layout_agreement(wanted, template("3x4+1").place(chest_gain=0.5))["gain_right"] == 0.0


def test_geometry_agreement_by_hand() -> None:
    layout = template("3x4").place()
    truth = PageGeometry.flat(8.0, (50, 50), 0.0)
    read = PageGeometry.flat(8.16, (20, 90), 1.5)
    found = geometry_agreement(truth, read, layout)
    assert found["orientation_right"] == 1.0
    assert found["rotation_error_deg"] == pytest.approx(1.5)
    assert found["scale_error_percent"] == pytest.approx(2.0)
    upside_down = PageGeometry.flat(8.0, (900, 900), 180.0)
    assert geometry_agreement(truth, upside_down, layout)["orientation_right"] == 0.0


def test_calibration_ranks_confidence_against_error() -> None:
    confidence = np.linspace(0.1, 0.9, 20)
    found = calibration(confidence.tolist(), (1 - confidence).tolist())
    assert found["rank_correlation"] == pytest.approx(-1)
    assert [b["rmse_uv"] for b in found["bins"]] == sorted((b["rmse_uv"] for b in found["bins"]), reverse=True)
    assert calibration([0.5], [1.0])["bins"] == []
