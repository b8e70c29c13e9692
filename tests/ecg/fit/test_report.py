"""What one sees of a training: board, summary, origin, progress lines, the machine's verdicts, and the options."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import line
import numpy as np
import pytest
import torch
from line import Points, loss_fn, net, new_run, settings
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ecg.fit import device as precision
from ecg.fit import doctor, options
from ecg.fit.device import pick_amp, pick_device
from ecg.fit.errors import FitError
from ecg.fit.loop import FitResult, Task, fit
from ecg.fit.memory import advice, ran_out
from ecg.fit.progress import Progress
from ecg.fit.provenance import git_revision, origin
from ecg.fit.run_folder import RunFolder
from ecg.fit.settings import FitSettings
from ecg.fit.tensorboard import TensorBoardLog

CPU = torch.device("cpu")


def events_of(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def draw(board: TensorBoardLog, step: int) -> None:
    board.image("Val/overlay/0", np.zeros((4, 4, 3), np.uint8), step)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> FitResult:
    """Three epochs of three steps, judged by the smallest error."""
    recipe = settings(epochs=3, log_every=2, show_every=2, best_metric="error", best_mode="min")
    run = new_run(tmp_path_factory.mktemp("told"), recipe)
    return fit(Task(net(), loss_fn, Points(), line.held_out_error, draw), recipe, run)


@pytest.fixture(scope="module")
def run(result: FitResult) -> RunFolder:
    return RunFolder.of_checkpoint(result.last)


def test_the_board_has_losses_by_step_metrics_by_epoch_and_pictures_now_and_then(run: RunFolder) -> None:
    events = events_of(run.tensorboard)
    assert [event.step for event in events.Scalars("Train/total_loss")] == [2, 3, 5, 6, 8, 9]
    assert [event.step for event in events.Scalars("Val/error")] == [3, 6, 9]
    assert [event.step for event in events.Images("Val/overlay/0")] == [6, 9]
    assert len(events.Scalars("Train/lr")) == 6


def test_the_summary_says_what_was_run_and_how_it_went(run: RunFolder, result: FitResult) -> None:
    text = (run.path / "summary.md").read_text()
    best = run.rows()[result.best_epoch - 1]["val"]["error"]
    assert f"| val error | {run.rows()[0]['val']['error']:.4g} | {best:.4g} |" in text
    assert f"best (epoch {result.best_epoch})" in text and "3 epochs, 9 steps" in text
    assert run.starts()[0]["command"] in text
    assert (run.path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_start_is_noted_with_command_code_and_packages(run: RunFolder) -> None:
    (start,) = run.starts()
    assert (start["seed"], start["processes"], start["after_epoch"]) == (0, 1, 0)
    assert start["packages"]["torch"] == torch.__version__.split("+")[0] or torch.__version__
    assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?", start["git"] or "0" * 40)
    assert json.dumps(origin())


def test_code_outside_git_has_no_revision(tmp_path: Path) -> None:
    assert git_revision(tmp_path) is None


def test_what_a_killed_start_wrote_beyond_its_checkpoint_is_hidden_on_the_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = TensorBoardLog(tmp_path)
    for step in (1, 2, 3):
        first.train({"total": float(step)}, 0.1, step)
    first.close()
    later = time.time() + 5  # event files are read in the order of the second they are named by
    monkeypatch.setattr(time, "time", lambda: later)
    second = TensorBoardLog(tmp_path, since=3)
    second.train({"total": 30.0}, 0.1, 3)
    second.close()
    values = {event.step: event.value for event in events_of(tmp_path).Scalars("Train/total_loss")}
    assert values == {1: 1.0, 2: 2.0, 3: 30.0}


def test_plain_lines_when_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("epoch 2/9", 10, 4, 3)
    for k in range(6):
        progress.update(1, 0.5 + k)
    progress.close()
    lines = capsys.readouterr().err.splitlines()
    assert [re.match(r"epoch 2/9  batch (\d+)/10", text).group(1) for text in lines] == ["6", "9"]
    assert re.search(r"loss 1\.5  \S+ (batches/s|s/batch)  \d+:\d\d left$", lines[0])


# --- the machine ------------------------------------------------------------------------------------------------------


def test_the_doctor_finds_this_machine_able(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main(["--output", str(tmp_path), "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert {"Python", "packages", "torch", "device", "precision", "memory", "disk"} == {f["what"] for f in findings}
    assert all(f["verdict"] in ("ok", "slow") for f in findings)
    assert not any(tmp_path.iterdir())


def test_the_doctor_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "requires", lambda name: ["torch>=2", "nosuchthing>=3", "numpy>=99", "x; extra == 'y'"])
    monkeypatch.setattr(doctor, "_PYTHON", (9, 0))
    monkeypatch.setattr(doctor, "_free_memory_gb", lambda: 0.5)
    assert doctor.main(["--output", str(tmp_path / "not" / "yet")]) == 1
    said = capsys.readouterr().out
    assert "missing packages   not there: nosuchthing>=3, numpy>=99" in said
    assert "slow    memory     0.5 GB free: 4 GB are wanted: --num_workers 0" in said
    assert "9.0 or newer" not in said and "missing Python" in said


def test_devices_and_precisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert (pick_device("auto").type, pick_device("mps").type, pick_device("cpu").type) == ("mps", "mps", "cpu")
    assert pick_amp("auto", torch.device("mps")) == "off"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert pick_device("auto") == CPU
    with pytest.raises(FitError, match="device is 'mps' but torch sees none"):
        pick_device("mps")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    assert pick_amp("auto", torch.device("cuda")) == "fp16"
    monkeypatch.setattr(precision, "_cpu_has_bf16", lambda: True)
    assert pick_amp("auto", CPU) == "bf16"
    with pytest.raises(FitError, match=r"fp16.* needs a GPU"):
        pick_amp("fp16", CPU)


# --- memory -----------------------------------------------------------------------------------------------------------


def test_freed_memory_is_kept_at_hand() -> None:
    code = """
import resource, sys
import numpy as np
from ecg.fit.allocator import keep_freed

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(8_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults(); given_back = faults()
kept = keep_freed()
faults(); at_hand = faults()
print(int(kept), given_back, at_hand)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kept, given_back, at_hand = map(int, done.stdout.split())
    if not kept:
        pytest.skip("this C library has no mallopt")
    assert at_hand < given_back / 10


def test_advice_for_memory_comes_by_flag_until_nothing_is_left() -> None:
    big = FitSettings(batch_size=8, num_workers=4, amp="off", accumulate=2)
    said = advice(big, {"pages": {"size_px": [672, 512]}}, CPU)
    for tip in ("--num_workers 2", "fit.amp=bf16", "--batch_size 4 --set fit.accumulate=4", "pages.size_px=[480,352]"):
        assert tip in said
    assert "--force_cpu" in advice(big, {}, torch.device("cuda"))
    assert "close other programs" in advice(FitSettings(batch_size=1, amp="bf16"), {}, CPU)


def test_memory_errors_are_told_from_others() -> None:
    assert ran_out(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate"))
    assert ran_out(RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed."))
    assert not ran_out(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not ran_out(ValueError("out of memory"))


# --- options ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def parser() -> Iterator[argparse.ArgumentParser]:
    made = argparse.ArgumentParser()
    options.add_options(made, "x.yaml")
    yield made


def test_options_change_the_recipe_and_set_has_the_last_word(parser: argparse.ArgumentParser) -> None:
    args = parser.parse_args(["--debug", "--epochs", "2", "--force_cpu", "--max_samples", "5", "--set", "fit.epochs=1"])
    said = options.changes(args, {"max_samples": "data.draws"})
    assert said == ["fit.epochs=3", "fit.epochs=2", "data.draws=5", "fit.device=cpu", "fit.epochs=1"]
    assert options.changes(parser.parse_args([]), {"max_samples": "data.draws"}) == []
