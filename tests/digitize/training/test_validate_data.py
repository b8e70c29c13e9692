"""Pages looked at before training: counted, and what is wrong named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digitize.training import validate_data
from simulate.dataset.writer import write_pages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_pages(tmp_path, count=3, seed=3, preset="clean", long_side_px=400)
    return tmp_path


def test_the_data_check_counts_what_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "scan.png").write_bytes(b"")
    assert validate_data.main(["--sim_root", str(folder), "--sample", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["pages"], found["opened"], found["problems"]) == (3, 2, [])
    assert found["without_truth"] == [str(folder / "scan.png")]
    assert found["counts"]["signal Hz"] == {"500": 2}
    assert sum(found["counts"]["layout"].values()) == 2
