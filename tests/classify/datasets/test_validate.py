"""The data validator: what it counts, what it names, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import published_forms as forms
import pytest
from PIL import Image

from classify.datasets.readers import examples
from classify.datasets.validate import validate
from classify.evaluation.data_stats import LeadStats
from classify.tasks import TASKS
from classify.validate_data import main
from ecg.leads import STANDARD
from ecg.notes import texts
from ecg.record import Record
from ecg.signal.plausibility import doubts_about, flat_leads


@pytest.mark.slow
def test_a_sound_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = forms.chapman_headers(tmp_path / "data", ["426177001", "164890007"] * 6)
    out = tmp_path / "out"
    assert main(["--task", "chapman", "--root", str(root), "--stats", "--output", str(out)]) == 0
    said = capsys.readouterr().out
    assert "| SB | 5 | 1 | 6 |" in said
    assert "rates_hz: 500 (12)" in said and "unreadable: 0" in said and "| II | 12 |" in said
    result = json.loads((out / "validation.json").read_text())
    assert (result["examples"], result["files"], result["subjects"]) == (12, 12, 12)
    assert sum(result["classes"]["chapman"]["AFIB"].values()) == 6
    assert sum(result["classes"]["chapman"]["SR"].values()) == 0
    assert (out / "split.csv").read_text().count("\n") == 13
    with Image.open(out / "statistics.png") as picture:
        assert picture.size == (1200, 1000)


def test_files_that_cannot_be_read_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = forms.mimic5(tmp_path / "data", ["Normal", "Tachycardia"] * 8, records=15)
    path = root / "files/p1000/p10000000/s0/0.hea"
    path.write_text("nonsense")
    assert main(["--task", "mimic5", "--root", str(root), "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().out
    assert "unreadable: 2" in said
    assert "15.hea: no such recording" in said and f"{path}" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda record: Record(record.signal_mv * 1000, 500, STANDARD), "look like uV or raw counts"),
        (lambda record: Record(record.signal_mv, 500, ("II", "I", *STANDARD[2:])), "lead names swapped"),
        (lambda record: Record(record.signal_mv, 500, (*STANDARD[:6], "V2", "V1", *STANDARD[8:])), ""),
        (lambda record: record, ""),
    ],
)
def test_what_can_be_read_but_looks_wrong(change: object, words: str) -> None:
    doubts = doubts_about(change(forms.tiny(3)))  # type: ignore[operator]
    assert (words in " ".join(texts(doubts))) if words else not doubts


def test_flat_leads_are_named() -> None:
    signal = forms.tiny(1).signal_mv.copy()
    signal[3], signal[7] = 0.2, np.nan
    assert flat_leads(Record(signal, 500, STANDARD)) == ["aVR", "V2"]


def test_a_given_split_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = forms.mimic5(tmp_path / "data", ["Normal", "Tachycardia"] * 4)
    forms.lines(tmp_path / "split.csv", "id,patient,part", "0,10000000,train", "1,10000000,test")
    arguments = ["--task", "mimic5", "--root", str(root), "--split", str(tmp_path / "split.csv")]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 1
    assert "patient 10000000 is in two parts" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_missing_folder_and_one_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--task", "cpsc2018", "--root", str(tmp_path / "nowhere")]) == 1
    assert "expected REFERENCE.csv" in capsys.readouterr().err
    root = forms.cpsc2018(tmp_path, ["5"] * 30)
    assert main(["--task", "cpsc2018", "--root", str(root)]) == 1
    assert "holds one class only (RBBB)" in capsys.readouterr().err


@pytest.mark.slow
def test_beats_count_as_examples_and_their_files_once(tmp_path: Path) -> None:
    from classify.datasets.aami import DS1, DS2

    root = forms.mitbih(tmp_path, [*DS1, *DS2], codes="NVNSN")
    result = validate(TASKS["aami_inter"], examples(TASKS["aami_inter"], root))
    assert (result["examples"], result["files"], result["subjects"]) == (220, 44, 43)
    assert result["rates_hz"] == {"360": 44}
    assert result["classes"]["aami"]["V"]["test"] == 22


def test_statistics_are_those_of_the_signal() -> None:
    stats = LeadStats()
    time_s = np.arange(5000) / 500
    stats.add(Record(np.stack([0.5 * np.sin(2 * np.pi * 10 * time_s) + 0.1]), 500, ("V1",)))
    row = stats.table()["V1"]
    assert row["mean"] == pytest.approx(0.1, abs=1e-3)
    assert row["sd"] == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    assert (row["min"], row["max"]) == (pytest.approx(-0.4, abs=0.01), pytest.approx(0.6, abs=0.01))
