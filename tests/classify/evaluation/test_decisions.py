"""Decisions: thresholds come from validation alone, and figures are what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from classify.evaluation.decisions import decision_figures, label_accuracy, thresholds


def logits(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


def test_label_wise_accuracy_counts_known_answers() -> None:
    predicted = np.array([[True, False], [True, True]])
    target = np.array([[1.0, 0.0], [0.0, np.nan]])
    assert label_accuracy(predicted, target) == pytest.approx(2 / 3)
    assert np.isnan(label_accuracy(predicted, np.full((2, 2), np.nan)))


def test_thresholds_come_from_the_validation_records() -> None:
    """A network that says 0.2 where the label holds and 0.1 where not is right by its threshold, silent at one half."""
    target = np.tile([[1.0], [0.0]], (20, 1))
    p = np.where(target > 0.5, 0.2, 0.1)
    assert 0.1 < thresholds(p, target)[0] < 0.2
    figures = decision_figures((logits(p), target), (logits(p), target), ["AF"])
    assert figures["macro F1"].startswith("1.000 (")
    assert figures["macro F1 at 0.5"] == "0.000"
    assert (figures["label-wise accuracy"], figures["exact match"]) == ("1.000 / 0.500", "1.000 / 0.500")
    assert figures["AF F1"] == "1.00" and figures["macro AUC"] == "1.000"
    # the test records' own labels choose nothing
    other = decision_figures((logits(p), target), (logits(p), 1 - target), ["AF"])
    assert other["AF F1"] == "0.00"


def test_labels_with_few_test_records_are_set_apart() -> None:
    rng = np.random.default_rng(0)
    target = np.stack([rng.random(100) < 0.4, np.arange(100) < 3], axis=1).astype(float)
    z = np.where(target > 0.5, 2.0, -2.0)
    z[:3, 1] = -2.0  # the rare label is never found
    figures = decision_figures((np.where(target > 0.5, 2.0, -2.0), target), (z, target), ["SR", "SVTAC"])
    assert figures["macro F1 of 1 labels"] == "1.000"
    assert figures["macro F1"].startswith("0.500")
