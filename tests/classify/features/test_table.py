"""The table of features: no file ends it, no input is written over, and an interrupt keeps the rows so far."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from classify.features.__main__ import main
from classify.features.table import SETS
from ecg.formats import write
from ecg.leads import STANDARD
from ecg.record import Record

RECORD = Record(np.random.default_rng(1).normal(0, 0.3, (12, 1000)).astype(np.float32), 500.0, STANDARD)


def three(folder: Path) -> list[str]:
    for name in "abc":
        write(RECORD, folder / f"{name}.csv")
    return [str(folder / f"{name}.csv") for name in "abc"]


def rows(table: Path) -> list[str]:
    with table.open(newline="") as file:
        return [row["record"] for row in csv.DictReader(file)]


def failing_at(name: str, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile(record: Record, names: object) -> np.ndarray:
        if record.meta["source"] == name:
            raise error
        return np.zeros(41)

    monkeypatch.setattr("classify.features.table.measure", fragile)
    monkeypatch.setitem(SETS, "all", tuple(map(str, range(41))))


@pytest.mark.parametrize("error", [MemoryError(), KeyError("x"), RecursionError("deep"), ValueError("shapes")])
def test_whatever_a_file_raises_the_rest_has_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    files = three(tmp_path)
    failing_at("b", error, monkeypatch)
    assert main(["--record", *files, "--output", str(tmp_path / "out" / "t.csv")]) == 1
    assert rows(tmp_path / "out" / "t.csv") == [files[0], files[2]]
    assert f"error: {files[1]}: " in capsys.readouterr().err


def test_an_interrupt_keeps_the_rows_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = three(tmp_path)
    failing_at("c", KeyboardInterrupt(), monkeypatch)
    assert main(["--record", *files, "--output", str(tmp_path / "t.csv")]) == 130
    assert rows(tmp_path / "t.csv") == files[:2]


def test_an_input_is_not_the_output(tmp_path: Path) -> None:
    files = three(tmp_path)
    before = Path(files[0]).read_bytes()
    with pytest.raises(SystemExit, match="2"):
        main(["--record", *files, "--output", files[0]])
    assert Path(files[0]).read_bytes() == before
