"""A team of processes gives the numbers that one process gives, and leaves one run behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import line
import pytest
import torch

from ecg.fit import checkpoint, ddp
from ecg.fit.run_folder import RunFolder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder.of_checkpoint(line.whole_training(tmp_path_factory.mktemp("alone")).last)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The same training by two processes that torchrun starts."""
    folder = tmp_path_factory.mktemp("team")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run([*launch, str(ROOT / "tests/line.py"), str(folder)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (run,) = folder.iterdir()  # the first process writes, the second nothing
    return RunFolder(run)


def curve(run: RunFolder) -> list[float]:
    """The loss of every step, from the board."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.tensorboard))
    events.Reload()
    return [event.value for event in events.Scalars("Train/total_loss")]


@pytest.mark.slow
def test_the_loss_curve_is_that_of_one_process(alone: RunFolder, team: RunFolder) -> None:
    assert len(curve(alone)) == 6  # three batches in two steps, three times
    assert curve(team) == pytest.approx(curve(alone), rel=1e-5)


def test_weights_and_metrics_are_those_of_one_process(alone: RunFolder, team: RunFolder) -> None:
    one, two = (checkpoint.load(run.checkpoints / "last.pth") for run in (alone, team))
    for part in ("model", "ema"):
        for name, value in one[part].items():
            assert torch.allclose(value, two[part][name], rtol=1e-4, atol=1e-6), name
    for mine, theirs in zip(alone.rows(), team.rows(), strict=True):
        # 11 held-out points do not divide by two: a mean of the processes' means would differ.
        assert theirs["val"]["error"] == pytest.approx(mine["val"]["error"], rel=1e-4)
        assert theirs["train"]["total"] == pytest.approx(mine["train"]["total"], rel=1e-4)
    assert [start["processes"] for start in alone.starts() + team.starts()] == [1, 2]


def test_a_run_begun_by_a_team_goes_on_alone(team: RunFolder, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    (copy / "checkpoints").mkdir(parents=True)
    (copy / "logs").mkdir()
    (copy / "config.json").write_text(json.dumps(team.recipe()))
    (copy / "checkpoints/last.pth").write_bytes((team.checkpoints / "last.pth").read_bytes())
    assert line.whole_training(tmp_path, copy / "checkpoints/last.pth").steps == 6


def test_without_a_team_everything_is_ones_own() -> None:
    assert (ddp.rank(), ddp.size(), ddp.share(range(5))) == (0, 1, [0, 1, 2, 3, 4])
    assert ddp.gather("x") == ["x"]
    assert ddp.by_first(lambda: 3) == 3
    assert ddp.total({"a": 2.0}, torch.device("cpu")) == {"a": 2.0}
