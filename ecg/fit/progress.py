"""Progress of an epoch."""

from __future__ import annotations

import sys


class Progress:
    """A bar on a terminal, plain lines elsewhere; both on stderr."""

    def __init__(self, title: str, total: int, done: int, every: int) -> None:
        from tqdm import tqdm

        self.title, self.total, self.done, self.every = title, total, done, every
        self.bar = tqdm(total=total, initial=done, desc=title, leave=False) if sys.stderr.isatty() else None

    def update(self, count: int, loss: float) -> None:
        before, self.done = self.done, self.done + count
        if self.bar is not None:
            self.bar.update(count)
            self.bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
        elif self.done // self.every != before // self.every:
            print(f"{self.title}  batch {self.done}/{self.total}  loss {loss:.4g}", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
