"""A process that answers, as its owner sees it: started, asked, ended when it passes its limits, replaced."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Self

from ecg.workers import child
from ecg.workers.child import Make
from ecg.workers.limits import ProcessLimits

_SPAWN = multiprocessing.get_context("spawn")


class OutOfTime(Exception):
    """A request took longer than its limit, and the process was ended."""


class Ended(Exception):
    """The process ended in the midst of a request: it was killed, or it crashed."""


def kill(process: BaseProcess) -> None:
    """End a confined process and all that it started, now."""
    if process.pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()


class LimitedProcess:
    """Answers requests with the function that `make`, which can be pickled, gives in a process of its own.

    One thread asks; `close` may be called by any other: it ends the request, and there are no more.
    """

    def __init__(self, make: Make, limits: ProcessLimits) -> None:
        self._make, self.limits = make, limits
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._calls = 0
        self.is_closed = False

    @property
    def pid(self) -> int | None:
        process = self._process
        return None if process is None else process.pid

    def __call__(self, request: object) -> Any:
        """The answer. Raises OutOfTime, Ended, and whatever the function or its making raises."""
        pipe = self._pipe or self._start()
        try:
            pipe.send(request)
        except OSError as error:
            self.end_process()
            raise Ended("it ended between two requests") from error
        answer = self._next(pipe, self.limits.call_s)
        self._calls += 1
        if self._calls >= self.limits.calls:
            self.end_process()
        return answer

    def _start(self) -> Connection:
        pipe, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=child.main, args=(theirs, self._make, self.limits), daemon=True)
        self._pipe, self._process, self._calls = pipe, process, 0
        process.start()
        theirs.close()
        if self.is_closed:
            self._kill()
        try:
            self._next(pipe, self.limits.start_s)
        except OutOfTime as error:
            raise Ended(f"it was not ready after {self.limits.start_s:g} s") from error
        return pipe

    def _next(self, pipe: Connection, patience_s: float) -> Any:
        try:
            message = pipe.recv() if pipe.poll(patience_s) else None
        except (EOFError, OSError) as error:
            self.end_process()
            raise Ended("it ended in the midst of a request") from error
        if message is None:
            self.end_process()
            raise OutOfTime(f"took longer than {patience_s:g} s")
        answer, failure = message
        if failure is not None:
            raise failure
        return answer

    def close(self) -> None:
        """From any thread: end the process now and for good."""
        self.is_closed = True
        self._kill()

    def _kill(self) -> None:
        process = self._process  # another thread may forget it meanwhile
        if process is not None:
            kill(process)

    def end_process(self) -> None:
        """End the process and all that it started; the next request starts another one."""
        self._kill()
        if self._process is not None:
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_process()
