"""A batch of recordings or pages: no file ends it, no result is written over, every result says whose it is."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cases import case
from drawn_page import FakeDigitizer
from saved_pages import save_page

from classify.batch import Case, cases
from classify.diagnosis import Diagnosis, Label
from classify.explain import main as explain_main
from classify.infer import main
from ecg.formats import write
from ecg.leads import STANDARD
from ecg.record import Record

RECORD = Record(np.random.default_rng(1).normal(0, 0.3, (12, 5000)).astype(np.float32), 500.0, STANDARD)
ENDINGS = (".diagnosis.json", ".report.html")


class Stub:
    """A classifier that knows one answer, or fails at recordings of so many samples."""

    reported = (Label("rhythm", "AFIB", 0.5, 0.4, True), Label("other", "AFIB", 0.5, 0.4, True))

    def __init__(self, fails: dict[int, BaseException]) -> None:
        self.fails = fails

    def __call__(self, record: Record, **_: object) -> Diagnosis:
        if record.samples in self.fails:
            raise self.fails[record.samples]
        return Diagnosis(self.reported, False, (), {"snr": 1.0}, weights="stub")


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Diagnoses cost nothing; what is written of one is its JSON alone."""
    made = Stub({})

    def write_one(found: Case, diagnosis: Diagnosis, classifier: Stub, folder: Path, formats: object) -> None:
        folder.mkdir(exist_ok=True)
        (folder / f"{found.name}.diagnosis.json").write_text(json.dumps(diagnosis.to_dict()))

    monkeypatch.setattr("classify.report.runner.Classifier", lambda net, card: made)
    monkeypatch.setattr("classify.report.runner.write_diagnosis", write_one)
    return made


def run(folder: Path, *options: str) -> tuple[int, list[dict[str, str]]]:
    code = main(["--record", str(folder / "in"), "--output", str(folder / "out"), *options])
    with (folder / "out" / "diagnoses.csv").open(newline="") as file:
        return code, list(csv.DictReader(file))


def stray_quote(path: Path) -> None:
    """A cell that opens a quote and never closes it: all that follows is one field, too long for any reader."""
    write(RECORD, path)
    lines = path.read_text().splitlines()
    lines[10] = '"' + lines[10]
    path.write_text("\n".join(lines))


def json_with(**changed: object) -> Callable[[Path], None]:
    def write_changed(path: Path) -> None:
        write(RECORD.crop(0, 1), path)
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))

    return write_changed


ODD: dict[str, Callable[[Path], object]] = {
    "a_quote.csv": stray_quote,
    "b_deep.json": lambda path: path.write_text('{"signal_mv": ' + "[" * 100_000),
    "c_huge.json": json_with(fs_hz=10**400),
    "d_leads.json": json_with(leads=list(range(12))),
    "f_text.csv": lambda path: path.write_bytes(b"time_s,I\n\xff\xfe\x00"),
    "g_null.json": json_with(signal_mv=None),
    "h_empty.csv": lambda path: path.write_text("time_s,I\n"),
    "i_words.hea": lambda path: path.write_text("not a header\n\n\n"),
}


def test_no_file_ends_the_batch(tmp_path: Path, stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    for name, spoil in ODD.items():
        spoil(tmp_path / "in" / name)
    write(RECORD, tmp_path / "in" / "z_good.csv")
    code, rows = run(tmp_path)
    said = capsys.readouterr()
    assert code == 1 and "Traceback" not in said.err
    assert {Path(row["source"]).name: row["status"] for row in rows} == {
        **dict.fromkeys(ODD, "failed"), "z_good.csv": "diagnosed"}  # fmt: skip
    for row in rows[:-1]:
        assert row["source"] in row["error"] and f"error: {row['error']}" in said.err
    assert said.out.startswith(f"z_good <- {tmp_path / 'in' / 'z_good.csv'}: ")


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), AttributeError("x"), ValueError("shapes")])
def test_a_diagnosis_that_fails_costs_that_recording_alone(tmp_path: Path, stub: Stub, error: Exception) -> None:
    for seconds in (1, 2):
        write(RECORD.crop(0, seconds), tmp_path / "in" / f"{seconds}.csv")
    stub.fails[500] = error
    code, rows = run(tmp_path)
    assert code == 1
    assert [row["status"] for row in rows] == ["failed", "diagnosed"]
    assert str(tmp_path / "in" / "1.csv") in rows[0]["error"]


def test_an_interrupted_batch_keeps_its_summary(tmp_path: Path, stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    for seconds in (1, 2, 3):
        write(RECORD.crop(0, seconds), tmp_path / "in" / f"{seconds}.csv")
    stub.fails[1000] = KeyboardInterrupt()
    code, rows = run(tmp_path)
    said = capsys.readouterr()
    assert code == 130 and said.err.strip() == "python -m classify.infer: interrupted"
    assert [row["name"] for row in rows] == ["1"]
    assert said.out.startswith("1 <- ")


def test_pipes_and_links_to_themselves_are_named(
    tmp_path: Path, stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    write(RECORD, tmp_path / "z.csv")
    names = [str(tmp_path / f"{name}.csv") for name in ("pipe", "loop", "z")]
    assert main(["--record", *names, "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert f"{names[0]}: a pipe" in said and f"{names[1]}: cannot be read" in said and "1 of 3 diagnosed" in said


def test_cells_of_the_summary_run_no_formula(tmp_path: Path, stub: Stub) -> None:
    write(RECORD, tmp_path / "in" / "=HYPERLINK(1).csv")
    write(RECORD, tmp_path / "in" / "-1.csv")
    _, rows = run(tmp_path)
    assert [row["name"] for row in rows] == ["-1", "'=HYPERLINK(1)"]
    found = json.loads((tmp_path / "out" / "diagnoses.json").read_text())
    assert [row["name"] for row in found] == ["-1", "=HYPERLINK(1)"]


def test_a_second_run_asks_before_it_replaces_anything(
    tmp_path: Path, stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    write(RECORD, tmp_path / "in" / "a.csv")
    assert run(tmp_path)[0] == 0
    (tmp_path / "in" / "a.csv").rename(tmp_path / "in" / "b.csv")
    code, rows = run(tmp_path)
    assert code == 1 and "diagnoses.csv: is there already" in capsys.readouterr().err
    assert [row["name"] for row in rows] == ["a"]
    code, rows = run(tmp_path, "--overwrite")
    assert code == 0 and [row["name"] for row in rows] == ["b"]


def test_a_recording_named_like_the_summary_is_not_written_over(tmp_path: Path, stub: Stub) -> None:
    write(RECORD, tmp_path / "diagnoses.csv")
    before = (tmp_path / "diagnoses.csv").read_bytes()
    with pytest.raises(SystemExit, match="2"):
        main(["--record", str(tmp_path / "diagnoses.csv"), "--output", str(tmp_path), "--overwrite"])
    assert (tmp_path / "diagnoses.csv").read_bytes() == before


def test_pages_that_would_meet_in_one_file_get_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`a.diagnosis.png` is read into a.diagnosis.json, which is what `a.png` is diagnosed into."""
    for name in ("a.png", "a.diagnosis.png", "diagnoses.png"):
        save_page(tmp_path / "in" / name)
    monkeypatch.setattr("classify.batch.load_digitizer", lambda device, engine: FakeDigitizer())
    found = cases(tmp_path / "out", ENDINGS, ["diagnoses.csv", "diagnoses.json"], image=[str(tmp_path / "in")])
    assert [one.name for one in found] == ["a.diagnosis", "a_2", "diagnoses_2"]


def test_labels_of_one_name_are_explained_by_group_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    write(RECORD, tmp_path / "a.csv")
    monkeypatch.setattr("classify.explanation.runner.Classifier.load", lambda weights: stub)
    argv = ["--record", str(tmp_path / "a.csv"), "--output", str(tmp_path / "out"), "--label"]
    for label, words in (("AFIB", "AFIB may mean rhythm:AFIB or other:AFIB"), ("SR", "no label SR")):
        with pytest.raises(SystemExit, match="2"):
            explain_main([*argv, label])
        assert words in capsys.readouterr().err
    stub.fails[5000] = KeyError("no such layer")
    assert explain_main([*argv, "rhythm:AFIB"]) == 1
    assert f"{tmp_path / 'a.csv'}: an error inside the program" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["record_raises_other_kinds", "csv_stray_quote_kills_batch"])
def test_reported_cases_are_a_line_each(name: str, tmp_path: Path, stub: Stub) -> None:
    files = [str(path) for path in case(name).iterdir() if path.suffix in (".csv", ".json")]
    assert main(["--record", *files, "--output", str(tmp_path)]) == 1
    rows = json.loads((tmp_path / "diagnoses.json").read_text())
    assert len(rows) == len(files)
    assert all(row["status"] == "diagnosed" or row["source"] in row["error"] for row in rows)


def test_a_name_in_another_encoding_costs_nothing(
    tmp_path: Path, stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Old disks hold names in Latin-1, which are no text in UTF-8: neither line nor table may fail at them."""
    odd = tmp_path / "in" / os.fsdecode(b"M\xfcller.csv")
    write(RECORD, tmp_path / "in" / "a.csv")
    (tmp_path / "in" / "a.csv").rename(odd)
    write(RECORD, tmp_path / "in" / "z.csv")
    code, rows = run(tmp_path)
    assert code == 0 and len(rows) == 2
    assert rows[0]["source"].endswith(r"M\udcfcller.csv")
    assert r"M\udcfcller" in capsys.readouterr().out
