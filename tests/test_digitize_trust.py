"""The confidence: that it falls with every sign of doubt, that it can be fitted, and that it means what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from digitize.evaluation.simulated_pages import drawn_pages
from digitize.stages import RowReading
from digitize.studies.fit_confidence import fit
from digitize.trace.confidence import FITTED, SIGNS, confidence, signs


def row(spread_mm: float, certainty: float = 1.0, slope: float = 0.0) -> RowReading:
    x_mm = np.arange(200) / 16
    one = np.ones(200)
    return RowReading(
        x_mm, slope * x_mm, certainty * one, one, 0 * one, np.zeros((5, 8, 100)), (0.0, -4.0), spread_mm * one
    )


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


def test_what_was_fitted_says_how_often_a_sample_is_near() -> None:
    rng = np.random.default_rng(1)
    seen = rng.normal([[-2.0], [0.5], [-1.5]], [[0.4], [0.6], [0.3]], (len(SIGNS), 20_000))
    true = {"spread": -2.0, "slope": -0.5, "doubt_of_lead": -3.0, "constant": -5.0}
    chance = confidence(seen, true)
    found = fit(seen, rng.random(chance.size) < chance)
    assert found == pytest.approx(true, rel=0.15)


def test_the_shipped_weights_name_the_row_pass_they_belong_to() -> None:
    shipped = json.loads(FITTED.read_text())
    assert set(shipped["weights"]) == {*SIGNS, "constant"}
    assert shipped["row"].startswith("row-")
    assert shipped["pages"] > 50


def test_drawn_pages_are_known_by_their_seed_and_differ_between_presets() -> None:
    pages = list(drawn_pages(["clean", "scan"], 1, 5))
    assert [(preset, page.stem) for preset, page, _ in pages] == [("clean", "clean-5"), ("scan", "scan-10005")]
    assert pages[0][2].kinds["preset"] == "clean"
    assert pages[0][2].kinds["tells"] in ("clean: all", "clean: not all")
    assert np.isfinite(pages[0][2].record.signal_mv).any()
    again = next(iter(drawn_pages(["clean"], 1, 5)))
    assert np.array_equal(again[1].pixels, pages[0][1].pixels)
    with pytest.raises(ValueError, match="at least 1 page of some of clean"):
        next(iter(drawn_pages(["papyrus"], 1)))
