"""Pages on plain paper: the scale comes from the calibration pulses, or the page is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracle import SIZE_PX, Oracle, heart, scene

from digitize.evaluation.metrics import page_ratio, to_db
from digitize.grid.deskew import level, row_heights_px
from digitize.grid.page_view import View, closer
from digitize.layout.calibration_pulse import Pulse, find_pulse
from digitize.layout.without_grid import _mm_per_px, _scales
from digitize.nets.inputs import PULSE, fit_matrix
from digitize.pipeline import Digitizer, NoGrid, NotAnEcg
from ecg.reading import Page, Reading


def plain(
    seed: int, preset: str = "clean", name: str = "3x4+1", pulse: str = "left", mm_per_mv: float = 10.0
) -> tuple[Page, Reading]:
    """A page without a grid and its truth."""
    found = scene(seed, preset, name, mm_per_mv=mm_per_mv, pulse=pulse)
    x0, y0, x1, y1 = found.layout.extent_mm
    room = (x0 - 25, y0 - 15, x1 + 10, y1 + 10)  # for the pulses as well
    paper = replace(found.paper, kind="none", ink_strength=1.0, extent_mm=room, grid_mm=room)
    whole = replace(found, paper=paper, frame_mm=room, shift=(0.0, 0.0), fill=min(found.fill, 0.95))
    return replace(whole, effects={}, quarter_turns=0).render(heart(seed))


def no_grid(*_: object) -> NoGrid:
    """Stands in for the search for a grid in vain, which takes its time."""
    return NoGrid("no ECG grid was found")


def view_of(page: Page, truth: Reading) -> View:
    oracle = Oracle(truth)
    first = oracle.look(None, page.pixels, fit_matrix(page.size_px, SIZE_PX))
    return oracle.look(None, page.pixels, closer(first, SIZE_PX))


@pytest.mark.parametrize(("preset", "seed"), [("clean", 1), ("scan", 2), ("scan", 3)])
def test_zero_lines_level_the_page(preset: str, seed: int) -> None:
    page, truth = plain(seed, preset)
    view = view_of(page, truth)
    matrix = level(view)
    assert matrix is not None
    seen = truth.geometry.after(matrix)
    x0, y0, x1, y1 = truth.layout.extent_mm
    assert abs(seen.angle_deg(((x0 + x1) / 2, (y0 + y1) / 2))) < 0.3
    lines = [seen.to_px(np.array([(x0 + x1) / 2, row[0].baseline_mm]))[1] for row in truth.layout.rows()]
    np.testing.assert_allclose(row_heights_px(view, matrix), lines, atol=1.5)


@pytest.mark.parametrize(
    ("preset", "seed", "mm_per_mv"), [("clean", 1, 10.0), ("scan", 2, 10.0), ("clean", 4, 5.0), ("scan", 5, 20.0)]
)
def test_pulses_are_measured_to_parts_of_a_px(preset: str, seed: int, mm_per_mv: float) -> None:
    page, truth = plain(seed, preset, mm_per_mv=mm_per_mv)
    view = view_of(page, truth)
    matrix = level(view)
    assert matrix is not None
    pulse = find_pulse(page.pixels, view, matrix)
    assert pulse is not None and pulse.count >= 2
    x0, y0, _, y1 = truth.layout.extent_mm
    across, down = truth.geometry.after(matrix).px_per_mm((x0, (y0 + y1) / 2))
    np.testing.assert_allclose([pulse.width_px, pulse.height_px], [5 * across, mm_per_mv * down], rtol=0.03)
    assert pulse.shape == mm_per_mv / 5


def test_without_pulses_none_is_measured() -> None:
    page, truth = plain(1, pulse="none")
    view = view_of(page, truth)
    matrix = level(view)
    assert matrix is not None and find_pulse(page.pixels, view, matrix) is None
    noise = replace(view, seg=np.random.default_rng(0).random(view.seg.shape).astype(np.float32))
    assert find_pulse(np.full_like(page.pixels, 255), noise, matrix) is None


def test_a_blank_page_has_no_level() -> None:
    page, truth = plain(1)
    view = view_of(page, truth)
    assert level(replace(view, baseline=np.zeros_like(view.baseline))) is None


def test_a_pulse_is_any_of_the_usual_ones_that_have_its_shape() -> None:
    square = Pulse(9.0, 9.1, 3, 2.0)
    assert list(_scales(square, (None, None))) == [(25, 5), (50, 10)]
    assert list(_scales(square, (50.0, None))) == [(50, 10)]
    assert list(_scales(square, (None, 20.0))) == [(25.0, 20.0)]  # who says so knows better
    assert _mm_per_px(square, 25.0, 5.0) == (5 / 9.1, 5 / 9.1)  # px are square
    assert _mm_per_px(Pulse(9.0, 20.0, 3, 2.0), 25.0, 10.0) == (5 / 9.0, 0.5)


@pytest.mark.parametrize(("preset", "seed", "mm_per_mv"), [("clean", 1, 10.0), ("scan", 2, 10.0), ("clean", 4, 5.0)])
def test_pulses_give_the_scale_with_a_warning(
    preset: str, seed: int, mm_per_mv: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, truth = plain(seed, preset, mm_per_mv=mm_per_mv)
    monkeypatch.setattr(Digitizer, "_attempt", no_grid)
    found = Oracle(truth).use(monkeypatch)(page)
    assert (found.layout.name, found.layout.mm_per_s, found.layout.mm_per_mv) == ("3x4+1", 25.0, mm_per_mv)
    assert f"taken as {mm_per_mv:g} mm high and 5 mm wide" in found.warnings[0]
    np.testing.assert_allclose(found.facts["px_per_mm"], truth.geometry.px_per_mm((125.0, 60.0)), rtol=0.02)
    assert to_db(page_ratio(truth.record, found.record)) > 15


def test_what_was_looked_for_in_vain_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    page, truth = plain(1, pulse="none")
    digitizer = Oracle(truth).use(monkeypatch)
    with pytest.raises(NotAnEcg, match=r"no ECG grid was found.*calibration pulses \(0 seen\).*printed paper speed"):
        digitizer(page)
    monkeypatch.setattr(Digitizer, "_attempt", no_grid)
    told = digitizer(page, mm_per_s=25.0)
    assert "columns of the usual length at 25 mm/s" in told.warnings[0]
    np.testing.assert_allclose(told.facts["px_per_mm"], truth.geometry.px_per_mm((125.0, 60.0)), rtol=0.02)


def test_a_page_with_a_grid_never_asks_the_pulses(monkeypatch: pytest.MonkeyPatch) -> None:
    found = scene(1, "clean", "3x4+1", pulse="left")
    page, truth = replace(found, effects={}).render(heart(1))
    monkeypatch.setattr("digitize.layout.without_grid.locate", lambda *_: pytest.fail("the page has a grid"))
    assert "no grid" not in " ".join(Oracle(truth).use(monkeypatch)(page).warnings)
    assert (Oracle(truth).look(None, page.pixels, np.eye(3)).seg[PULSE] > 0.3).any()
