"""The process that does jobs: it takes one at a time from its pipe and sends back what comes of it."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from importlib import import_module
from multiprocessing.connection import Connection

from serve.jobs import JOBS
from serve.jobs.tools import Tools
from serve.problems import Problem, too_much_memory
from serve.workers.job import Job

try:
    import resource
except ImportError:  # there is none on Windows: only the clock ends a job there
    resource = None  # type: ignore[assignment]

log = logging.getLogger(__name__)


def main(pipe: Connection, tools: Tools, memory_bytes: int, threads: int) -> None:
    """Work until the pipe is closed. The first message says that the networks are loaded."""
    if hasattr(os, "setsid"):
        os.setsid()  # so that whatever a job starts ends with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = str(threads)  # before the networks' library is loaded
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold a patient's page
    try:
        tools.warm_up()
        pipe.send(None)
        while True:
            _work(pipe, pipe.recv(), tools)
    except (EOFError, BrokenPipeError):  # the server is gone
        return


def _work(pipe: Connection, job: Job, tools: Tools) -> None:
    tempfile.tempdir = str(job.folder)  # whatever a library writes goes with the job
    try:
        for body in import_module(JOBS[job.name]).run(job, tools):
            pipe.send(body)
        pipe.send(None)
    except Problem as problem:
        pipe.send(problem)
    except MemoryError:
        pipe.send(too_much_memory())
    except (EOFError, BrokenPipeError):
        raise
    except Exception as error:  # a fault of ours must not cost the worker
        place = _place(error)
        log.error("job %s: %s at %s", job.name, type(error).__name__, place)  # no message: it may hold patient data
        pipe.send(Problem(500, "internal", f"please report it ({type(error).__name__} at {place})"))


def _place(error: BaseException) -> str:
    """The innermost line of our own where it happened."""
    found, trace = "?", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found, trace = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}", trace.tb_next  # noqa: PTH119
    return found
