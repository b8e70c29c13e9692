"""One worker as the server sees it: started, given a job, ended when it passes its limits, replaced."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from ecg.workers.process import kill
from serve.jobs.tools import Tools
from serve.problems import Problem
from serve.settings import Limits
from serve.workers import child
from serve.workers.job import Answer, Job, Message

_SPAWN = multiprocessing.get_context("spawn")


class Worker:
    """A process of its own; `run` may be called by one thread at a time."""

    def __init__(self, tools: Tools, limits: Limits, threads: int) -> None:
        self.tools, self.limits, self.threads = tools, limits, threads
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._jobs, self._is_ready = 0, False

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def is_ready(self) -> bool:
        return self._is_ready

    def start(self) -> None:
        """Begin loading; `run` waits for the end of it."""
        self._pipe, theirs = _SPAWN.Pipe()
        arguments = (theirs, self.tools, self.limits.memory_bytes, self.threads)
        self._process = _SPAWN.Process(target=child.main, args=arguments, daemon=True, name="galvano-worker")
        self._process.start()
        theirs.close()
        self._jobs, self._is_ready = 0, False

    def wait_ready(self) -> None:
        """Raises Problem where the networks cannot be loaded."""
        if self._process is None or not self._process.is_alive():
            self.stop()
            self.start()
        if not self._is_ready:
            self._next(self.limits.start_s)
            self._is_ready = True

    def run(self, job: Job) -> Answer:
        """What comes of a job; the time limit is for each of its bodies. A worker that passes a limit is ended."""
        bodies: list[bytes] = []
        try:
            self.wait_ready()
            assert self._pipe is not None  # it was started
            self._pipe.send(job)
            while True:
                message = self._next(self.limits.job_s)
                if not isinstance(message, bytes):
                    break
                bodies.append(message)
        except Problem as problem:
            return Answer(tuple(bodies), problem)
        except BrokenPipeError:
            self.stop()
            return Answer(tuple(bodies), _ended())
        self._jobs += 1
        if self._jobs >= self.limits.jobs_a_worker:
            self.stop()
        return Answer(tuple(bodies), message)

    def _next(self, patience_s: float) -> Message:
        """The next message. Raises Problem, and ends the worker, where none comes in time."""
        assert self._pipe is not None  # it was started
        try:
            if self._pipe.poll(patience_s):
                message: Message = self._pipe.recv()
                return message
        except (EOFError, OSError):
            self.stop()
            raise _ended() from None
        self.stop()
        raise Problem(422, "took-too-long", f"this took longer than {patience_s:g} s and was ended")

    def stop(self) -> None:
        """End the process and all that it started."""
        process, self._process = self._process, None
        if process is not None and process.pid is not None:
            kill(process)
            process.join()
            process.close()
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        self._is_ready = False


def _ended() -> Problem:
    return Problem(500, "job-ended", "the process that did this ended: it may have needed too much memory; try again")
