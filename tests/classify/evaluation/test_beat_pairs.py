"""Beats that were found are paired with the annotated ones, and what has no other counts against the figures."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classify.evaluation.beat_pairs import NONE, as_markdown, paired


def test_missed_and_extra_beats_are_pairs_of_their_own() -> None:
    pairs = paired([1.0, 2.0, 3.0], ["N", "V", "N"], [1.05, 2.5, 3.0, 4.0], ["N", "N", "S", "V"])
    assert pairs == [("N", "N"), ("V", NONE), (NONE, "N"), ("N", "S"), (NONE, "V")]


@given(st.lists(st.floats(0, 100), max_size=20, unique=True), st.lists(st.floats(0, 100), max_size=20, unique=True))
def test_every_beat_is_in_one_pair(true_s: list[float], found_s: list[float]) -> None:
    pairs = paired(sorted(true_s), ["N"] * len(true_s), sorted(found_s), ["V"] * len(found_s))
    assert sum(one != NONE for one, _ in pairs) == len(true_s)
    assert sum(other != NONE for _, other in pairs) == len(found_s)


def test_figures_by_class() -> None:
    pairs = [("N", "N")] * 6 + [("N", "V")] * 2 + [("V", "V")] * 3 + [("V", NONE)] + [(NONE, "N")]
    rows = {line.split("|")[1].strip(): line for line in as_markdown(pairs, ["N", "V", "Q"]).splitlines()}
    n, v = 2 * 6 / (8 + 7), 2 * 3 / (4 + 5)
    assert f"| 8 | {6 / 8:.3f} | {6 / 7:.3f} | {n:.3f} | 6 | 2 | 0 | 0 |" in rows["N"]
    assert f"| {v:.3f} | 0 | 3 | 0 | 1 |" in rows["V"]
    assert f"{np.nan:.3f}" in rows["Q"]
