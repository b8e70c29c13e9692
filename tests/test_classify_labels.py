"""Labels by name, the readers of collections, and the scores."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from classify.calibrate import best_threshold, expected_calibration_error, sigmoid, temperature
from classify.labels import GROUPS, columns, targets, title
from classify.score import auc, bootstrap, counts, macro_auc
from classify.sources import TASKS, examples

DATA = Path(os.environ.get("ECG_DATA", ""))
real = pytest.mark.skipif(not (DATA / "ptbxl/index.csv").is_file(), reason="ECG_DATA has no ptbxl")


@pytest.mark.parametrize("groups", [("superclass",), ("rhythm", "superclass"), ("superclass", "rhythm")])
def test_every_target_stands_where_its_name_does(groups: tuple[str, ...]) -> None:
    for k, (group, name) in enumerate(columns(groups)):
        row = targets({g: frozenset([name] if g == group else []) for g in GROUPS}, groups)
        assert row[k] == 1
        assert np.delete(row, k).sum() == 0


def test_an_unassessed_group_is_unknown_and_not_absent() -> None:
    row = targets({"superclass": None, "rhythm": frozenset(["AFIB"])}, ("superclass", "rhythm"))
    assert np.isnan(row[:5]).all()
    assert row[5:].tolist() == [0, 1, 0, 0, 0, 0]


def test_names_that_are_not_known() -> None:
    with pytest.raises(ValueError, match="unknown label group colour"):
        columns(["colour"])
    assert title("rhythm", "AFIB") == "Atrial fibrillation"
    assert title("rhythm", "TORSADE") == "TORSADE"


def test_auc_and_counts_agree_with_an_independent_implementation() -> None:
    rng = np.random.default_rng(0)
    target = (rng.random((200, 3)) < 0.3).astype(float)
    p = np.round(np.clip(target * 0.2 + rng.random((200, 3)) * 0.8, 0, 1), 1)  # rounded: with ties
    assert macro_auc(p, target) == pytest.approx(roc_auc_score(target, p, average="macro"))
    assert counts(p[:, 0] >= 0.5, target[:, 0])["f1"] == pytest.approx(f1_score(target[:, 0], p[:, 0] >= 0.5))
    low, high = bootstrap(p, target, rounds=50)
    assert low < macro_auc(p, target) < high


def test_unknown_targets_are_left_out() -> None:
    p, t = np.array([0.9, 0.1, 0.0]), np.array([1.0, 0.0, np.nan])
    assert auc(p, t) == 1.0
    assert counts(p > 0.5, t)["records"] == 2
    assert np.isnan(auc(p, np.ones(3)))


def test_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(1)
    true_logit = rng.normal(0, 2, (4000, 1))
    target = (rng.random((4000, 1)) < sigmoid(true_logit)).astype(float)
    target[::7] = np.nan
    found = temperature(3 * true_logit, target)
    assert found == pytest.approx(3, rel=0.1)
    before, after = (expected_calibration_error(sigmoid(3 * true_logit / t), target) for t in (1, found))
    assert after < before / 3


def test_threshold_maximises_f1_and_is_cautious_with_few_positives() -> None:
    p = np.array([0.9, 0.8, 0.7, 0.65, 0.6, 0.55, 0.3, 0.2, 0.1, 0.05])
    t = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0.0])
    assert 0.3 < best_threshold(p, t) < 0.55
    assert best_threshold(p[4:], t[4:]) == 0.5


@real
def test_no_patient_is_in_two_parts_and_the_overlap_is_left_out() -> None:
    found = examples(TASKS["ptbxl"], DATA)
    patients = {part: {e.patient for e in found if e.part == part and e.source != "cinc_mix"} for part in
                ("train", "validation", "test")}  # fmt: skip
    assert all(len(p) > 150 for p in patients.values())
    assert not patients["train"] & patients["validation"]
    assert not patients["test"] & (patients["train"] | patients["validation"])
    assert not any(e.path.stem.startswith("HR") for e in found)


def test_a_missing_collection_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"ptbxl.*index\.csv"):
        examples(TASKS["ptbxl"], tmp_path)
