"""The shared training loop: exact resume, order, refusal of bad files and bad numbers."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import line
import pytest
import torch
from line import Points, loss_fn, net, new_run, settings
from torch import nn

from ecg.fit import checkpoint
from ecg.fit.errors import FitError
from ecg.fit.loop import Task, fit
from ecg.fit.recipe import to_dict
from ecg.fit.run_folder import RunFolder
from ecg.fit.seeds import permutation


@pytest.fixture(autouse=True)
def no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing the summary takes longer than the training."""
    monkeypatch.setattr("ecg.fit.summary.write_summary", lambda run: run.path)


class StopAfter(Points):
    """Sends Ctrl-C to its own process while the given item is being put together."""

    def __init__(self, item: int) -> None:
        super().__init__()
        self.left = item

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return super().__getitem__(index)


def assert_same(a: nn.Module, b: nn.Module) -> None:
    for name, value in a.state_dict().items():
        assert torch.equal(value, b.state_dict()[name]), name


# --- stop and go on ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop_in_batch", [2, 3, 5, 6])
@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.slow
def test_an_interrupted_and_resumed_run_equals_an_uninterrupted_one(
    tmp_path: Path, stop_in_batch: int, accumulate: int
) -> None:
    recipe = settings(accumulate=accumulate)
    whole, straight = net(), new_run(tmp_path / "a")
    fit(Task(whole, loss_fn, Points()), recipe, straight)
    run = new_run(tmp_path / "b")
    with pytest.raises(SystemExit) as stopped:
        fit(Task(net(), loss_fn, StopAfter(8 * stop_in_batch)), recipe, run)
    assert stopped.value.code == 130
    resumed = net()
    elsewhere = replace(recipe, fit=replace(recipe.fit, num_workers=1, log_every=3))
    result = fit(Task(resumed, loss_fn, Points()), elsewhere, run, run.checkpoints / "last.pth")
    assert result.epochs == 2
    assert_same(whole, resumed)
    assert [row["train"] for row in run.rows()] == [row["train"] for row in straight.rows()]
    assert [start["after_epoch"] for start in run.starts()] == [0, (stop_in_batch - 1) // 3]


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom line import *\n"
        "class Slow(Points):\n"
        "    def __getitem__(self, i):\n"
        "        time.sleep(0.02)\n"
        "        return super().__getitem__(i)\n"
        "fit(Task(net(), loss_fn, Slow()), settings(epochs=12, save_every_s=0.0), new_run(Path(sys.argv[1])))\n"
    )
    tests = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=env, stderr=subprocess.DEVNULL)
    while not (found := list(tmp_path.glob("run_*/checkpoints/last.pth"))) and child.poll() is None:
        time.sleep(0.02)
    time.sleep(0.2)  # in the middle of some step, or of some save
    child.kill()
    child.wait()
    last = found[0]
    before = checkpoint.load(last)
    assert 0 < before["step"] < 36
    resumed, whole = net(), net()
    recipe = settings(epochs=12, save_every_s=0.0)
    fit(Task(resumed, loss_fn, Points()), recipe, RunFolder.of_checkpoint(last), last)
    straight = new_run(tmp_path / "straight", recipe)
    fit(Task(whole, loss_fn, Points()), recipe, straight)
    assert_same(whole, resumed)
    rows = RunFolder.of_checkpoint(last).rows()
    assert [row["epoch"] for row in rows] == list(range(1, 13))
    assert [row["train"] for row in rows] == [row["train"] for row in straight.rows()]
    assert not [path for path in last.parent.iterdir() if path.name.startswith(".")]


def test_workers_do_not_change_the_result(tmp_path: Path) -> None:
    models = []
    for workers in (0, 2):
        model = net()
        fit(Task(model, loss_fn, Points()), settings(num_workers=workers), new_run(tmp_path))
        models.append(model)
    assert_same(*models)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    run, recipe = new_run(tmp_path), settings()
    fit(Task(net(), loss_fn, Points()), recipe, run)
    last = run.checkpoints / "last.pth"
    for other, words in (
        (replace(recipe, width=16), r"width: 8 then, 16 now"),
        (settings(lr=0.1), r"fit\.lr: 0\.001 then, 0\.1 now"),
    ):
        with pytest.raises(FitError, match=words):
            fit(Task(net(), loss_fn, Points()), other, run, last)


def test_a_run_is_made_longer_with_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = new_run(tmp_path)
    fit(Task(net(), loss_fn, Points()), settings(), run)  # one-cycle: a longer one has other rates at every step
    assert fit(Task(net(), loss_fn, Points()), settings(epochs=3), run, run.checkpoints / "last.pth").epochs == 3
    assert "3 epochs instead of 2: the rate follows the schedule of 3 from here on" in capsys.readouterr().err


def test_a_run_at_a_steady_rate_may_be_made_longer(tmp_path: Path) -> None:
    run, longer, whole = new_run(tmp_path), net(), net()
    fit(Task(longer, loss_fn, Points()), settings(schedule="constant"), run)
    fit(Task(net(), loss_fn, Points()), settings(schedule="constant", epochs=3), run, run.checkpoints / "last.pth")
    fit(Task(whole, loss_fn, Points()), settings(schedule="constant", epochs=3), new_run(tmp_path / "whole"))
    state = checkpoint.load(run.checkpoints / "last.pth")
    assert all(torch.equal(state["model"][name], value) for name, value in whole.state_dict().items())


def test_a_checkpoint_from_before_a_setting_existed_is_resumed(tmp_path: Path) -> None:
    run, recipe = new_run(tmp_path), settings(epochs=1)
    last = fit(Task(net(), loss_fn, Points()), recipe, run).last
    state = checkpoint.load(last)
    del state["recipe"]["fit"]["step_at"], state["sums"], state["count"], state["format"]
    checkpoint.save(last, state)
    assert fit(Task(net(), loss_fn, Points()), recipe, run, last).steps == 3
    with pytest.raises(FitError, match=r"fit\.step_at: \[\] then, \[1\] now"):
        fit(Task(net(), loss_fn, Points()), replace(recipe, fit=replace(recipe.fit, step_at=(1,))), run, last)


# --- best, and enough -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["max", "min"])
def test_the_best_epoch_is_kept_and_early_stopping_stops(tmp_path: Path, mode: str) -> None:
    run, sign = new_run(tmp_path), 1 if mode == "max" else -1
    scores = iter([0.5, 0.9, 0.8, float("nan"), 0.7, 0.6])
    recipe = settings(epochs=6, best_metric="auc", best_mode=mode, early_stopping=2)
    result = fit(Task(net(), loss_fn, Points(), lambda model: {"auc": sign * next(scores)}), recipe, run)
    assert (result.best_epoch, result.best_metric, result.epochs) == (2, sign * 0.9, 4)
    assert checkpoint.load(result.best)["epoch"] == 2
    assert [row["val"]["auc"] for row in run.rows()] == [sign * 0.5, sign * 0.9, sign * 0.8, None]


def test_a_missing_metric_is_named(tmp_path: Path) -> None:
    with pytest.raises(FitError, match="'auc' is not validated; there are: f1"):
        fit(Task(net(), loss_fn, Points(), lambda m: {"f1": 1.0}), settings(best_metric="auc"), new_run(tmp_path))


# --- what goes wrong is said, and nothing is lost ---------------------------------------------------------------------


def test_a_loss_that_is_not_a_number_stops_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    run, calls = new_run(tmp_path), []

    def broken(model: nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        calls.append(batch["index"].tolist())
        return {"total": loss_fn(model, batch)["total"] * (float("nan") if len(calls) == 5 else 1.0)}

    with pytest.raises(FitError, match=r"epoch 2, batch 2 \(samples .*\): total; stopped") as error:
        fit(Task(net(), broken, Points()), settings(), run)
    assert ", ".join(map(str, calls[-1])) in str(error.value)
    state = checkpoint.load(run.checkpoints / "last.pth")
    assert state["epoch"] == 1
    assert all(value.isfinite().all() for value in state["model"].values())


def test_a_gradient_that_is_not_a_number_stops_too(tmp_path: Path) -> None:
    def steep(model: nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"total": (loss_fn(model, batch)["total"] * 0).sqrt()}  # 0, with an endless slope

    with pytest.raises(FitError, match=r"epoch 1, batch 1 .*: gradient"):
        fit(Task(net(), steep, Points()), settings(), new_run(tmp_path))


@pytest.mark.parametrize("raised", [torch.OutOfMemoryError("CUDA out of memory. Tried"), MemoryError("no room")])
def test_out_of_memory_names_the_flags_that_help(tmp_path: Path, raised: BaseException) -> None:
    def greedy(model: nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        raise raised

    with pytest.raises(FitError, match="out of memory") as error:
        fit(Task(net(), greedy, Points()), settings(num_workers=1), new_run(tmp_path))
    for tip in ("--num_workers 0", "fit.amp=bf16", "--batch_size 4 --set fit.accumulate=2"):
        assert tip in str(error.value)


def test_what_a_worker_could_not_read_is_said_in_one_line(tmp_path: Path) -> None:
    class Torn(Points):
        def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
            raise ValueError("p7.csv: expected numbers, got words")

    for workers in (0, 1):
        with pytest.raises(ValueError, match=r"^p7\.csv: expected numbers, got words$"):
            fit(Task(net(), loss_fn, Torn()), settings(num_workers=workers), new_run(tmp_path))


def test_a_full_disk_leaves_the_last_checkpoint_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "last.pth"
    state = {"model": torch.zeros(10)}
    checkpoint.save(path, state)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), hard))  # as if there were no more room
    try:
        with pytest.raises(checkpoint.CheckpointError, match=r"last\.pth: could not be written, \d+ MB are free there"):
            checkpoint.save(path, {"model": torch.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04torn", b"this is text"])
def test_a_torn_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "last.pth"
    path.write_bytes(content)
    with pytest.raises(checkpoint.CheckpointError, match=r"last\.pth"):
        checkpoint.load(path)


def test_a_truncated_checkpoint_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    whole = fit(Task(net(), loss_fn, Points()), settings(epochs=1), new_run(tmp_path)).last.read_bytes()
    torn, foreign = tmp_path / "torn.pth", tmp_path / "foreign.pth"
    torn.write_bytes(whole[: len(whole) // 2])
    torch.save({"weights": torch.zeros(1)}, foreign)
    for path in (torn, foreign):
        with pytest.raises(checkpoint.CheckpointError, match=path.name):
            checkpoint.load(path)


def test_weights_of_another_network_are_refused_by_name(tmp_path: Path) -> None:
    run, recipe = new_run(tmp_path), settings(epochs=1)
    last = fit(Task(net(), loss_fn, Points()), recipe, run).last
    with pytest.raises(checkpoint.CheckpointError, match=r"last\.pth: these weights do not fit this network .*Missing"):
        fit(Task(net(0.0).append(nn.Linear(1, 1)), loss_fn, Points()), recipe, run, last)


# --- order, folders ---------------------------------------------------------------------------------------------------


def test_order_is_a_permutation_that_changes_with_the_epoch_and_is_the_same_again() -> None:
    first, second = permutation(3, 0, 50), permutation(3, 1, 50)
    assert sorted(first) == list(range(50))
    assert (first == permutation(3, 0, 50)).all()
    assert (first != second).any()


def test_run_folders_of_one_second_do_not_collide(tmp_path: Path) -> None:
    runs = [new_run(tmp_path) for _ in range(3)]
    assert len({run.path for run in runs}) == 3
    assert RunFolder.of_checkpoint(runs[0].checkpoints / "last.pth").path == runs[0].path.resolve()
    for name, words in (("none.pth", "no such checkpoint"), (runs[0].path / "config.json", "not inside a run folder")):
        with pytest.raises((OSError, ValueError), match=words):
            RunFolder.of_checkpoint(name)
    assert json.loads((runs[0].path / "config.json").read_text()) == to_dict(settings())
    assert line.Line() != settings()
