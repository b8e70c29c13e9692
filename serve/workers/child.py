"""The process that does jobs: it takes one at a time from its pipe and sends back what comes of it."""

from __future__ import annotations

import tempfile
from importlib import import_module
from multiprocessing.connection import Connection

from ecg.workers.child import confine
from serve.jobs import JOBS
from serve.jobs.tools import Tools
from serve.problems import Problem, fault, too_much_memory
from serve.workers.job import Job


def main(pipe: Connection, tools: Tools, memory_bytes: int, threads: int) -> None:
    """Work until the pipe is closed. The first message says that the networks are loaded."""
    confine(memory_bytes, threads)
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
        pipe.send(fault(error, f"job {job.name}"))
