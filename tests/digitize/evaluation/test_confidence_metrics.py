"""What the confidence of samples is worth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_page import drawn

from digitize.evaluation.confidence_metrics import confidence_histogram, pooled, sample_confidence


def test_confident_samples_are_told_from_doubtful_ones(tmp_path: Path) -> None:
    """Where the stand-in doubts, the truth differs: the error must show in those steps of confidence only."""
    reading = drawn()
    doubt = sample_confidence(reading).signal_mv < 0.8
    truth = replace(reading.record, signal_mv=reading.record.signal_mv + 0.1 * doubt * np.tile([1, -1], 2500))
    steps = {tuple(step["confidence"]): step for step in pooled([confidence_histogram(truth, reading)])}
    for ends in ((0.5, 0.7), (0.7, 0.8)):
        assert steps[ends]["median_uv"] == pytest.approx(100, rel=0.06)
        assert steps[ends]["within"] == 0  # 0.1 mV is a millimetre
        assert ends[0] < steps[ends]["stated"] < ends[1]
    assert steps[0.8, 0.9]["p90_uv"] < 10 and steps[0.8, 0.9]["within"] == 1
    assert sum(step["share"] for step in steps.values()) == pytest.approx(1)


def test_the_confidence_of_a_sample_is_that_of_its_trace() -> None:
    reading = drawn()
    found = sample_confidence(reading)
    assert np.array_equal(np.isnan(found.signal_mv), np.isnan(reading.record.signal_mv))
    assert found["I"][[0, 1249]] == pytest.approx([0.6, 1.0], abs=0.01)
    assert found["II"][[0, 2500, 4999]] == pytest.approx([0.6, 0.8, 1.0], abs=0.01)  # the strip, not the short box
