"""Every page has its row once, whatever befell; a run that was ended goes on; what differs is refused."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from archive_in_process import in_process

from archive.__main__ import main
from archive.running import run
from archive.settings import Part, Run, Work
from archive.storage import manifest
from archive.storage.store import Store
from archive.storage.writing import counts, tasks
from archive.studies import stand_in
from ecg.files import InputError
from ecg.formats import read_all

from .conftest import CODES, WORK, Shelf

pytestmark = pytest.mark.slow


def rows(output: Path) -> pd.DataFrame:
    return pd.read_parquet(output / "rows")


@pytest.mark.slow
def test_every_page_has_one_row_and_every_failure_its_code(shelf: Shelf) -> None:
    found = rows(shelf.output)
    assert found["id"].tolist() == [f"p{number:02}.png" for number in range(42)]
    failed = found[found["status"] != "read"].set_index("id")
    assert failed["code"].to_dict() == CODES
    assert all(name in failed.loc[name, "error"] for name in CODES)
    assert failed.loc["p05.png", "status"] == "refused"
    assert failed["status"].value_counts().to_dict() == {"failed": 6, "refused": 1}
    assert found.loc[found["id"] == "p11.png", "seconds"].item() >= 8.0


def test_a_row_holds_the_signal_in_uv_with_null_where_nothing_is_printed(shelf: Shelf) -> None:
    row = rows(shelf.output).set_index("id").loc["p03.png"]
    drawn = stand_in.load("cpu", "torch").reading.record
    expected = np.round(drawn["V1"].astype(np.float64) * 1000 + 3)
    np.testing.assert_array_equal(np.isnan(row["V1"]), np.isnan(drawn["V1"]))
    np.testing.assert_allclose(row["V1"], expected, atol=0.51)
    assert (row["fs_hz"], row["layout"], row["mm_per_s"]) == (500.0, "3x4+1", 25.0)
    assert len(row["confidence"]) == 12
    assert list(row["codes"]) == ["speed-assumed"]


def test_a_shard_is_read_as_any_file_of_recordings(shelf: Shelf) -> None:
    records = read_all(shelf.output / "rows" / "shard-00002.parquet")
    assert len(records) == 10
    assert records[0].meta["source"] == "p20.png"


def test_a_second_run_finds_all_done(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in shelf.output.rglob("*.parquet")}
    assert run(str(shelf.source), shelf.output, WORK, shard_pages=10) == 0
    assert "to do: 0 pages in 0 of 5 shards" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in shelf.output.rglob("*.parquet")} == before


def test_missing_and_damaged_shards_are_done_again(shelf: Shelf, tmp_path: Path) -> None:
    output = shutil.copytree(shelf.output, tmp_path / "table")
    (output / "rows" / "shard-00001.parquet").unlink()
    damaged, foreign = (output / "rows" / f"shard-0000{number}.parquet" for number in (2, 3))
    damaged.write_bytes(damaged.read_bytes()[:-40])
    shutil.copy(output / "rows" / "shard-00000.parquet", foreign)
    store = Store(output)
    there = manifest.load(store)
    assert [task.number for task in tasks(there, store, range(5), False)] == [1, 2, 3]
    assert counts(there, store, range(5)).total() == 12


def test_only_failed_pages_are_read_again(few: Path, tmp_path: Path) -> None:
    good = (few / "p2.png").read_bytes()
    (few / "p2.png").write_bytes(b"cut off")
    in_process(few, tmp_path / "table")
    before = rows(tmp_path / "table")
    assert before["code"].tolist() == ["", "", "not-a-picture", "", "", ""]
    (few / "p2.png").write_bytes(good)
    (few / "p3.png").write_bytes(b"not looked at again")
    in_process(few, tmp_path / "table", Run(retry_errors=True))
    after = rows(tmp_path / "table")
    assert after["id"].tolist() == before["id"].tolist()
    assert after["status"].eq("read").all()
    pd.testing.assert_frame_equal(after.drop(index=2), before.drop(index=2))


def test_parts_make_the_whole(few: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        in_process(few, tmp_path / "parts", Run(part=Part(number, 2)))
    in_process(few, tmp_path / "whole")
    seconds = "seconds"
    pd.testing.assert_frame_equal(
        rows(tmp_path / "parts").drop(columns=seconds), rows(tmp_path / "whole").drop(columns=seconds)
    )


def test_a_part_counts_its_own_pages(few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_process(few, tmp_path / "table", Run(part=Part(2, 2)))
    assert "2 rows for 2 pages: 2 read" in capsys.readouterr().err


def test_an_archive_goes_on_only_as_it_was_begun(few: Path, tmp_path: Path) -> None:
    in_process(few, tmp_path / "table")
    with pytest.raises(ValueError, match=r"begun with layout None, not '6x2'"):
        run(str(few), tmp_path / "table", Work(layout="6x2", diagnose=False, loader=WORK.loader), shard_pages=2)
    with pytest.raises(ValueError, match="limit None, not 3"):
        run(str(few), tmp_path / "table", WORK, shard_pages=2, limit=3)


def test_a_dry_run_writes_nothing(few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(few), str(tmp_path / "table"), "--dry_run", "--shard_pages", "4"]) == 0
    assert "6 pages" in capsys.readouterr().err
    assert not (tmp_path / "table").exists()


def test_a_limit_takes_the_first_pages(few: Path, tmp_path: Path) -> None:
    in_process(few, tmp_path / "table", limit=3)
    assert rows(tmp_path / "table")["id"].tolist() == ["p0.png", "p1.png", "p2.png"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--part", "3"], "such as 3/16"),
        (["--part", "4/3"], "expected 1/3 to 3/3"),
        (["--workers", "0"], "--workers must be at least 1"),
        (["--layout", "7x7"], "7x7"),
        (["--shard_pages", "0"], "at least 1"),
        (["--time_limit_s", "0"], "call_s"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(
    few: Path, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([str(few), str(tmp_path / "table"), *words])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "table").exists()


def test_a_place_that_is_no_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.parquet"):
        manifest.load(Store(tmp_path))
    (tmp_path / "manifest.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="not the manifest"):
        manifest.load(Store(tmp_path))


def test_signals_are_packed_as_differences(shelf: Shelf) -> None:
    group = pq.ParquetFile(shelf.output / "rows" / "shard-00002.parquet").metadata.row_group(0)
    columns = {group.column(k).path_in_schema: group.column(k) for k in range(group.num_columns)}
    assert "DELTA_BINARY_PACKED" in columns["V1.list.element"].encodings
    assert columns["V1.list.element"].compression == "ZSTD"


class _Gone(io.StringIO):
    """A terminal that has been closed."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_terminal_that_has_gone_ends_no_run(few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _Gone())
    in_process(few, tmp_path / "table")
    assert rows(tmp_path / "table")["status"].eq("read").all()
