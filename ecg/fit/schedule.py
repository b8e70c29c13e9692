"""The learning rate: a pure function of the step, except for the plateau rule, which keeps a small memory."""

from __future__ import annotations

import math

from ecg.files import JsonObject
from ecg.fit.settings import FitSettings

_RISE = 0.3  # part of a one-cycle run spent rising
_START, _END = 1 / 25, 1e-4  # one-cycle begins and ends at these parts of the peak


class Schedule:
    """Gives the rate of every optimiser step; `after_epoch` tells the plateau rule how validation went."""

    def __init__(self, settings: FitSettings, steps_per_epoch: int) -> None:
        self.settings, self.steps_per_epoch = settings, max(steps_per_epoch, 1)
        self.total = settings.epochs * self.steps_per_epoch
        self.factor, self.waited = 1.0, 0
        self.best: float | None = None

    def lr(self, step: int) -> float:
        """The rate for optimiser step `step` (from 0)."""
        s = self.settings
        warm = min(1.0, (step + 1) / s.warmup_steps) if s.warmup_steps else 1.0
        return s.lr * warm * self._shape(step)

    def _shape(self, step: int) -> float:
        done = min(step / max(self.total - 1, 1), 1.0)
        match self.settings.schedule:
            case "onecycle":
                if done < _RISE:
                    return _cosine(_START, 1.0, done / _RISE)
                return _cosine(1.0, _END, (done - _RISE) / (1 - _RISE))
            case "cosine":
                return _cosine(1.0, _END, done)
            case "step":
                return self.settings.step_factor ** self._falls(step // self.steps_per_epoch)
            case "plateau":
                return self.factor
        return 1.0

    def _falls(self, epoch: int) -> int:
        """How often the step rule has multiplied the rate by now."""
        s = self.settings
        return sum(epoch >= at for at in s.step_at) if s.step_at else epoch // s.step_epochs

    def after_epoch(self, metric: float | None) -> None:
        if self.settings.schedule != "plateau" or metric is None:
            return
        if self.settings.better(metric, self.best):
            self.best, self.waited = metric, 0
            return
        self.waited += 1
        if self.waited > self.settings.plateau_patience:
            floor = min(self.settings.lr_min / self.settings.lr, 1.0)
            self.factor, self.waited = max(self.factor * self.settings.plateau_factor, floor), 0

    def state_dict(self) -> JsonObject:
        return {"factor": self.factor, "best": self.best, "waited": self.waited}

    def load_state_dict(self, state: JsonObject) -> None:
        self.factor, self.best, self.waited = state["factor"], state["best"], state["waited"]


def _cosine(a: float, b: float, t: float) -> float:
    return b + (a - b) * (1 + math.cos(math.pi * t)) / 2
