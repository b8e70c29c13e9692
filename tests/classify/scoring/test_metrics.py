"""Scores against independent implementations, by hand, and whatever the order of records and labels."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, roc_auc_score

from classify.scoring import metrics as score


@pytest.fixture(scope="module")
def case() -> tuple[np.ndarray, np.ndarray]:
    """Rounded probabilities (with ties) and labels of 200 records, 3 labels."""
    rng = np.random.default_rng(0)
    target = (rng.random((200, 3)) < 0.3).astype(float)
    return np.round(np.clip(target * 0.2 + rng.random((200, 3)) * 0.8, 0, 1), 1), target


def test_scores_agree_with_an_independent_implementation(case: tuple[np.ndarray, np.ndarray]) -> None:
    p, t = case
    said = p >= 0.5
    assert score.macro_auc(p, t) == pytest.approx(roc_auc_score(t, p, average="macro"))
    assert score.macro(score.auprc, p, t) == pytest.approx(average_precision_score(t, p, average="macro"))
    assert score.macro_f1(said, t) == pytest.approx(f1_score(t, said, average="macro"))
    assert score.counts(said.ravel(), t.ravel())["f1"] == pytest.approx(f1_score(t, said, average="micro"))
    assert score.brier(p[:, :1], t[:, :1]) == pytest.approx(brier_score_loss(t[:, 0], p[:, 0]))


def test_counts_by_hand() -> None:
    said = np.array([1, 1, 1, 0, 0, 0, 0, 1], bool)
    holds = np.array([1, 1, 0, 1, 0, 0, 0, np.nan])
    found = score.counts(said, holds)
    assert (found["tp"], found["fp"], found["fn"], found["tn"]) == (2, 1, 1, 3)
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["precision"] == pytest.approx(2 / 3)
    assert found["specificity"] == 3 / 4
    assert found["records"] == 7


def test_what_cannot_be_said_is_nan_and_never_a_zero() -> None:
    p, one = np.array([0.9, 0.1, 0.0]), np.array([1.0, 1.0, np.nan])
    assert np.isnan(score.auc(p, one))
    assert np.isnan(score.auprc(p, one))
    assert np.isnan(score.counts(np.zeros(3, bool), np.zeros(3))["recall"])
    assert np.isnan(score.exact_match(np.ones((2, 1), bool), np.full((2, 1), np.nan)))
    assert np.isnan(score.bootstrap(p[:, None], one[:, None], rounds=5)).all()
    assert score.auc(p, np.array([1.0, 0.0, np.nan])) == 1.0
    assert np.isnan(score.mean([float("nan")]))


def test_exact_match_needs_every_label() -> None:
    said = np.array([[1, 0], [1, 1], [0, 0], [1, 0]], bool)
    holds = np.array([[1, 0], [1, 0], [0, 0], [1, np.nan]])
    assert score.exact_match(said, holds) == pytest.approx(2 / 3)


def test_confusion_has_true_labels_in_rows() -> None:
    said = np.eye(3, dtype=bool)[[0, 0, 1, 2]]
    holds = np.eye(3)[[0, 1, 1, 2]]
    assert score.confusion(said, holds).tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]


def test_reliability_of_honest_and_of_boastful_probabilities() -> None:
    rng = np.random.default_rng(1)
    p = rng.random((20000, 1))
    t = (rng.random(p.shape) < p).astype(float)
    honest, boastful = score.reliability(p, t), score.reliability(np.where(p > 0.5, 0.99, 0.01), t)
    assert honest.error < 0.02 < 0.2 < boastful.error
    assert honest.size.sum() == 20000
    assert np.all(np.diff(honest.stated) > 0)
    assert score.reliability(np.zeros((0, 1)), np.zeros((0, 1))).error == 0


def test_an_interval_of_patients_is_wider_than_one_of_their_many_records() -> None:
    rng = np.random.default_rng(2)
    patient = np.repeat(np.arange(12), 20)
    target = np.repeat(rng.random(12) < 0.5, 20).astype(float)[:, None]
    values = target * 0.3 + np.repeat(rng.random(12), 20)[:, None] + 0.01 * rng.random((240, 1))
    plain, clustered = (score.bootstrap(values, target, patient=who, rounds=100) for who in (None, patient))
    assert clustered[1] - clustered[0] > 1.5 * (plain[1] - plain[0])
    low, high = plain
    assert low < score.macro_auc(values, target) < high


@given(st.integers(0, 2**32 - 1), st.permutations(range(4)))
@settings(max_examples=12, deadline=None)
def test_neither_the_order_of_records_nor_that_of_labels_matters(seed: int, order: list[int]) -> None:
    rng = np.random.default_rng(seed)
    p, t = rng.random((30, 4)), (rng.random((30, 4)) < 0.4).astype(float)
    rows = rng.permutation(30)
    shuffled = p[rows][:, order], t[rows][:, order]
    assert score.macro_auc(*shuffled) == pytest.approx(score.macro_auc(p, t), nan_ok=True)
    there = score.confusion(p > 0.5, t)
    assert np.array_equal(score.confusion(shuffled[0] > 0.5, shuffled[1]), there[np.ix_(order, order)])


def test_json_holds_no_nan() -> None:
    made = score.plain({"a": float("nan"), "b": [0.123456, (1, float("inf"))], "c": "x"})
    assert json.loads(json.dumps(made, allow_nan=False)) == {"a": None, "b": [0.1235, [1, None]], "c": "x"}
