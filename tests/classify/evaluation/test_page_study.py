"""Signal and page side by side, with readers whose faults are known in place of the networks."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from classify.card import Card
from classify.evaluate import main
from classify.evaluation.page_study import compare
from classify.evaluation.page_summary import ALL, NO_FAULT, figures, markdown
from classify.evaluation.page_trial import Trial
from classify.weights import DEFAULT
from digitize.errors import NotAnEcg, Refusal
from ecg.page import Page
from ecg.reading import Reading
from simulate import Scene

torch.set_num_threads(1)


@pytest.fixture
def truths(monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """The truth of every page that is drawn, the newest last."""
    found: list[Reading] = []
    render = Scene.render

    def remember(scene: Scene, record: Any) -> tuple[Page, Reading]:
        page, truth = render(replace(scene, long_side_px=300), record)  # nobody looks at these pixels
        found.append(truth)
        return page, truth

    monkeypatch.setattr(Scene, "render", remember)
    return found


def run(tmp_path: Path, reader: Callable[[], Reading], count: int = 4) -> dict[str, Any]:
    return compare(None, DEFAULT, count, ["clean"], output=tmp_path, digitizer=lambda page, *given: reader())


@pytest.mark.slow
def test_a_perfect_reader_loses_nothing(truths: list[Reading], tmp_path: Path) -> None:
    result = run(tmp_path, lambda: truths[-1])
    found = result["presets"]["clean"]
    assert (found["drawn"], found["answered"], found["refused"]) == (4, 4, {})
    assert set(found["faults"]) == {NO_FAULT}
    assert found["faults"][NO_FAULT]["moved"] == 0
    for group in found["groups"].values():
        assert group["macro_auc"]["read"] == group["macro_auc"]["printed"]
        assert all(label["moved"] == 0 and label["changed"] == 0 for label in group["labels"].values())
    assert json.loads((tmp_path / "pages.json").read_text()) == result
    assert len(list(csv.DictReader((tmp_path / "pages.csv").open()))) == 4


@pytest.mark.slow
def test_refusals_are_counted_by_code_and_faults_by_name(truths: list[Reading], tmp_path: Path) -> None:
    def reader() -> Reading:
        truth = truths[-1]
        if len(truths) <= 2:
            raise NotAnEcg(f"no ECG here ({len(truths)} crossings)", "no-grid")
        louder = replace(truth.record, signal_mv=truth.record.signal_mv * 1.5)
        return replace(truth, record=louder) if len(truths) == 3 else truth

    found = run(tmp_path, reader)["presets"]["clean"]
    assert (found["drawn"], found["answered"], found["crashed"]) == (4, 2, 0)
    assert found["refused"] == {"no-grid": 2}
    assert found["faults"]["wrong amplitude"]["pages"] == 1
    assert found["faults"]["wrong amplitude"]["moved"] > 0 == found["faults"][NO_FAULT]["moved"]
    rows = list(csv.DictReader((tmp_path / "pages.csv").open()))
    assert [bool(row["refused"]) for row in rows] == [True, True, False, False]
    assert float(rows[2]["gain"]) == pytest.approx(1.5, rel=0.01)
    table = (tmp_path / "pages.md").read_text()
    assert "| clean | superclass | 2 of 4 |" in table and "| no-grid | 2 |" in table


def test_when_nothing_is_read_it_says_why(truths: list[Reading], tmp_path: Path) -> None:
    def reader() -> Reading:
        raise Refusal("the lamp is broken")

    with pytest.raises(ValueError, match="no page could be read and diagnosed: the lamp is broken"):
        run(tmp_path, reader, 1)


@pytest.mark.slow
def test_the_one_command_for_pages(
    truths: list[Reading], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("classify.evaluation.page_study.load_digitizer", lambda device: lambda page, *given: truths[-1])
    options = ["--count", "1", "--preset", "clean", "--output", str(tmp_path)]
    assert main(["--task", "images", *options]) == 0
    assert "1 of 1" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["--task", "images", *options, "--count", "0"])
    assert "count must be at least 1" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["--task", "images", "--count", "1", "--preset", "napkin"])
    assert "unknown preset 'napkin'" in capsys.readouterr().err


LABELS = (("g", "A"), ("g", "B"), ("g", "C"))


def trial(number: int, read: np.ndarray | None, **rest: Any) -> Trial:
    """Labels A and B (C is never reported): the signal knows, the page says what is given."""
    target = np.array([number % 2, 1 - number % 2, 0.0])
    knows = target[:2] * 0.8 + 0.1
    seen = {"signal": knows, "printed": knows, **({} if read is None else {"read": read})}
    said = {way: p > 0.5 for way, p in seen.items()}
    words = () if read is not None else ("torn", "page-damaged")
    return Trial(str(number), target, "3x4", seen, said, *words, **rest)


def test_figures_by_hand() -> None:
    card = Card("t", {}, LABELS, {"g": 1.0}, {"g": dict.fromkeys("ABC", 0.5)}, (), {}, seen={"g": {"C": 0}})
    same, turned = (
        (lambda k: trial(k, trial(k, None).probability["printed"])),
        (lambda k: trial(k, np.array([0.5, 0.5]))),
    )
    trials = [same(0), same(1), same(2), turned(3), trial(4, None), trial(5, None)]
    found = figures(trials, card)
    group = found["groups"]["g"]
    assert (found["drawn"], found["answered"], found["refused"]) == (6, 4, {"page-damaged": 2})
    assert set(group["labels"]) == {"A", "B"}
    assert group["labels"]["A"]["changed"] == 1 and group["labels"]["A"]["moved"] == pytest.approx(0.4 / 4)
    assert group["macro_auc"]["signal"] == 1
    assert group["macro_auc"][ALL] < group["macro_auc"]["read"] == 1
    assert "nan" not in markdown({"weights": "w", "part": "test", "presets": {"clean": found}}).lower()
