"""The fuzz in small: nothing that is opened crashes, hangs or goes unnamed; and what does so is counted."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from digitize.studies import fuzz_run
from digitize.studies.fuzz import main
from digitize.studies.fuzz_inputs import damage, whole
from digitize.studies.fuzz_run import KINDS, fuzz, open_one
from ecg.files import InputError

COUNTS = dict.fromkeys(KINDS, 40) | {"pdf": 4}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_damaged_files_are_opened_or_refused_by_name(kind: str, tmp_path: Path) -> None:
    report = fuzz(kind, COUNTS[kind], seed=1, output=tmp_path)
    assert report.failures == {} and report.faults == 0
    assert report.opened + report.refused == report.inputs == COUNTS[kind]
    assert report.refused > 0
    assert not (tmp_path / kind).exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_undamaged_files_open_and_an_input_is_always_the_same(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        damage(whole(kind, tmp_path / name, np.random.default_rng(3)), np.random.default_rng(4))
    if kind not in ("checkpoints", "dicom"):  # these hold the time, or a number, of their making
        assert [p.read_bytes() for p in sorted((tmp_path / "a").iterdir())] == [
            p.read_bytes() for p in sorted((tmp_path / "b").iterdir())]  # fmt: skip
    monkeypatch.setattr(fuzz_run, "damage", lambda path, rng: None)
    for index in range(1 if kind == "pdf" else 3):
        outcome = open_one(kind, 0, index, tmp_path / str(index))
        assert (outcome.what, outcome.words) == ("opened", "")


def slow(path: Path, _: object) -> None:
    time.sleep(60)


def dying(path: Path, _: object) -> None:
    os._exit(3)


def nameless(path: Path, _: object) -> None:
    raise InputError("something is wrong")


def buggy(path: Path, _: object) -> None:
    raise ZeroDivisionError("by nothing")


@pytest.mark.parametrize(
    ("opens", "what"), [(slow, "hung"), (dying, "died"), (nameless, "unnamed"), (buggy, "crashed")]
)
@pytest.mark.slow
def test_every_fault_is_counted_and_its_input_kept(
    opens: object, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(fuzz_run._OPEN, "csv", opens)
    options = ["--kind", "csv", "--count", "2", "--limit_s", "0.5" if what == "hung" else "30"]
    assert main([*options, "--output", str(tmp_path)]) == 1
    found = json.loads((tmp_path / "csv.json").read_text())
    assert found[what] == found["inputs"] == 2
    assert {path.name for path in (tmp_path / "csv").iterdir()} == {"0", "1"}
    assert (tmp_path / "csv" / "0" / "a.csv").is_file()
    assert f"| {what} |" in capsys.readouterr().out


def test_a_kind_or_count_that_makes_no_sense_is_a_wrong_command(tmp_path: Path) -> None:
    for wrong in (["--count", "0"], ["--kind", "soup"]):
        with pytest.raises(SystemExit, match="2"):
            main([*wrong, "--output", str(tmp_path)])
