"""Pages that must not be diagnosed: they are what they are called, and none of them gets a diagnosis."""

from __future__ import annotations

import numpy as np
import pytest

from classify.classifier import Classifier
from classify.studies.not_ecgs import Outcome, judge, main, table
from classify.studies.strange_pages import KINDS, draw
from digitize.engines import load_digitizer
from ecg.page import Page
from ecg.reading import Reading


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_a_page_depends_on_its_kind_and_seed_alone(kind: str) -> None:
    first = draw(kind, 3).pixels
    np.testing.assert_array_equal(first, draw(kind, 3).pixels)
    assert first.dtype == np.uint8 and min(first.shape[:2]) > 200


def test_outcomes_are_counted_by_kind() -> None:
    outcomes = [Outcome("EEG", 0, "refused", ""), Outcome("EEG", 1, "diagnosed", ""), Outcome("text", 0, "refused", "")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(outcomes).splitlines()[2:]]
    assert rows == [["all", "2", "0", "1"], ["EEG", "1", "0", "1"], ["text", "1", "0", "0"]]


def test_a_refusal_is_judged_as_such() -> None:
    def refuse(page: Page) -> Reading:
        raise ValueError("no ECG")

    assert judge(draw("chessboard", 1), refuse, None) == ("refused", "no ECG")  # type: ignore[arg-type]


def test_a_command_without_pages_diagnoses_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "0"]) == 0


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_none_is_diagnosed(kind: str) -> None:
    read = load_digitizer("cpu", "torch")
    outcome, words = judge(draw(kind, 0), lambda page: read(page, None, None, None), Classifier.load())
    assert outcome != "diagnosed", words
