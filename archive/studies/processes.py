"""Processes below one, and the memory that they hold, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_MB = 2**20


def descendants(pid: int) -> Iterator[int]:
    """All processes below one."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(word) for task in tasks for word in (task / "children").read_text().split()]
    except OSError:  # it has just ended
        return
    for child in children:
        yield child
        yield from descendants(child)


def resident_mb(pid: int) -> float:
    """What a process holds in memory, shared pages included; 0 for one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MB
    except OSError:
        return 0.0


def largest_reader_mb(run: int) -> float:
    """Of the processes below a run that read pages; 0 where there are none."""
    readers = (child for child in descendants(run) if "spawn_main" in _command_line(child))
    return max(map(resident_mb, readers), default=0.0)


def _command_line(pid: int) -> str:
    """Its arguments, with a zero byte between two; empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
