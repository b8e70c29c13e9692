"""The studies see what is wrong, and choose only what is not known yet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from archive_in_process import in_process

from archive.studies import stand_in
from archive.studies.killed_runs import BROKEN, faults, write_pages
from archive.studies.label_curves import RULES, best
from archive.studies.memory import as_table
from archive.studies.ranked_quality import compare, random_means_db
from ecg.formats import write


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


def test_memory_that_grows_is_seen() -> None:
    lines = as_table([100.0] * 10 + [200.0] * 10 + [200.0] * 10 + [230.0] * 9 + [500.0] + [300.0] * 10).splitlines()
    assert [line.split("|")[4].strip() for line in lines[2:]] == ["0.50", "1.00", "1.00", "1.15", "1.50"]
    assert lines[5].split("|")[3].strip() == "500"


def test_pages_at_random_are_as_good_as_all_of_them() -> None:
    snr_db = np.arange(50.0)
    drawn = random_means_db(snr_db, 10)
    assert drawn.mean() == pytest.approx(snr_db.mean(), abs=0.1)
    assert drawn.std() == pytest.approx(snr_db.std() / np.sqrt(10) * np.sqrt(40 / 49), rel=0.05)
    np.testing.assert_array_equal(random_means_db(snr_db, 50), np.full(10_000, snr_db.mean()))


def test_the_worst_read_pages_stand_beside_those_of_each_rule(tmp_path: Path) -> None:
    """Pages of which the stand-in reads each a little higher than the last; the truth is what it reads of the first."""
    for number in range(6):
        page = stand_in.write_page(tmp_path / "scans" / f"p{number}.png", 40 * number)
        write(stand_in.load("cpu", "torch").reading.record, page.with_suffix(".truth.csv"))
    in_process(tmp_path / "scans", tmp_path / "table")
    lines = compare(str(tmp_path / "table"), 2).splitlines()
    found = {line.split("|")[1].strip(): line.split("|")[2].strip() for line in lines}
    assert set(found) >= {"the worst", "reading", "uncertainty"} and "entropy" not in found
    assert float(found["the worst"]) <= float(found["reading"])
