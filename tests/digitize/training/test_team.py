"""Two processes that `torchrun` starts train one network of any kind and leave one run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_runs import RECIPES, recipe_file

from ecg.fit.run_folder import RunFolder

ROOT = Path(__file__).parents[3]
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["names", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("page", "row"))])
def test_two_processes_leave_one_run(kind: str, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    options = ["--config", recipe_file(tmp_path, RECIPES[kind]), "--output", str(tmp_path / "runs"), "--force_cpu"]
    done = subprocess.run([*LAUNCH, "digitize.train", *options], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (run,) = map(RunFolder, (tmp_path / "runs").iterdir())
    assert [start["processes"] for start in run.starts()] == [2]
    assert [row["step"] for row in run.rows()] == [2, 4]  # both take their share of the same batches
    assert done.stdout.count("trained 2 epochs, 4 steps") == 1


@pytest.mark.slow
def test_a_wrong_recipe_ends_both_processes_with_its_code(tmp_path: Path) -> None:
    config = recipe_file(tmp_path, RECIPES["names"], fit={"epochs": 0})
    options = ["--config", config, "--output", str(tmp_path / "runs"), "--force_cpu"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*LAUNCH, "digitize.train", *options], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    assert "epochs must be at least 1, got 0" in done.stderr
    assert "exitcode  : 2" in done.stderr
    assert not (tmp_path / "runs").exists()
