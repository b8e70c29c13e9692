"""The rules put first what they say they do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from archive.ranking import rules


def test_the_least_certain_comes_first() -> None:
    p = np.array([[0.01, 0.99], [0.5, 0.5], [0.2, 0.02], [np.nan, np.nan]])
    assert np.argsort(-rules.entropy(p)[:3]).tolist() == [1, 2, 0]
    assert np.isnan(rules.entropy(p)[3])
    near = rules.margin(p, np.array([0.2, 0.5]))
    assert near[2] == pytest.approx(1.0)
    assert near[1] == pytest.approx(1.0)
    assert near[0] < 0.1
    assert np.isnan(near[3])


def test_disagreement_is_of_the_members() -> None:
    agreed = np.full((3, 1), 0.5)
    told = np.stack([agreed, agreed, agreed])
    told[:, 1, 0] = [0.0, 0.5, 1.0]
    assert rules.disagreement(told)[[0, 2]].tolist() == [0.0, 0.0]
    assert rules.disagreement(told)[1] > 0.4


def test_centres_cover_the_clusters() -> None:
    clusters = np.repeat([[0.0, 0], [10, 0], [0, 10], [10, 10]], 25, axis=0)
    vectors = clusters + np.random.default_rng(0).normal(0, 0.1, clusters.shape)
    assert {index // 25 for index in rules.k_centre(vectors, 4)} == {0, 1, 2, 3}
    assert {index // 25 for index in rules.k_centre(vectors, 2, known=[3, 30])} == {2, 3}


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(0, 40), st.integers(0, 1000))
def test_centres_are_taken_once(size: int, count: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(size, 3))
    taken = rules.k_centre(vectors, count)
    assert len(taken) == len(set(taken)) == min(size, count)


@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e3, 1e3) | st.just(float("nan"))))
def test_ranks_keep_the_order(score: np.ndarray) -> None:
    found = rules.percentiles(score)
    assert ((found >= 0) & (found <= 1)).all()
    known = np.flatnonzero(np.isfinite(score))
    for a, b in pairwise(known):
        assert score[a] <= score[b] or found[a] > found[b]
    assert (found[~np.isfinite(score)] == 0).all()


def test_standard_scores_leave_gaps_in_the_middle() -> None:
    found = rules.standardised(np.array([[1.0, 5.0, np.nan], [3.0, 5.0, np.nan], [np.nan, 5.0, np.nan]]))
    np.testing.assert_allclose(found, [[-1, 0, 0], [1, 0, 0], [0, 0, 0]])
