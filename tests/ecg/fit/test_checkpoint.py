"""Checkpoints that are torn, foreign or damaged are refused by name in words; so ends a run whose folder vanished."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ecg.files import InputError
from ecg.fit import checkpoint
from ecg.fit.checkpoint import CheckpointError
from ecg.fit.run_folder import RunFolder

ODD = (None, [], 3, "x", {"a": {"b": 1}}, torch.zeros(2))


def state() -> checkpoint.State:
    return {
        "model": nn.Linear(2, 1).state_dict(), "ema": {}, "optimiser": {}, "schedule": {}, "epoch": 1,
        "step_in_epoch": 0, "step": 3, "best_metric": None, "rng": torch.get_rng_state(), "recipe": {},
    }  # fmt: skip


def test_a_whole_checkpoint_comes_back(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.pth", state())
    assert checkpoint.load(tmp_path / "a.pth")["step"] == 3


@pytest.mark.parametrize("key", ["model", "ema", "optimiser", "schedule", "epoch", "step", "rng", "recipe"])
def test_a_key_that_holds_something_else_is_named(tmp_path: Path, key: str) -> None:
    right = state()[key]
    for odd in ODD:
        if isinstance(odd, type(right)) and not (key in ("model", "ema") and odd):
            continue
        checkpoint.save(tmp_path / "a.pth", {**state(), key: odd})
        with pytest.raises(CheckpointError, match=rf"a\.pth: damaged checkpoint: {key}"):
            checkpoint.load(tmp_path / "a.pth")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_never_used(tmp_path: Path, value: float) -> None:
    net = nn.Linear(2, 1)
    spoilt = {**net.state_dict(), "bias": torch.tensor([value])}
    with pytest.raises(CheckpointError, match=r"a\.pth: damaged weights: bias"):
        checkpoint.fill(net, spoilt, tmp_path / "a.pth")
    save_file(spoilt, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match=r"a\.safetensors: damaged weights: bias"):
        checkpoint.read_weights(tmp_path / "a.safetensors")


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", b"PK\x03\x04"])
def test_foreign_files_are_refused_in_words(tmp_path: Path, content: bytes) -> None:
    for name in ("a.pth", "b.safetensors"):
        (tmp_path / name).write_bytes(content)
        try:
            assert checkpoint.read_weights(tmp_path / name) == {}
        except CheckpointError as error:
            assert str(tmp_path / name) in str(error)


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    for name, words in (("none.pth", "no such checkpoint"), (".", "folder"), ("none.safetensors", "no such file")):
        with pytest.raises(InputError, match=words) as caught:
            checkpoint.read_weights(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


def test_a_runs_folder_that_vanished_is_said_and_not_made_anew(tmp_path: Path) -> None:
    run = RunFolder.create({"fit": {}}, tmp_path)
    run.metrics({"epoch": 1})
    shutil.rmtree(run.path)
    for tell in (lambda: run.log("epoch 2"), lambda: run.metrics({"epoch": 2}), run.check_there):
        with pytest.raises(InputError, match=r"run_\d+_\d+: the run's folder has vanished"):
            tell()
    assert not run.path.exists()


@pytest.mark.parametrize("content", ["", "[1]", "{", "\x00"])
def test_a_runs_recipe_that_is_torn_is_named(tmp_path: Path, content: str) -> None:
    run = RunFolder.create({"fit": {}}, tmp_path)
    (run.path / "config.json").write_text(content)
    with pytest.raises(InputError, match=r"config\.json: the run's recipe"):
        run.recipe()
