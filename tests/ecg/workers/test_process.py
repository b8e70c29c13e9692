"""A process answers, is ended at its limits, and is replaced."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ecg.workers.limits import ProcessLimits
from ecg.workers.process import Ended, LimitedProcess, OutOfTime

LIMITS = ProcessLimits(call_s=20.0, memory_bytes=2**30)


def make() -> Callable[[tuple[str, float]], object]:
    def answer(request: tuple[str, float]) -> object:
        what, value = request
        if what == "sleep":
            time.sleep(value)
        if what == "raise":
            raise OSError(f"no {value}")
        if what == "fill":
            return int(np.ones(int(value), np.uint8).sum())
        if what == "die":
            os._exit(1)
        return os.getpid()

    return answer


def make_nothing() -> Callable[[object], object]:
    raise FileNotFoundError("no weights")


@pytest.fixture(scope="module")
def process() -> Iterator[LimitedProcess]:
    with LimitedProcess(make, LIMITS) as made:
        yield made


def test_answers_come_from_one_process(process: LimitedProcess) -> None:
    first = process(("pid", 0))
    assert first == process(("pid", 0)) == process.pid
    assert first != os.getpid()


def test_what_the_function_raises_is_raised_and_the_process_stays(process: LimitedProcess) -> None:
    before = process(("pid", 0))
    with pytest.raises(OSError, match="no 7"):
        process(("raise", 7))
    with pytest.raises(MemoryError):
        process(("fill", 4 * 2**30))
    assert process(("pid", 0)) == before


def test_a_process_that_dies_is_replaced(process: LimitedProcess) -> None:
    before = process(("pid", 0))
    with pytest.raises(Ended):
        process(("die", 0))
    assert process(("pid", 0)) != before
    os.kill(process.pid or 0, signal.SIGKILL)
    with pytest.raises(Ended):
        process(("sleep", 5))


def test_a_request_that_takes_too_long_is_ended() -> None:
    with LimitedProcess(make, ProcessLimits(call_s=0.3)) as hasty:
        before = hasty(("pid", 0))
        with pytest.raises(OutOfTime):
            hasty(("sleep", 60))
        with pytest.raises(ProcessLookupError):
            os.kill(before, 0)


def test_a_process_is_renewed_after_so_many_calls() -> None:
    with LimitedProcess(make, ProcessLimits(calls=2)) as made:
        pids = [made(("pid", 0)) for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_another_thread_can_end_a_request_for_good(process: LimitedProcess) -> None:
    with LimitedProcess(make, LIMITS) as made:
        made(("pid", 0))
        threading.Timer(0.2, made.close).start()
        with pytest.raises(Ended):
            made(("sleep", 60))
        with pytest.raises(Ended):
            made(("pid", 0))


def test_what_cannot_be_made_says_why() -> None:
    with LimitedProcess(make_nothing, LIMITS) as made, pytest.raises(FileNotFoundError, match="no weights"):
        made("anything")


def test_limits_that_allow_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="call_s must be at least"):
        ProcessLimits(call_s=0)
