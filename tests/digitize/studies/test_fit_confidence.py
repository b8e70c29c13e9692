"""The fit of the confidence finds how often a sample is near the truth."""

from __future__ import annotations

import numpy as np
import pytest

from digitize.studies.fit_confidence import fit
from digitize.trace.confidence import SIGNS, confidence


def test_what_was_fitted_says_how_often_a_sample_is_near() -> None:
    rng = np.random.default_rng(1)
    seen = rng.normal([[-2.0], [0.5], [-1.5]], [[0.4], [0.6], [0.3]], (len(SIGNS), 20_000))
    true = {"spread": -2.0, "slope": -0.5, "doubt_of_lead": -3.0, "constant": -5.0}
    chance = confidence(seen, true)
    found = fit(seen, rng.random(chance.size) < chance)
    assert found == pytest.approx(true, rel=0.15)
