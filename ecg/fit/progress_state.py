"""How far a run has come, and how well it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ecg.files import JsonMapping
from ecg.fit.errors import FitError
from ecg.fit.settings import FitSettings


@dataclass
class ProgressState:
    """Position, best so far, and the losses of the epoch so far: what a resumed run knows besides its tensors."""

    epoch: int = 0
    step_in_epoch: int = 0
    step: int = 0
    best_metric: float | None = None
    best_epoch: int = 0
    waited: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def of_state(cls, state: JsonMapping) -> ProgressState:
        """The state in a checkpoint; checkpoints of earlier versions do not hold the losses."""
        return cls(**{f.name: state[f.name] for f in fields(cls) if f.name in state})

    def add(self, losses: Mapping[str, float]) -> None:
        """Note the losses of a step."""
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in losses.items()}
        self.count += 1

    def end_epoch(self) -> dict[str, float]:
        """Step into the next epoch; gives the mean losses of the one that ended."""
        means = {name: value / max(self.count, 1) for name, value in self.sums.items()}
        self.epoch, self.step_in_epoch = self.epoch + 1, 0
        self.sums, self.count = {}, 0
        return means

    def judge(self, metrics: Mapping[str, float], settings: FitSettings) -> bool:
        """Whether the epoch that ended is the best so far; without a metric to go by, the newest always is."""
        name = settings.best_metric
        if not name:
            self.best_epoch = self.epoch
            return True
        if name not in metrics:
            raise FitError(f"best_metric {name!r} is not validated; there are: {', '.join(metrics) or 'none'}")
        improved = settings.better(metrics[name], self.best_metric)
        if improved:
            self.best_metric, self.best_epoch = metrics[name], self.epoch
        self.waited = 0 if improved else self.waited + 1
        return improved

    def gave_up(self, settings: FitSettings) -> bool:
        return bool(settings.early_stopping) and self.waited >= settings.early_stopping
