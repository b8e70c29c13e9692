"""The training loop: one for every network here, exact to the bit when it is interrupted and resumed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ecg.fit import checkpoint, ddp
from ecg.fit.allocator import keep_freed
from ecg.fit.dataloader import Batch, EpochDataset, batch_lists, loader
from ecg.fit.engine import Engine, LossFn, NotFinite
from ecg.fit.errors import FitError
from ecg.fit.interrupt import INTERRUPTED, deferred_interrupt
from ecg.fit.memory import advice, ran_out
from ecg.fit.progress import Progress
from ecg.fit.progress_state import ProgressState
from ecg.fit.recipe import to_dict
from ecg.fit.report import Report
from ecg.fit.resume_check import check_same
from ecg.fit.run_folder import RunFolder
from ecg.fit.schedule import Schedule
from ecg.fit.seeds import seed_step
from ecg.fit.settings import FitRecipe
from ecg.fit.tensorboard import TensorBoardLog

Validate = Callable[[nn.Module], Mapping[str, float]]
Show = Callable[[TensorBoardLog, int], None]


@dataclass(frozen=True, eq=False)
class Task:
    """What is trained, on what, and how it is judged.

    `loss_fn(model, batch)` gives named losses with "total" among them. `validate(model)` gives named metrics after
    every epoch; in a team every process calls it. `show(board, step)` draws what the last validation saw.
    """

    model: nn.Module
    loss_fn: LossFn
    dataset: EpochDataset
    validate: Validate | None = None
    show: Show | None = None


@dataclass(frozen=True)
class FitResult:
    """What a training left: `best_metric` is None where nothing was validated."""

    best_metric: float | None
    best_epoch: int
    epochs: int
    steps: int
    best: Path
    last: Path


def fit(task: Task, recipe: FitRecipe, run: RunFolder, resume: Path | None = None) -> FitResult:
    """Train the task's network in place and leave checkpoints, metrics and TensorBoard files in the run folder.

    `recipe` is a frozen dataclass whose `fit` holds the FitSettings; it is saved in every checkpoint. Ctrl-C finishes
    the step, saves and exits with 130; `resume` goes on from last.pth as if nothing had happened.
    """
    return _Fit(task, recipe, run).run(resume)


class _Fit:
    """The state of a running `fit`."""

    def __init__(self, task: Task, recipe: FitRecipe, run: RunFolder) -> None:
        s = recipe.fit
        if not len(task.dataset):
            raise FitError("the training set is empty")
        if s.threads:
            torch.set_num_threads(s.threads)
        keep_freed()
        self.task, self.settings, self.recipe, self.folder = task, s, recipe, run
        self.engine = Engine(task.model, task.loss_fn, s)
        batches = len(batch_lists(len(task.dataset), s.batch_size, s.seed, 0))
        self.schedule = Schedule(s, -(-batches // s.accumulate))
        self.state = ProgressState()
        self.saved_at = time.monotonic()
        torch.manual_seed(s.seed)

    def run(self, resume: Path | None) -> FitResult:
        if resume is not None:
            self._restore(resume)
        self.engine.join_team()
        self.report = Report(self.folder, self.settings, self.state)
        try:
            with deferred_interrupt() as self.interrupt:
                while self.state.epoch < self.settings.epochs and not self.state.gave_up(self.settings):
                    self._epoch()
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error):
                raise
            tips = advice(self.settings, to_dict(self.recipe), self.engine.device)
            raise FitError(f"out of memory ({str(error).strip().splitlines()[0][:120]}); try {tips}") from error
        finally:
            self.report.close()
        self.report.finish()
        state, names = self.state, self.folder.checkpoints
        return FitResult(
            state.best_metric, state.best_epoch, state.epoch, state.step, names / "best.pth", names / "last.pth"
        )

    def _epoch(self) -> None:
        s, state, dataset = self.settings, self.state, self.task.dataset
        dataset.set_epoch(state.epoch)
        batches = batch_lists(len(dataset), s.batch_size, s.seed, state.epoch)
        mine = [ddp.share(indices) for indices in batches[state.step_in_epoch :]]
        if not all(mine):
            raise FitError(
                f"batches of {len(batches[-1])} are too small for {ddp.size()} processes; raise --batch_size"
            )
        stream = loader(dataset, mine, s.num_workers, self.engine.device.type == "cuda")
        title = f"epoch {state.epoch + 1}/{s.epochs}"
        self.engine.model.train()
        started = time.monotonic()
        with closing(Progress(title, len(batches), state.step_in_epoch, s.log_every)) as progress:
            while state.step_in_epoch < len(batches):
                group = batches[state.step_in_epoch : state.step_in_epoch + s.accumulate]
                losses, stop = self._step(stream, group)
                progress.update(len(group), losses["total"])
                self._after_step(losses, stop)
        self._end_epoch(time.monotonic() - started)

    def _step(self, stream: Iterator[Batch], group: list[list[int]]) -> tuple[dict[str, float], bool]:
        state = self.state
        seed_step(self.settings.seed, state.step, ddp.rank())
        lr = self.schedule.lr(state.step)
        try:
            done = self.engine.step(stream, group, lr, state.step + 1, lambda: self.interrupt.asked)
        except NotFinite as error:
            raise FitError(self._where(error, group)) from error
        state.step += 1
        state.step_in_epoch += len(group)
        return done

    def _where(self, error: NotFinite, group: list[list[int]]) -> str:
        samples = [index for indices in group for index in indices]
        shown = ", ".join(map(str, samples[:16])) + (" ..." if len(samples) > 16 else "")
        return (
            f"not a finite number in epoch {self.state.epoch + 1}, batch {self.state.step_in_epoch + 1} (samples "
            f"{shown}): {error}; stopped before it reached the weights, the last good checkpoint is in "
            f"{self.folder.checkpoints}; lower --lr, set fit.grad_clip or fit.amp=off, or look at those samples"
        )

    def _after_step(self, losses: Mapping[str, float], stop: bool) -> None:
        self.state.add(losses)
        self.report.step(losses, self.schedule.lr(self.state.step - 1))
        if stop:
            self._stop()
        if time.monotonic() - self.saved_at > self.settings.save_every_s:
            self._save("last")

    def _stop(self) -> None:
        self._save("last")
        self.report.say(f"interrupted: saved {self.folder.checkpoints / 'last.pth'}; go on with --resume")
        raise SystemExit(INTERRUPTED)

    def _end_epoch(self, seconds: float) -> None:
        metrics = self._validated()
        losses = self.state.end_epoch()
        improved = self.state.judge(metrics, self.settings)
        self.report.epoch(losses, metrics, self.schedule.lr(self.state.step - 1), seconds)
        self.schedule.after_epoch(metrics.get(self.settings.best_metric))
        # last.pth comes last: whatever is cut off before it is done again by the run that resumes from the one before.
        if improved:
            self._save("best")
        if self.settings.epoch_every and self.state.epoch % self.settings.epoch_every == 0:
            self._save(f"epoch_{self.state.epoch}")
        self._save("last")
        if self.interrupt.asked and ddp.size() == 1:
            self._stop()

    def _validated(self) -> dict[str, float]:
        if self.task.validate is None:
            return {}
        with self.engine.judged() as model:
            metrics = {name: float(value) for name, value in self.task.validate(model).items()}
        if self.task.show is not None:
            self.report.show(self.task.show)
        return metrics

    def _save(self, name: str) -> None:
        if ddp.rank() == 0:
            self.folder.check_there()
            told = {"schedule": self.schedule.state_dict(), "recipe": to_dict(self.recipe), **vars(self.state)}
            checkpoint.save(self.folder.checkpoints / f"{name}.pth", {**self.engine.state_dict(), **told})
        self.saved_at = time.monotonic()

    def _restore(self, path: Path) -> None:
        saved = checkpoint.load(path)
        check_same(saved["recipe"], self.recipe, path)
        before, now = saved["recipe"]["fit"].get("epochs"), self.settings.epochs
        if before != now and ddp.rank() == 0:
            self.folder.log(f"{now} epochs instead of {before}: the rate follows the schedule of {now} from here on")
        try:
            self.engine.load_state_dict(saved, path)
            self.schedule.load_state_dict(saved["schedule"])
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise checkpoint.CheckpointError(f"{path}: damaged checkpoint, cannot be gone on from ({error})") from error
        self.state = ProgressState.of_state(saved)
