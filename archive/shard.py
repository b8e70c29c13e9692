"""A shard's pages become its rows: what both engines do, on whatever machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Self, TypeAlias

from archive.jobs import failed, make_jobs
from archive.reference import PageReference
from archive.row import Row
from archive.settings import Work
from ecg.workers.limits import ProcessLimits
from ecg.workers.process import Ended, LimitedProcess, OutOfTime

ATTEMPTS = 3  # a process that something else killed costs its page an attempt
TOO_LONG, KILLED = "took-too-long", "process-ended"
TOO_COSTLY = "pdf-too-costly"  # also of a PDF whose drawing process was killed from outside: it is tried once more
ReadPage: TypeAlias = Callable[[PageReference], Row]
Tell: TypeAlias = Callable[[str], None]


def read_shard(pages: Sequence[PageReference], read: ReadPage, tell: Tell) -> list[Row]:
    """One row for each page, in their order; `tell` gets the status of each as it comes."""
    rows = []
    for page in pages:
        rows.append(read(page))
        tell(rows[-1].status)
    return rows


class Stopped(Exception):
    """The run was stopped in the midst of a page."""


class Reader:
    """Reads pages in a process of its own, so that one that hangs, eats memory or crashes ends nothing else."""

    def __init__(self, work: Work, limits: ProcessLimits) -> None:
        self._process = LimitedProcess(partial(make_jobs, work), limits)

    def __call__(self, page: PageReference) -> Row:
        """The page's row. Raises Stopped, and InputError or ValueError where the networks cannot be loaded."""
        started, how = perf_counter(), ""
        for attempt in range(ATTEMPTS):
            if self._process.is_closed:
                raise Stopped
            try:
                row: Row = self._process(page)
            except OutOfTime as error:
                why = f"{error} and was ended; --time_limit_s allows more"
                return failed(page, TOO_LONG, why, perf_counter() - started)
            except Ended as error:
                how = str(error)
                continue
            if row.code != TOO_COSTLY or attempt > 0:
                return row
        if self._process.is_closed:
            raise Stopped
        why = f"the process that read it ended {ATTEMPTS} times ({how}); it may need more memory than there is"
        return failed(page, KILLED, why, perf_counter() - started)

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def close(self) -> None:
        """From any thread: end the page in work, and read no other."""
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.end_process()
