"""What a running training tells: board, metrics, log, and the summary at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ecg.fit import ddp
from ecg.fit.progress_state import ProgressState
from ecg.fit.provenance import origin
from ecg.fit.run_folder import RunFolder
from ecg.fit.settings import FitSettings
from ecg.fit.summary import write_summary
from ecg.fit.tensorboard import TensorBoardLog

_SHOWN = 10  # metrics on the line of an epoch; all of them are in metrics.jsonl and on the board


class Report:
    """Of a team only the first process tells anything."""

    def __init__(self, folder: RunFolder, settings: FitSettings, state: ProgressState) -> None:
        self.folder, self.settings, self.state = folder, settings, state
        self.first = ddp.rank() == 0
        self.window: list[Mapping[str, float]] = []
        if self.first:
            folder.start({**origin(), "processes": ddp.size(), "seed": settings.seed}, state.epoch)
            self.board = TensorBoardLog(folder.tensorboard, state.step + 1 if state.step else 0)

    def step(self, losses: Mapping[str, float], lr: float) -> None:
        """Note a step; every `log_every` steps the mean since then goes to the board."""
        self.window.append(losses)
        if len(self.window) == self.settings.log_every:
            self._train_to_board(lr)

    def _train_to_board(self, lr: float) -> None:
        if self.first and self.window:
            means = {name: sum(row[name] for row in self.window) / len(self.window) for name in self.window[0]}
            self.board.train(means, lr, self.state.step)
        self.window = []

    def epoch(self, losses: Mapping[str, float], metrics: Mapping[str, float], lr: float, seconds: float) -> None:
        """Note an epoch that is done."""
        self._train_to_board(lr)
        if not self.first:
            return
        state, epochs = self.state, self.settings.epochs
        self.board.validation(metrics, state.step)
        numbers = {"epoch": state.epoch, "step": state.step, "seconds": round(seconds, 2), "lr": lr}
        self.folder.metrics({**numbers, "train": dict(losses), "val": dict(metrics)})
        shown = [("loss", losses.get("total", 0.0)), *list(metrics.items())[:_SHOWN]]
        text = "  ".join(f"{name} {value:.4g}" for name, value in shown)
        self.say(f"epoch {state.epoch}/{epochs}  {text}  ({seconds:.0f} s)")

    def show(self, draw: Callable[[TensorBoardLog, int], None]) -> None:
        """Pictures every so many epochs and in the last one; the epoch in question does not count as done yet."""
        done, every = self.state.epoch + 1, self.settings.show_every
        if self.first and every and (done % every == 0 or done == self.settings.epochs):
            draw(self.board, self.state.step)

    def say(self, line: str) -> None:
        if self.first:
            self.folder.log(line)

    def finish(self) -> None:
        """The summary of a run that came to its end."""
        if self.first:
            self.say(f"summary: {write_summary(self.folder)}")

    def close(self) -> None:
        if self.first:
            self.board.close()
