"""The shared training loop: exact resume, order, refusal of bad files and bad numbers."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import torch
from torch import nn

from ecg.fit import checkpoint
from ecg.fit.loop import FitError, fit
from ecg.fit.run_folder import RunFolder
from ecg.fit.seeds import permutation, rng_for
from ecg.fit.settings import FitSettings

torch.set_num_threads(1)


class Points:
    """Noisy points of a line; every item is a pure function of (epoch, index)."""

    def __init__(self, n: int = 24) -> None:
        self.n, self.epoch, self.seen = n, 0, []

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        rng = rng_for(7, self.epoch, index)
        x = torch.from_numpy(rng.normal(size=4).astype("float32"))
        return {"x": x, "y": x.sum()[None], "index": torch.tensor(index)}


def net() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 1))


def loss_fn(model: nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {"total": (model(batch["x"]) - batch["y"]).square().mean()}


def settings(**changes: object) -> FitSettings:
    return FitSettings(**{"epochs": 2, "batch_size": 8, "amp": "off", "ema_decay": 0.9, "device": "cpu", **changes})


class StopAfter(Points):
    """Sends Ctrl-C to its own process while the given batch is being put together."""

    def __init__(self, item: int) -> None:
        super().__init__()
        self.left = item

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return super().__getitem__(index)


@pytest.mark.parametrize("stop_in_batch", [2, 3, 5])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_an_interrupted_and_resumed_run_equals_an_uninterrupted_one(
    tmp_path: Path, stop_in_batch: int, accumulate: int
) -> None:
    s = settings(accumulate=accumulate)
    whole = net()
    fit(whole, loss_fn, Points(), None, s, RunFolder.create({}, tmp_path / "a"), {})
    run = RunFolder.create({}, tmp_path / "b")
    with pytest.raises(SystemExit) as stopped:
        fit(net(), loss_fn, StopAfter(8 * stop_in_batch), None, s, run, {})
    assert stopped.value.code == 130
    resumed = net()
    result = fit(resumed, loss_fn, Points(), None, s, run, {}, resume=run.checkpoints / "last.pth")
    assert result.epochs == 2
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_workers_do_not_change_the_result(tmp_path: Path) -> None:
    models = []
    for workers in (0, 2):
        model = net()
        fit(model, loss_fn, Points(), None, settings(num_workers=workers), RunFolder.create({}, tmp_path), {})
        models.append(model)
    assert torch.equal(models[0][0].weight, models[1][0].weight)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    run = RunFolder.create({}, tmp_path)
    fit(net(), loss_fn, Points(), None, settings(), run, {"width": 8})
    with pytest.raises(FitError, match="width: 8 then, 16 now"):
        fit(net(), loss_fn, Points(), None, settings(), run, {"width": 16}, resume=run.checkpoints / "last.pth")


def test_a_loss_that_is_not_a_number_stops_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    run = RunFolder.create({}, tmp_path)
    calls = []

    def broken(model: nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        calls.append(1)
        return {"total": loss_fn(model, batch)["total"] * (float("nan") if len(calls) == 5 else 1.0)}

    with pytest.raises(FitError, match=r"epoch 2, batch 2 \(samples"):
        fit(net(), broken, Points(), None, settings(), run, {})
    state = checkpoint.load(run.checkpoints / "last.pth")
    assert state["epoch"] == 1
    assert all(value.isfinite().all() for value in state["model"].values())


def test_the_best_epoch_is_kept_and_early_stopping_stops(tmp_path: Path) -> None:
    run = RunFolder.create({}, tmp_path)
    scores = iter([0.5, 0.9, 0.8, float("nan"), 0.7, 0.6])
    s = settings(epochs=6, best_metric="auc", early_stopping=2)
    result = fit(net(), loss_fn, Points(), lambda model: {"auc": next(scores)}, s, run, {})
    assert (result.best_epoch, result.best_metric, result.epochs) == (2, 0.9, 4)
    assert checkpoint.load(result.best)["epoch"] == 2
    assert len((run.path / "metrics.jsonl").read_text().splitlines()) == 4


def _f1(model: nn.Module) -> dict[str, float]:
    return {"f1": 1.0}


def test_a_missing_metric_is_named(tmp_path: Path) -> None:
    with pytest.raises(FitError, match="'auc' is not validated; there are: f1"):
        fit(
            net(),
            loss_fn,
            Points(),
            lambda m: {"f1": 1.0},
            settings(best_metric="auc"),
            RunFolder.create({}, tmp_path),
            {},
        )


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04torn"])
def test_a_torn_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "last.pth"
    path.write_bytes(content)
    with pytest.raises(checkpoint.CheckpointError, match=r"last\.pth"):
        checkpoint.load(path)


def test_a_truncated_checkpoint_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    run = RunFolder.create({}, tmp_path)
    fit(net(), loss_fn, Points(), None, settings(epochs=1), run, {})
    whole = (run.checkpoints / "last.pth").read_bytes()
    torn, foreign = tmp_path / "torn.pth", tmp_path / "foreign.pth"
    torn.write_bytes(whole[: len(whole) // 2])
    torch.save({"weights": torch.zeros(1)}, foreign)
    for path in (torn, foreign):
        with pytest.raises(checkpoint.CheckpointError, match=path.name):
            checkpoint.load(path)


def test_order_is_a_permutation_that_changes_with_the_epoch_and_is_the_same_again() -> None:
    first, second = permutation(3, 0, 50), permutation(3, 1, 50)
    assert sorted(first) == list(range(50))
    assert (first == permutation(3, 0, 50)).all()
    assert (first != second).any()


def test_run_folders_of_one_second_do_not_collide(tmp_path: Path) -> None:
    runs = [RunFolder.create({"a": 1}, tmp_path) for _ in range(3)]
    assert len({run.path for run in runs}) == 3
    assert RunFolder.of_checkpoint(runs[0].checkpoints / "last.pth").path == runs[0].path.resolve()
