"""A real local Ray gives the very rows that the local engine gives."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from archive.running import run
from archive.settings import Run
from ecg.files import InputError

from .conftest import HOW, WORK, Shelf

pytest.importorskip("ray")
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_both_engines_give_the_same_rows(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two shards are there already; the others are read by Ray."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests")]))
    output = shutil.copytree(shelf.output, tmp_path / "table")
    missing = [output / "rows" / f"shard-0000{number}.parquet" for number in (2, 3, 4)]
    for path in missing:
        path.unlink()
    assert run(str(shelf.source), output, WORK, Run(engine="ray", workers=2, limits=HOW.limits), shard_pages=10) == 0
    for path in missing:
        here, there = (pq.read_table(folder / "rows" / path.name) for folder in (output, shelf.output))
        assert here.drop_columns(["seconds"]).equals(there.drop_columns(["seconds"]))


def test_a_cluster_that_is_not_there_is_named(few: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1:1: no Ray cluster"):
        run(str(few), tmp_path / "table", WORK, Run(engine="ray", address="127.0.0.1:1"))
