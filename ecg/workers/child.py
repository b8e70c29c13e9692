"""The process that answers: it makes its function once, then takes one request at a time from its pipe."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeAlias

from ecg.workers.limits import ProcessLimits

try:
    import resource
except ImportError:  # there is none on Windows: only the clock ends a request there
    resource = None  # type: ignore[assignment]

Make: TypeAlias = Callable[[], Callable]
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(pipe: Connection, make: Make, limits: ProcessLimits) -> None:
    """Answer until the pipe is closed or the parent has gone. A message is (answer, None) or (None, error).

    The first one says that the function is made.
    """
    parent = os.getppid()
    confine(limits.memory_bytes, limits.threads)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        answer = _made(pipe, make)
        while answer is not None:
            request = pipe.recv()
            pipe.send(_message(answer, request))
    except (EOFError, OSError):  # whoever asks has gone
        return


def confine(memory_bytes: int, threads: int) -> None:
    """Make this process one that can be ended with all it starts, with so much address space and so many threads."""
    if hasattr(os, "setsid"):
        os.setsid()  # so that whatever a request starts ends with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))  # before any library is loaded
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold a patient's page


def _message(answer: Callable, request: object) -> tuple[object, Exception | None]:
    try:
        return answer(request), None
    except Exception as error:  # the function's own, for whoever asked
        return None, error


def _made(pipe: Connection, make: Make) -> Callable | None:
    try:
        answer = make()
    except Exception as error:  # whoever asks must hear why there will be no answers
        pipe.send((None, error))
        return None
    pipe.send((None, None))
    return answer


def _end_with(parent: int) -> None:
    """End this process and all that it started when its parent has gone, even in the midst of a request."""
    while os.getppid() == parent:
        time.sleep(0.5)
    if hasattr(os, "killpg"):
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
