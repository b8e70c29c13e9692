"""Progress of an epoch."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

from ecg.fit import ddp


class Progress:
    """A bar on a terminal, plain lines elsewhere; loss, rate and time left, on stderr, from the first process only."""

    def __init__(self, title: str, total: int, done: int, every: int) -> None:
        self.title, self.total, self.done, self.every = title, total, done, every
        self.first, self.started = done, time.monotonic()
        self.silent = ddp.rank() > 0
        bar = sys.stderr.isatty() and not self.silent
        self.bar = tqdm(total=total, initial=done, desc=title, unit="batch", leave=False) if bar else None

    def update(self, count: int, loss: float) -> None:
        before, self.done = self.done, self.done + count
        if self.bar is not None:
            self.bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
            self.bar.update(count)
        elif not self.silent and self.done // self.every != before // self.every:
            print(self._line(loss), file=sys.stderr, flush=True)

    def _line(self, loss: float) -> str:
        rate = (self.done - self.first) / max(time.monotonic() - self.started, 1e-9)
        left_s = (self.total - self.done) / rate
        pace = f"{rate:.2f} batches/s" if rate >= 1 else f"{1 / rate:.1f} s/batch"
        return f"{self.title}  batch {self.done}/{self.total}  loss {loss:.4g}  {pace}  {_clock(left_s)} left"

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
