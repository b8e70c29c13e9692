"""The smallest training there is: a line to be found from noisy points; run by itself, it trains in a team."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from ecg.fit import ddp
from ecg.fit.launch import exit_process
from ecg.fit.loop import FitResult, Task, fit
from ecg.fit.recipe import to_dict
from ecg.fit.run_folder import RunFolder
from ecg.fit.seeds import rng_for
from ecg.fit.settings import FitSettings

torch.set_num_threads(1)


@dataclass(frozen=True)
class Line:
    """A recipe as small as it gets."""

    width: int = 8
    fit: FitSettings = field(default_factory=FitSettings)


class Points:
    """Noisy points of a line; every item is a pure function of (epoch, index)."""

    def __init__(self, n: int = 24) -> None:
        self.n, self.epoch = n, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        rng = rng_for(7, self.epoch, index)
        x = torch.from_numpy(rng.normal(size=4).astype("float32"))
        return {"x": x, "y": x.sum()[None], "index": torch.tensor(index)}


def settings(**changes: object) -> Line:
    fixed = {"epochs": 2, "batch_size": 8, "amp": "off", "ema_decay": 0.9, "device": "cpu", "show_every": 0}
    return Line(fit=FitSettings(**{**fixed, **changes}))


def net(dropout: float = 0.5) -> nn.Module:
    torch.manual_seed(1)
    norm = nn.BatchNorm1d(8) if dropout else nn.LayerNorm(8)
    return nn.Sequential(nn.Linear(4, 8), norm, nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 1))


def loss_fn(model: nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {"total": (model(batch["x"]) - batch["y"]).square().mean()}


def new_run(folder: Path, recipe: Line | None = None) -> RunFolder:
    return RunFolder.create(to_dict(recipe or settings()), folder)


def held_out_error(model: nn.Module) -> dict[str, float]:
    """The mean absolute error on 11 points, each process counting its own, summed over the team."""
    points = Points(11)
    points.set_epoch(99)
    own = [points[i] for i in ddp.share(range(11))]
    errors = [float((model(p["x"][None]) - p["y"]).abs()) for p in own]
    counts = ddp.gather((sum(errors), len(errors)))
    return {"error": sum(s for s, _ in counts) / sum(n for _, n in counts)}


def whole_training(folder: Path, resume: Path | None = None, **changes: object) -> FitResult:
    """A training without dropout or batch statistics, which a team can repeat to float error."""
    recipe = settings(epochs=3, batch_size=6, accumulate=2, log_every=1, grad_clip=1.0, **changes)
    with ddp.team(cuda=False):
        run = RunFolder.of_checkpoint(resume) if resume else ddp.by_first(lambda: new_run(folder, recipe))
        return fit(Task(net(0.0), loss_fn, Points(22), held_out_error), recipe, run, resume)


if __name__ == "__main__":
    whole_training(Path(sys.argv[1]))
    exit_process(0)
