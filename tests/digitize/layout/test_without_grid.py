"""Pages on plain paper: the scale comes from the calibration pulses, or the page is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracle import Oracle, heart, scene
from plain_page import plain

from digitize.errors import NoGrid, NotAnEcg
from digitize.evaluation.metrics import page_ratio, to_db
from digitize.grid.geometry_candidates import GridGeometries
from digitize.layout.calibration_pulse import Pulse
from digitize.layout.without_grid import _mm_per_px, _scales
from digitize.nets.inputs import PULSE
from digitize.stages import PageHints
from ecg.geometry import PageGeometry
from ecg.notes import texts


def no_grid(*_: object) -> PageGeometry:
    """Stands in for the search for a grid in vain, which takes its time."""
    raise NoGrid("no ECG grid was found")


def without_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GridGeometries, "clearest", no_grid)
    monkeypatch.setattr(GridGeometries, "by_fine_lines", None)


def test_a_pulse_is_any_of_the_usual_ones_that_have_its_shape() -> None:
    square = Pulse(9.0, 9.1, 3, 2.0)
    assert list(_scales(square, PageHints())) == [(25, 5), (50, 10)]
    assert list(_scales(square, PageHints(mm_per_s=50.0))) == [(50, 10)]
    assert list(_scales(square, PageHints(mm_per_mv=20.0))) == [(25.0, 20.0)]  # who says so knows better
    assert _mm_per_px(square, 25.0, 5.0) == (5 / 9.1, 5 / 9.1)  # px are square
    assert _mm_per_px(Pulse(9.0, 20.0, 3, 2.0), 25.0, 10.0) == (5 / 9.0, 0.5)


@pytest.mark.parametrize(("preset", "seed", "mm_per_mv"), [("clean", 1, 10.0), ("scan", 2, 10.0), ("clean", 4, 5.0)])
@pytest.mark.slow
def test_pulses_give_the_scale_with_a_warning(
    preset: str, seed: int, mm_per_mv: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, truth = plain(seed, preset, mm_per_mv=mm_per_mv)
    without_grid(monkeypatch)
    found = Oracle(truth).use(monkeypatch)(page)
    assert (found.layout.name, found.layout.mm_per_s, found.layout.mm_per_mv) == ("3x4+1", 25.0, mm_per_mv)
    assert f"taken as {mm_per_mv:g} mm high and 5 mm wide" in texts(found.notes)[0]
    np.testing.assert_allclose(found.facts.px_per_mm, truth.geometry.px_per_mm((125.0, 60.0)), rtol=0.02)
    assert to_db(page_ratio(truth.record, found.record)) > 15


@pytest.mark.slow
def test_what_was_looked_for_in_vain_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    page, truth = plain(1, pulse="none")
    digitizer = Oracle(truth).use(monkeypatch)
    with pytest.raises(NotAnEcg, match=r"no ECG grid was found.*calibration pulses \(0 seen\).*printed paper speed"):
        digitizer(page)
    without_grid(monkeypatch)
    told = digitizer(page, mm_per_s=25.0)
    assert "columns of the usual length at 25 mm/s" in texts(told.notes)[0]
    np.testing.assert_allclose(told.facts.px_per_mm, truth.geometry.px_per_mm((125.0, 60.0)), rtol=0.02)


@pytest.mark.slow
def test_a_page_with_a_grid_never_asks_the_pulses(monkeypatch: pytest.MonkeyPatch) -> None:
    found = scene(1, "clean", "3x4+1", pulse="left")
    page, truth = replace(found, effects={}).render(heart(1))
    monkeypatch.setattr("digitize.layout.search.GridlessPage", lambda *_: pytest.fail("the page has a grid"))
    assert "no grid" not in " ".join(texts(Oracle(truth).use(monkeypatch)(page).notes))
    assert (Oracle(truth).look(None, page.pixels, np.eye(3)).seg[PULSE] > 0.3).any()
