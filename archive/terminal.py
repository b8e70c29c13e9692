"""What is said while a run goes on: a terminal that has gone must not end it."""

from __future__ import annotations

import contextlib
import sys


class Terminal:
    """Standard error, which may be closed at any moment; then nothing is said any more."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


TERMINAL = Terminal()


def say(words: str) -> None:
    """A line."""
    TERMINAL.write(f"{words}\n")
    TERMINAL.flush()
