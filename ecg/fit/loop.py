"""The training loop: one for every network here, exact to the bit when it is interrupted and resumed."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ecg.fit import checkpoint
from ecg.fit.average import blend, keep_rng, wearing
from ecg.fit.batches import EpochDataset, batch_lists, loader, to_device
from ecg.fit.board import Board
from ecg.fit.precision import FitError, autocast_for, pick_device
from ecg.fit.progress import Progress
from ecg.fit.recipe import differences
from ecg.fit.run_folder import RunFolder
from ecg.fit.schedule import Schedule
from ecg.fit.settings import FREE_ON_RESUME, FitSettings

LossFn = Callable[[nn.Module, Any], dict[str, Tensor]]
Validate = Callable[[nn.Module], dict[str, float]]
INTERRUPTED = 130


@dataclass(frozen=True)
class FitResult:
    """What a training left: `best_metric` is None where nothing was validated."""

    best_metric: float | None
    best_epoch: int
    epochs: int
    steps: int
    best: Path
    last: Path


def fit(
    model: nn.Module,
    loss_fn: LossFn,
    dataset: EpochDataset,
    validate: Validate | None,
    settings: FitSettings,
    run: RunFolder,
    recipe: Mapping[str, Any],
    resume: Path | None = None,
) -> FitResult:
    """Train `model` in place and leave checkpoints, metrics and TensorBoard files in the run folder.

    `loss_fn(model, batch)` gives named losses with "total" among them; `validate(model)` gives named metrics after
    every epoch. Ctrl-C finishes the step, saves and exits with 130; `resume` goes on from last.pth as if nothing had
    happened.
    """
    return _Fit(model, loss_fn, dataset, validate, settings, run, dict(recipe)).run(resume)


class _Fit:
    """The state of a running `fit`."""

    def __init__(
        self,
        model: nn.Module,
        loss_fn: LossFn,
        dataset: EpochDataset,
        validate: Validate | None,
        settings: FitSettings,
        run: RunFolder,
        recipe: dict[str, Any],
    ) -> None:
        if not len(dataset):
            raise FitError("the training set is empty")
        if settings.threads:
            torch.set_num_threads(settings.threads)
        self.device = pick_device(settings.device)
        layout = torch.channels_last if settings.channels_last else torch.preserve_format
        self.model = model.to(self.device, memory_format=layout)  # type: ignore[call-overload]
        self.loss_fn, self.dataset, self.validate = loss_fn, dataset, validate
        self.settings, self.folder, self.recipe = settings, run, recipe
        self.optimiser = torch.optim.AdamW(_groups(model, settings.weight_decay), lr=settings.lr)
        batches = len(batch_lists(len(dataset), settings.batch_size, settings.seed, 0))
        self.schedule = Schedule(settings, -(-batches // settings.accumulate))
        self.amp = autocast_for(settings.amp, self.device)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=settings.amp == "fp16")
        self.ema = {k: v.detach().clone() for k, v in model.state_dict().items()} if settings.ema_decay else {}
        self.epoch = self.step_in_epoch = self.step = self.waited = self.best_epoch = 0
        self.best_metric: float | None = None
        self.stop_asked = False
        self.saved_at = time.monotonic()
        torch.manual_seed(settings.seed)

    def run(self, resume: Path | None) -> FitResult:
        if resume is not None:
            self._restore(checkpoint.load(resume), resume)
        self.board = Board(self.folder.tensorboard)
        try:
            with _finish_step_on_interrupt(self):
                while self.epoch < self.settings.epochs and not self._gave_up():
                    self._epoch()
        finally:
            self.board.close()
        names = self.folder.checkpoints
        return FitResult(
            self.best_metric, self.best_epoch, self.epoch, self.step, names / "best.pth", names / "last.pth"
        )

    def _gave_up(self) -> bool:
        return bool(self.settings.early_stopping) and self.waited >= self.settings.early_stopping

    def _epoch(self) -> None:
        s = self.settings
        self.dataset.set_epoch(self.epoch)
        batches = batch_lists(len(self.dataset), s.batch_size, s.seed, self.epoch)
        rest = batches[self.step_in_epoch :]
        self.model.train()
        started, count = time.monotonic(), 0
        sums: dict[str, float] = {}
        stream = loader(self.dataset, rest, s.num_workers, self.device.type == "cuda")
        progress = Progress(f"epoch {self.epoch + 1}/{s.epochs}", len(batches), self.step_in_epoch, s.log_every)
        while self.step_in_epoch < len(batches):
            group = batches[self.step_in_epoch : self.step_in_epoch + s.accumulate]
            losses = self._step(stream, group)
            sums, count = {k: sums.get(k, 0.0) + v for k, v in losses.items()}, count + 1
            progress.update(len(group), losses["total"])
            self._note_step(losses)
        progress.close()
        self._end_epoch({k: v / max(count, 1) for k, v in sums.items()}, time.monotonic() - started)

    def _step(self, stream: Iterator[Any], group: list[list[int]]) -> dict[str, float]:
        """One optimiser step over the batches of `group`; gives the mean losses."""
        for options in self.optimiser.param_groups:
            options["lr"] = self.schedule.lr(self.step)
        self.optimiser.zero_grad(set_to_none=True)
        sums: dict[str, float] = {}
        for indices in group:
            batch = to_device(next(stream), self.device, self.settings.channels_last)
            with self.amp():
                losses = self.loss_fn(self.model, batch)
            values = {name: float(loss.detach()) for name, loss in losses.items()}
            self._check(values, indices)
            self.scaler.scale(losses["total"] / len(group)).backward()
            sums = {name: sums.get(name, 0.0) + value / len(group) for name, value in values.items()}
        self._apply(group)
        self.step += 1
        self.step_in_epoch += len(group)
        return sums

    def _apply(self, group: list[list[int]]) -> None:
        self.scaler.unscale_(self.optimiser)
        limit = self.settings.grad_clip or float("inf")
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), limit))
        if norm != norm or (norm == float("inf") and self.settings.amp != "fp16"):
            self._refuse("the gradient", group[-1])
        self.scaler.step(self.optimiser)
        self.scaler.update()
        if self.ema:
            blend(self.ema, self.model.state_dict(), self.settings.ema_decay, self.step)

    def _check(self, losses: Mapping[str, float], indices: list[int]) -> None:
        if "total" not in losses:
            raise FitError(f"loss_fn must return a loss named 'total', got {', '.join(losses)}")
        bad = [name for name, value in losses.items() if not abs(value) < float("inf")]
        if bad:
            self._refuse(f"the loss {', '.join(bad)}", indices)

    def _refuse(self, what: str, indices: list[int]) -> None:
        shown = ", ".join(map(str, indices[:16])) + (" ..." if len(indices) > 16 else "")
        raise FitError(
            f"{what} is not finite in epoch {self.epoch + 1}, batch {self.step_in_epoch + 1} (samples {shown}); "
            f"stopped before it reached the weights, the last good checkpoint is in {self.folder.checkpoints}; "
            "lower lr, set grad_clip or amp=off, or look at those samples"
        )

    def _note_step(self, losses: Mapping[str, float]) -> None:
        if self.step % self.settings.log_every == 0:
            self.board.train(losses, self.optimiser.param_groups[0]["lr"], self.step)
        if self.stop_asked:
            self._save("last")
            self.folder.log(f"interrupted: saved {self.folder.checkpoints / 'last.pth'}; go on with --resume")
            self.board.close()
            raise SystemExit(INTERRUPTED)
        if time.monotonic() - self.saved_at > self.settings.save_every_s:
            self._save("last")

    def _end_epoch(self, losses: dict[str, float], seconds: float) -> None:
        metrics = self._validated()
        self.epoch, self.step_in_epoch = self.epoch + 1, 0
        improved = self._judge(metrics)
        self._save("last")
        if improved:
            self._save("best")
        if self.settings.epoch_every and self.epoch % self.settings.epoch_every == 0:
            self._save(f"epoch_{self.epoch}")
        self.board.train(losses, self.optimiser.param_groups[0]["lr"], self.step)
        self.board.validation(metrics, self.step)
        row = {"epoch": self.epoch, "step": self.step, "seconds": round(seconds, 2), "train": losses, "val": metrics}
        self.folder.metrics(row)
        text = "  ".join(
            f"{name} {value:.4g}" for name, value in [("loss", losses.get("total", 0.0)), *metrics.items()]
        )
        self.folder.log(f"epoch {self.epoch}/{self.settings.epochs}  {text}  ({seconds:.0f} s)")

    def _validated(self) -> dict[str, float]:
        if self.validate is None:
            return {}
        with wearing(self.model, self.ema), keep_rng(), torch.no_grad():
            self.model.eval()
            return {name: float(value) for name, value in self.validate(self.model).items()}

    def _judge(self, metrics: Mapping[str, float]) -> bool:
        """Whether this epoch is the best so far; also feeds the plateau rule and early stopping."""
        name = self.settings.best_metric
        if not name:
            self.best_epoch = self.epoch
            return True
        if name not in metrics:
            raise FitError(f"best_metric {name!r} is not validated; there are: {', '.join(metrics) or 'none'}")
        improved = self.settings.better(metrics[name], self.best_metric)
        if improved:
            self.best_metric, self.best_epoch = metrics[name], self.epoch
        self.waited = 0 if improved else self.waited + 1
        self.schedule.after_epoch(metrics[name])
        return improved

    def _save(self, name: str) -> None:
        state = {
            "model": self.model.state_dict(),
            "ema": self.ema,
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "scaler": self.scaler.state_dict(),
            "rng": torch.get_rng_state(),
            "recipe": self.recipe,
            **{key: getattr(self, key) for key in _COUNTERS},
        }
        checkpoint.save(self.folder.checkpoints / f"{name}.pth", state)
        self.saved_at = time.monotonic()

    def _restore(self, state: dict[str, Any], path: Path) -> None:
        changed = differences(state["recipe"], self.recipe)
        changed = {k: v for k, v in changed.items() if k.rsplit(".", 1)[-1] not in FREE_ON_RESUME}
        if changed:
            words = "; ".join(f"{key}: {was!r} then, {now!r} now" for key, (was, now) in changed.items())
            raise FitError(f"{path}: this checkpoint belongs to another recipe ({words})")
        self.model.load_state_dict(state["model"])
        self.ema = {k: v.to(self.device) for k, v in state["ema"].items()}
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["rng"])
        for key in _COUNTERS:
            setattr(self, key, state[key])


_COUNTERS = ("epoch", "step_in_epoch", "step", "best_metric", "best_epoch", "waited")


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Decay for matrices and kernels only: norms, biases and breakpoints stay free."""
    every = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in every if p.dim() > 1], "weight_decay": weight_decay},
        {"params": [p for p in every if p.dim() <= 1], "weight_decay": 0.0},
    ]


@contextmanager
def _finish_step_on_interrupt(fit: _Fit) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: Any) -> None:
        if fit.stop_asked:
            raise KeyboardInterrupt
        fit.stop_asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
