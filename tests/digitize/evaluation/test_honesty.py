"""What is stated beside what is true, and bad pages that warn of nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_page import FakeDigitizer, drawn
from saved_pages import save_page

from digitize.evaluation.runner import evaluate
from ecg import write
from ecg.notes import Note


def measured(folder: Path, error_mv: float, *codes: str) -> dict[str, object]:
    """The honesty of a page whose every second sample is off by so much up and every other down."""
    write(drawn().record, str(save_page(folder / "pages" / "a.png").with_suffix(".truth.csv")))
    whole = drawn()
    off = replace(whole.record, signal_mv=whole.record.signal_mv + error_mv * np.tile([1, -1], 2500))
    notes = tuple(Note(code, "a doubt") for code in codes)
    report = evaluate(
        [folder / "pages"], folder / "out", digitizer=FakeDigitizer(replace(whole, record=off, notes=notes))
    )
    found = report["groups"][0]["honesty"]
    assert found is not None
    return dict(found)


def test_a_good_page_is_stated_lower_than_it_is(tmp_path: Path) -> None:
    found = measured(tmp_path, 0.0)
    assert found["stated"] == pytest.approx(0.8, abs=0.01)  # the stand-in's confidence runs from 0.6 to 1
    assert found["sure_stated"] == pytest.approx(0.975, abs=0.005)
    assert (found["within"], found["sure_within"], found["low"], found["silent"]) == (1.0, 1.0, 0, [])


@pytest.mark.parametrize(("codes", "silent"), [(("speed-assumed",), ["a"]), (("scale-oblong",), [])])
def test_a_bad_page_is_silent_unless_a_note_warns(tmp_path: Path, codes: tuple[str, ...], silent: list[str]) -> None:
    found = measured(tmp_path, 0.3, *codes)
    assert (found["within"], found["low"], found["silent"]) == (0.0, 1, silent)
    assert "below 10 dB" in (tmp_path / "out" / "report.md").read_text()
