"""A long recording: when each label held, how many windows were judged, and a memory that does not grow with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from classify import Classifier
from classify.diagnosis import Episode, Window
from classify.episodes import clock, episode_notes, episodes, times
from classify.infer import main
from classify.survey import survey
from ecg.formats import open_recording, read, write
from ecg.formats.wfdb import WfdbRecording
from ecg.leads import STANDARD
from ecg.notes import texts
from ecg.record import Record
from simulate.heart import synthetic_record

torch.set_num_threads(1)
AF, SR = ("rhythm", "AFIB"), ("rhythm", "SR")


def of(labels: str) -> list[Window]:
    """One window of ten seconds per letter: a for fibrillation, s for sinus rhythm, both for b."""
    found = {"a": (AF,), "s": (SR,), "b": (SR, AF), "-": ()}
    return [Window(10.0 * k, 10.0 * k + 10, found[letter]) for k, letter in enumerate(labels)]


def test_neighbouring_windows_are_one_episode() -> None:
    assert episodes(of("ssaabs-a")) == (
        Episode("rhythm", "SR", 0, 20, 2), Episode("rhythm", "SR", 40, 60, 2),
        Episode("rhythm", "AFIB", 20, 50, 3), Episode("rhythm", "AFIB", 70, 80, 1),
    )  # fmt: skip


def test_what_the_mean_does_not_say_is_said() -> None:
    windows = of("s" * 24 + "a" * 12 + "s" * 24)
    notes = episode_notes(windows, episodes(windows), [SR], 10)
    assert texts(notes) == ["60 windows of 10 s were judged; the answers are of their mean",
                            "AFIB in 12 of 60 windows, 4:00-6:00"]  # fmt: skip
    assert [note.code for note in notes] == ["windows-averaged", "episode"]
    assert episode_notes(of("s"), (), [SR], 10) == []
    assert "one every 60 s" in episode_notes(of("ss"), (), [SR], 60)[0].text


def test_many_episodes_are_named_in_part() -> None:
    own = [Episode(*AF, 3600.0 * k, 3600.0 * k + 10 * (k + 1), k + 1) for k in range(5)]
    assert times(own) == "2:00:00-2:00:30, 3:00:00-3:00:40, 4:00:00-4:00:50 and 2 more times"
    assert [clock(s) for s in (0, 59.6, 240, 3661)] == ["0:00", "1:00", "4:00", "1:01:01"]


def joined(*parts: Record) -> Record:
    return Record(np.concatenate([part.signal_mv for part in parts], axis=1), parts[0].fs_hz, STANDARD)


@pytest.mark.slow
def test_an_episode_is_told_with_its_time_in_json_and_report(tmp_path: Path) -> None:
    sinus = synthetic_record(3, "SR", duration_s=40.0, conditions=(), noise={}, heart_rate_bpm=70.0)
    fast = synthetic_record(5, "STACH", duration_s=20.0, conditions=(), noise={}, heart_rate_bpm=150.0)
    write(joined(sinus, fast, sinus), tmp_path / "long.hea")
    assert main(["--record", str(tmp_path / "long.hea"), "--output", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out" / "long.diagnosis.json").read_text())
    assert len(found["windows"]) == 10
    other = [e["name"] for e in found["episodes"] if (e["start_s"], e["end_s"], e["windows"]) == (40, 60, 2)]
    assert other and f"{other[0]} in 2 of 10 windows, 0:40-1:00" in found["warnings"] and "episode" in found["codes"]
    assert "Over time" in (tmp_path / "out" / "long.report.html").read_text()


def test_a_stride_judges_fewer_windows_and_says_so() -> None:
    record = synthetic_record(3, "SR", duration_s=60.0, conditions=(), noise={}, heart_rate_bpm=70.0)
    diagnosis = Classifier.load()(record, stride_s=20.0)
    assert [window.start_s for window in diagnosis.windows] == [0, 20, 40]
    assert "3 windows of 10 s were judged, one every 20 s; the answers are of their mean" in diagnosis.warnings


def test_ten_seconds_have_no_windows() -> None:
    record = synthetic_record(3, "SR", conditions=(), noise={}, heart_rate_bpm=70.0)
    diagnosis = Classifier.load()(record)
    assert (diagnosis.windows, diagnosis.episodes, diagnosis.warnings) == ((), (), [])


def long_file(folder: Path, minutes: int, fs_hz: int) -> Path:
    """A WFDB record of one minute of sinus rhythm, again and again."""
    record = synthetic_record(3, "SR", duration_s=60.0, conditions=(), noise={}, heart_rate_bpm=70.0).resample(fs_hz)
    block = np.round(record.signal_mv.T * 1000).astype("<i2").tobytes()
    with (folder / "day.dat").open("wb") as file:
        for _ in range(minutes):
            file.write(block)
    lines = [f"day.dat 16 1000/mV 16 0 0 0 0 {name}" for name in STANDARD]
    (folder / "day.hea").write_text("\n".join([f"day 12 {fs_hz} {minutes * 60 * fs_hz}", *lines]) + "\n")
    return folder / "day.hea"


@pytest.mark.slow
def test_a_long_file_is_measured_in_parts(tmp_path: Path) -> None:
    path = long_file(tmp_path, 15, 100)
    recording = open_recording(path)
    assert isinstance(recording, WfdbRecording)
    found = survey(recording, {})
    assert found.features["heart_rate_bpm"] == pytest.approx(70, abs=1)
    assert [note.code for note in found.notes] == ["measured-in-parts"]
    assert found.leads[1].printed_s == pytest.approx(900) and len(found.leads) == 12
    assert isinstance(open_recording(path, whole_s=1e6), Record)
    assert read(path).duration_s == 900


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of one process")
def test_the_memory_of_an_hour_is_that_of_its_parts(tmp_path: Path) -> None:
    """An hour at 1000 Hz would take 0.6 GB as Record, twice that while it is read."""
    path = long_file(tmp_path, 60, 1000)
    code = f"""
from pathlib import Path
from classify.infer import main
main(["--record", {str(path)!r}, "--output", {str(tmp_path / "out")!r}, "--stride_s", "600"])
status = Path("/proc/self/status").read_text()  # getrusage counts the memory of the process that started this one
print(status.split("VmHWM:")[1].split()[0])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert int(run.stdout.split()[-1]) * 1024 < 1.6e9


def test_a_recording_that_is_printed_in_short_stretches_is_judged_all_the_same() -> None:
    record = joined(*(synthetic_record(seed, "SR") for seed in range(3)))
    signal = record.signal_mv.copy()
    signal[:, (record.time_s - record.start_s) % 10 >= 4] = np.nan
    diagnosis = Classifier.load()(Record(signal, record.fs_hz, record.leads))
    assert diagnosis.abstained or len(diagnosis.windows) == 3
