"""The command that turns recordings of any format into any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recordings import WHO, printed, whole

from ecg.convert import main
from ecg.formats import FORMATS, read, write
from ecg.formats.table import by_name
from ecg.record import Record

READ_BACK = [row.name for row in FORMATS if row.write and row.read and row.name != "csv"]


@pytest.mark.parametrize("name", READ_BACK)
def test_a_folder_becomes_another_format(tmp_path: Path, name: str) -> None:
    first = printed(600)
    for number, suffix in enumerate(("hea", "dcm", "aecg.xml", "fhir.json")):
        write(first, tmp_path / "in" / f"{number}.{suffix}")
    assert main([str(tmp_path / "in"), "--to", name, "--output", str(tmp_path / "out")]) == 0
    made = sorted((tmp_path / "out").glob(f"*{by_name(name).suffixes[0]}"))
    assert [path.name.split(".")[0] for path in made] == ["0", "1", "2", "3"]
    for path in made:
        np.testing.assert_allclose(read(path).signal_mv, first.signal_mv, atol=0.501e-3)


def test_one_line_for_each_failure_and_the_rest_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(whole(100), tmp_path / "in" / "good.edf")
    (tmp_path / "in" / "bad.dcm").write_bytes(b"no")
    (tmp_path / "in" / "bad.edf").write_bytes(b"no")
    assert main([str(tmp_path / "in"), "--to", "csv", "--output", str(tmp_path / "out")]) == 1
    shown = capsys.readouterr().err
    last = f"1 of 3 files converted to CSV in {tmp_path / 'out'}"
    assert [line.split(":")[0] for line in shown.splitlines()] == ["error", "error", last]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.csv"]


def test_files_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    for suffix in ("dcm", "edf"):
        write(whole(100), tmp_path / "in" / f"a.{suffix}")
    assert main([str(tmp_path / "in"), "--to", "json", "--output", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.json", "a_2.json"]


def test_an_input_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(whole(100), tmp_path / "a.edf")
    before = (tmp_path / "a.edf").read_bytes()
    assert main([str(tmp_path / "a.edf"), "--to", "edf", "--output", str(tmp_path)]) == 1
    assert "is one of the inputs" in capsys.readouterr().err
    assert (tmp_path / "a.edf").read_bytes() == before


def test_a_patient_travels_only_when_asked(tmp_path: Path) -> None:
    record = whole(100)
    write(Record(record.signal_mv, 500, record.leads, 0.0, WHO), tmp_path / "a.dcm")
    for flags, known in (([], False), (["--keep_identity"], True)):
        out = tmp_path / f"out{len(flags)}.fhir.json"
        assert main([str(tmp_path / "a.dcm"), "--to", "fhir", "--output", str(out), *flags]) == 0
        assert ("Lovelace" in out.read_text()) is known


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "scp"], "SCP-ECG is read, not written"),
        (["--to", "docx"], "unknown format 'docx': expected one of wfdb"),
        (["--to", "csv", "--layout", "12x1"], "--layout is for --to pdf"),
        (["--to", "pdf", "--layout", "7x7"], "unknown layout '7x7'"),
    ],
)
def test_a_wrong_command_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    write(whole(100), tmp_path / "a.edf")
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "a.edf"), "--output", str(tmp_path / "out"), *arguments])
    assert stop.value.code == 2
    assert words in capsys.readouterr().err


def test_several_files_do_not_go_into_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(whole(100), tmp_path / f"{name}.edf")
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "a.edf"), str(tmp_path / "b.edf"), "--to", "csv", "--output", str(tmp_path / "c.csv")])
    assert stop.value.code == 2


def test_nothing_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--to", "csv", "--output", str(tmp_path / "out")]) == 1
    assert "no recording found" in capsys.readouterr().err


def test_what_is_there_is_only_replaced_when_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in "AB":
        write(whole(100), tmp_path / folder / "a.edf")
    argv = ["--to", "json", "--output", str(tmp_path / "out")]
    assert main([str(tmp_path / "A"), *argv]) == 0
    (tmp_path / "out" / "a.json").write_text("older")
    assert main([str(tmp_path / "B"), *argv]) == 1
    assert "a.json: is there already" in capsys.readouterr().err
    assert (tmp_path / "out" / "a.json").read_text() == "older"
    assert main([str(tmp_path / "B"), *argv, "--overwrite"]) == 0


def test_whatever_a_file_raises_the_rest_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "ab":
        write(whole(100), tmp_path / "in" / f"{name}.edf")

    def fragile(path: Path, options: object) -> list[Record]:
        if path.stem == "a":
            raise RecursionError("deep")
        return [whole(100)]

    monkeypatch.setattr("ecg.formats.conversion.read_all", fragile)
    assert main([str(tmp_path / "in"), "--to", "json", "--output", str(tmp_path / "out")]) == 1
    assert f"{tmp_path / 'in' / 'a.edf'}: an error inside the program" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.json"]
