"""Evaluation: every figure stands by its label's name, for labels that may be together and for those that may not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix, precision_score

from classify.card import Card
from classify.datasets.arrays import Arrays
from classify.datasets.collect import load_arrays
from classify.evaluate import main
from classify.evaluation.runner import evaluate, measure
from classify.evaluation.tables import cell, markdown
from classify.labels import columns
from classify.recipe import Recipe
from classify.tasks import TASKS
from classify.weights import files
from ecg.fit.recipe import from_dict

torch.set_num_threads(1)

LOAD = "classify.evaluation.runner.load_arrays"
DATA = {"fs_hz": 100, "simulated": 20}
NET = {"name": "resnet1d", "options": {"widths": [8], "blocks": 1, "kernel": 3}}
LABELS = (("a", "X"), ("a", "Y"), ("a", "Z"), ("b", "P"), ("b", "Q"))
CARD = Card(
    "t", {}, LABELS, {"a": 1.0, "b": 1.0}, {"a": {"X": 0.4, "Y": 0.6, "Z": 0.5}}, (), {}, ("b",), {"a": {"X": 2}}
)  # fmt: skip


def case() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and labels of 120 records: group a multi-hot, group b one-hot."""
    rng = np.random.default_rng(0)
    a, b = (rng.random((120, 3)) < 0.3).astype(float), np.eye(2)[rng.integers(0, 2, 120)]
    target = np.concatenate([a, b], 1)
    return np.clip(target * 0.3 + rng.random(target.shape) * 0.7, 0, 1), target


def test_figures_follow_the_names_when_labels_change_places() -> None:
    p, t = case()
    order = [4, 2, 0, 3, 1]
    one = measure(p, t, CARD)
    two = measure(p[:, order], t[:, order], replace(CARD, labels=tuple(LABELS[k] for k in order)))
    for group, name in LABELS:
        ours, theirs = one[group]["labels"][name], two[group]["labels"][name]
        assert theirs == pytest.approx(ours, nan_ok=True)
        assert two[group]["confusion"][name] == one[group]["confusion"][name]
    assert one["a"]["labels"]["Y"]["threshold"] == 0.6
    assert [one["a"]["labels"][name]["trained"] for name in "XYZ"] == [False, True, True]


def test_labels_that_exclude_each_other_are_decided_by_the_largest() -> None:
    p, t = case()
    found = measure(p, t, CARD)["b"]
    true, said = t[:, 3:].argmax(1), p[:, 3:].argmax(1)
    assert found["exact_match"] == pytest.approx(accuracy_score(true, said))
    table = confusion_matrix(true, said).tolist()
    assert found["confusion"] == {
        "P": dict(zip("PQ", table[0], strict=True)),
        "Q": dict(zip("PQ", table[1], strict=True)),
    }
    assert found["labels"]["Q"]["precision"] == pytest.approx(precision_score(true, said))
    assert np.isnan(found["labels"]["Q"]["threshold"])
    assert found["micro_f1"] == pytest.approx(found["exact_match"])


def test_labels_that_may_be_together_are_decided_by_their_thresholds() -> None:
    p, t = case()
    found = measure(p, t, CARD)["a"]
    assert found["labels"]["Y"]["precision"] == pytest.approx(precision_score(t[:, 1], p[:, 1] >= 0.6))
    assert found["macro_auc"] == pytest.approx(np.mean([found["labels"][name]["auc"] for name in "XYZ"]))
    low, high = found["macro_auc_95"]
    assert low < found["macro_auc"] < high


def test_a_label_that_is_not_there_has_no_figures() -> None:
    p, t = case()
    t[:, 2] = 0
    found = measure(p, t, CARD)["a"]
    assert np.isnan(found["labels"]["Z"]["auc"]) and np.isnan(found["labels"]["Z"]["recall"])
    assert found["macro_auc"] == pytest.approx(np.mean([found["labels"][name]["auc"] for name in "XY"]))
    assert cell(found["labels"]["Z"]["auc"]) == cell(None) == "-"


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return load_arrays(from_dict(Recipe, {"data": DATA}), None)


@pytest.fixture
def tiny(arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Untrained weights of the usual task, whose records are simulated once."""
    recipe = {"task": "ptbxl", "data": DATA, "net": NET}
    monkeypatch.setattr(LOAD, lambda recipe, data: arrays)
    labels = columns(TASKS["ptbxl"].groups)
    half = {g: {n: 0.5 for k, n in labels if k == g} for g, _ in labels}
    metrics = {"records": {"train": 12, "validation": 4, "test": 4}}
    card = Card("tiny", recipe, labels, dict.fromkeys(half, 1.0), half, ("invented",), metrics)
    torch.manual_seed(0)
    path = tmp_path / "tiny.safetensors"
    files.save(path, files.network(recipe, len(labels)).state_dict(), card)
    return path


@pytest.mark.slow
def test_one_json_one_markdown_and_pictures(tiny: Path, tmp_path: Path) -> None:
    result = evaluate(tiny, output=tmp_path / "out", update_card=True)
    kinds = ("curves", "reliability", "confusion", "tsne")
    pictures = {f"{group}_{kind}.png" for group in ("superclass", "rhythm") for kind in kinds}
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"evaluation.json", "evaluation.md"} | pictures
    assert json.loads((tmp_path / "out/evaluation.json").read_text()) == result
    assert result["records"] == 4 and result["network"]["name"] == "resnet1d"
    assert set(result["layouts"]) == {"full", "3x4+1", "3x4", "6x2"}
    table = (tmp_path / "out/evaluation.md").read_text()
    assert "| superclass NORM |" in table and "| full | rhythm |" in table and "nan" not in table
    card = files.load_card(tiny)
    assert card.metrics["test"]["full"]["rhythm"]["labels"]["AFIB"].keys() >= {"auc", "recall"}
    assert tiny.with_suffix(".md").read_text() == markdown(card)
    assert "Trained on: invented." in markdown(card) and "## 4 test records" in markdown(card)


def test_a_network_for_whole_signals_is_measured_on_nothing_else(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("classify.scoring.plots.write_all", lambda *given: [])
    card = files.load_card(tiny)
    files.save_card(tiny, replace(card, recipe={**card.recipe, "data": {**DATA, "page_masks": False}}))
    assert set(evaluate(tiny, part="validation", output=tmp_path / "out")["layouts"]) == {"full"}


def test_weights_say_which_task_they_answer(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--weights", str(tiny), "--task", "cpsc2018"])
    assert "answers superclass, rhythm (task ptbxl), but task cpsc2018 asks" in capsys.readouterr().err


def test_another_task_of_the_same_labels_is_measured_as_its_pages_show_it(
    tiny: Path, arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("classify.scoring.plots.write_all", lambda *given: [])
    asked: list[str] = []
    monkeypatch.setattr(LOAD, lambda recipe, data: asked.append(recipe.task) or arrays)
    (tmp_path / "pages.csv").touch()
    options = ["--data", str(tmp_path), "--output", str(tmp_path / "out")]
    assert main(["--weights", str(tiny), "--task", "images", *options]) == 0
    assert asked == ["images"]
    result = json.loads((tmp_path / "out/evaluation.json").read_text())
    assert (result["task"], set(result["layouts"])) == ("images", {"full"})


def test_a_part_without_records_is_named(
    tiny: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(LOAD, lambda recipe, data: arrays.of("train"))
    assert main(["--weights", str(tiny)]) == 1
    assert "no test records" in capsys.readouterr().err
