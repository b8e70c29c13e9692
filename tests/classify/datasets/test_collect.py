"""The cache of recordings knows the content of every file, and names again what was left out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import published_forms as forms
import pytest

from classify.datasets.arrays import Arrays
from classify.datasets.collect import collect, load_arrays
from classify.datasets.example import Example
from classify.recipe import Recipe
from classify.signal.settings import DataSettings
from classify.tasks import TASKS
from ecg.formats import write
from ecg.record import Record
from simulate.heart import synthetic_record

TASK = TASKS["ptbxl_superdiagnostic"]
LABELS = (frozenset(["MI"]), frozenset(["NORM"]))


@pytest.fixture
def found(tmp_path: Path) -> list[Example]:
    """Two recordings on disk."""
    made = []
    for number, labels in enumerate(LABELS):
        path = tmp_path / f"{number}.hea"
        write(synthetic_record(number), path)
        made.append(Example(path, "x", str(number), "train", {"superclass": labels}, age_years=50.0 + number))
    return made


def read(found: list[Example], folder: Path) -> Arrays:
    return collect(TASK, found, 125.0, folder / "cache")


def same(one: Arrays, two: Arrays) -> bool:
    pairs = ((one.to_dict()[name], two.to_dict()[name]) for name in one.to_dict())
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs)


def test_what_is_there_comes_from_the_cache_the_second_time(
    found: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(found, tmp_path)
    monkeypatch.setattr("classify.datasets.collect.load_example", None)  # nothing is read a second time
    again = read(found, tmp_path)
    assert same(first, again)
    assert (again.fs_hz, again.feature_names) == (first.fs_hz, first.feature_names)


def test_a_corrected_signal_is_read_anew_though_path_size_and_time_are_the_same(
    found: list[Example], tmp_path: Path
) -> None:
    first = read(found, tmp_path)
    signal = found[0].path.with_suffix(".dat")
    content, stat = bytearray(signal.read_bytes()), signal.stat()
    content[2000:3000] = bytes(1000)
    signal.write_bytes(bytes(content))
    os.utime(signal, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    second = read(found, tmp_path)
    assert not np.array_equal(first.signal[0], second.signal[0], equal_nan=True)
    assert np.array_equal(first.signal[1], second.signal[1], equal_nan=True)


def test_a_recording_that_was_missing_is_read_once_it_is_there(
    found: list[Example], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = {path: path.read_bytes() for path in tmp_path.glob("1.*")}
    for path in content:
        path.unlink()
    assert len(read(found, tmp_path)) == 1
    assert "1.hea: left out" in capsys.readouterr().err
    assert len(read(found, tmp_path)) == 1  # from the cache, and named again
    assert "1.hea: left out" in capsys.readouterr().err
    for path, data in content.items():
        path.write_bytes(data)
    assert len(read(found, tmp_path)) == 2
    assert "left out" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        {"found": {"superclass": None}}, {"found": {"superclass": frozenset()}}, {"part": "test"}, {"patient": "9"},
        {"age_years": 20.0}, {"in_mv": False}, {"window_s": (1.0, 5.0)},
    ],
)  # fmt: skip
def test_other_facts_of_an_example_are_another_entry(
    found: list[Example], tmp_path: Path, change: dict[str, object]
) -> None:
    first = read(found, tmp_path)
    assert not same(first, read([replace(found[0], **change), found[1]], tmp_path))


def test_a_header_that_names_other_files_is_read_anew_when_they_change(tmp_path: Path) -> None:
    write(synthetic_record(3), tmp_path / "signal.hea")
    header = tmp_path / "header.hea"
    header.write_text((tmp_path / "signal.hea").read_text().replace("signal ", "header ", 1))
    example = Example(header, "x", "1", "train", {"superclass": LABELS[0]})
    first = read([example], tmp_path)
    record = synthetic_record(3)
    write(Record(record.signal_mv[::-1], record.fs_hz, record.leads), tmp_path / "signal.hea")
    assert not np.array_equal(first.signal, read([example], tmp_path).signal, equal_nan=True)


def test_a_recording_that_was_missing_is_there_once_it_is_restored_and_a_doubled_file_counts_as_it_is(
    found: list[Example], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, signal = found[0].path, found[0].path.with_suffix(".dat")
    hidden = signal.rename(tmp_path / "hidden.dat")
    assert len(read(found, tmp_path)) == 1
    assert "0.hea: left out" in capsys.readouterr().err
    hidden.rename(signal)
    whole = read(found, tmp_path)
    assert len(whole) == 2 and capsys.readouterr().err == ""
    for suffix in (".hea", ".dat"):  # the first recording's files now hold what the second one's do
        copied = found[1].path.with_suffix(suffix).read_bytes()
        header.with_suffix(suffix).write_bytes(copied.replace(b"1.dat", b"0.dat").replace(b"1 12", b"0 12", 1))
    doubled = read(found, tmp_path)
    assert np.array_equal(doubled.signal[0], doubled.signal[1], equal_nan=True)
    assert not np.array_equal(doubled.signal[0], whole.signal[0], equal_nan=True)


@pytest.mark.slow
def test_only_people_whose_age_and_sex_are_known_where_asked_for(tmp_path: Path) -> None:
    root = forms.hefei(tmp_path / "hefei", [["SR", "LVHV"], ["AFIB"], ["SBRAD", "SR"], ["SR"]] * 6, records=24)
    data = DataSettings(fs_hz=50, page_masks=False, cache=str(tmp_path / "cache"))
    everybody = load_arrays(Recipe("hefei34", data), root)
    known = load_arrays(Recipe("hefei34", replace(data, known_people=True)), root)
    assert sorted(known.id, key=int) == [str(k) for k in range(24) if k % 3 == 1]
    assert len(everybody) == 24 and np.isfinite(known.demographics).all()
