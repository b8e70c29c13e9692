"""Rows are chosen by conditions, written as recordings, and shown on one page."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from archive_in_process import in_process

from archive.__main__ import main
from archive.selection.exporting import stem_of
from archive.studies import stand_in
from ecg import read


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("selection")
    for number in range(5):
        stand_in.write_page(
            folder / "scans" / "ward" / f"p{number}.png", number, stand_in.REFUSED if number == 3 else 0
        )
    (folder / "scans" / "cut & off.png").write_bytes(b"cut off")
    in_process(folder / "scans", folder / "table")
    return folder / "table"


def test_recordings_are_exported_under_their_ids(table: Path, tmp_path: Path) -> None:
    words = ["export", str(table), "--format", "csv", "edf", "--output", str(tmp_path), "--where", "page == 0"]
    assert main(words) == 0
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*"))
    assert names == [f"ward/p{k}.{ending}" for k in (0, 1, 2, 4) for ending in ("csv", "edf")]
    record = read(tmp_path / "ward" / "p4.csv")
    drawn = stand_in.load("cpu", "torch").reading.record
    np.testing.assert_allclose(record["V1"], drawn["V1"] + 0.004, atol=0.0006)


def test_what_was_exported_is_not_replaced_unasked(table: Path, tmp_path: Path) -> None:
    words = ["export", str(table), "--format", "csv", "--output", str(tmp_path)]
    assert [main(words), main(words), main([*words, "--overwrite"])] == [0, 1, 0]


@pytest.mark.parametrize("condition", ["confidence >", "nothing == 1", "confidence", "@__import__('os')", "id"])
def test_a_condition_that_is_none_is_a_wrong_command(
    table: Path, tmp_path: Path, condition: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["export", str(table), "--output", str(tmp_path / "out"), "--where", condition])
    assert stop.value.code == 2
    assert "condition" in capsys.readouterr().err


def test_a_condition_chooses(table: Path, tmp_path: Path) -> None:
    words = ["export", str(table), "--format", "csv", "--output", str(tmp_path)]
    assert main([*words, "--where", "confidence > 0.7 and id.str.endswith('p2.png')"]) == 0
    assert [path.name for path in tmp_path.rglob("*.csv")] == ["p2.csv"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.png", "a"), ("ward/a.tar.pdf-p2", "ward/a.tar-p2"), ("plain", "plain"), (".a", ".a"), ("v1.0/x", "v1.0/x")],
)  # fmt: skip
def test_the_stem_of_an_id(name: str, stem: str) -> None:
    assert stem_of(name) == stem


def test_the_report_counts_and_shows(table: Path, tmp_path: Path) -> None:
    assert main(["report", str(table), "--output", str(tmp_path / "report.html"), "--worst", "3"]) == 0
    text = (tmp_path / "report.html").read_text()
    assert "6 rows for 6 pages" in text
    assert re.search(r"not-a-picture</th><td class=\"count\">1<", text)
    assert re.search(r"3x4\+1</th><td class=\"count\">4<", text)
    assert "cut &amp; off.png" in text
    assert text.count("data:image/jpeg") == text.count("<svg") == 3
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg", "", text)
