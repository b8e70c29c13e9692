"""The studies see what is wrong, and choose only what is not known yet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from archive.studies.active_learning import RULES, best
from archive.studies.kills import BROKEN, faults, write_pages


def test_the_pages_of_the_study_are_as_many_as_were_asked_for(tmp_path: Path) -> None:
    codes = write_pages(tmp_path, 30, 6, 2)
    assert len(list(tmp_path.iterdir())) == 30
    assert sorted(codes.values()).count("took-too-long") == 2
    assert len(codes) == 8
    assert set(codes.values()) - {"took-too-long"} == set(BROKEN)


def test_lost_doubled_and_wrong_rows_are_seen() -> None:
    def table(*rows: tuple[str, str, str]) -> pa.Table:
        return pa.table(dict(zip(("id", "status", "code"), map(list, zip(*rows, strict=True)), strict=True)))

    good, broken = ("p000000.png", "read", ""), ("p000001.png", "failed", "file-empty")
    codes = {"p000001.png": "file-empty"}
    assert faults(table(good, broken), 2, codes) == []
    assert faults(table(good), 2, codes) == ["p000001.png: 0 rows", "p000001.png: None, not file-empty"]
    assert faults(table(good, good, broken), 2, codes) == ["p000000.png: 2 rows"]
    assert faults(table(good, broken), 2, {}) == ["p000001.png: file-empty, not None"]


@pytest.mark.parametrize("name", RULES)
def test_every_rule_chooses_so_many_that_are_not_known(name: str) -> None:
    chance = np.random.default_rng(0)
    features, told = chance.normal(size=(60, 4)), chance.random((5, 60, 3))
    known = list(range(0, 20, 2))
    chosen = RULES[name](features, told, known, 10, chance)
    assert len(set(chosen.tolist())) == 10
    assert not set(chosen.tolist()) & set(known)


def test_the_best_are_in_order() -> None:
    assert best(np.array([0.1, 0.9, 0.5, 0.7]), [1], 2).tolist() == [3, 2]
