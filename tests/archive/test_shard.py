"""A page is tried again where something else may have ended it, and only then."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from archive.reference import PageReference
from archive.row import FAILED, READ, Row
from archive.settings import Work
from archive.shard import Reader, Stopped, read_shard
from ecg.workers.limits import ProcessLimits
from ecg.workers.process import Ended, OutOfTime

PAGE = PageReference("a", "/a.pdf")
COSTLY, DAMAGED, GOOD = Row(PAGE, FAILED, "pdf-too-costly"), Row(PAGE, FAILED, "pdf-damaged"), Row(PAGE, READ)


class Process:
    """Answers what it was told to, one after another."""

    def __init__(self, answers: Sequence[Row | Exception]) -> None:
        self.answers = list(answers)
        self.is_closed = False

    def __call__(self, request: PageReference) -> Row:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answers", "status", "code", "left"),
    [
        ([GOOD, GOOD], "read", "", 1),
        ([DAMAGED, GOOD], "failed", "pdf-damaged", 1),
        ([COSTLY, GOOD], "read", "", 0),
        ([COSTLY, COSTLY, GOOD], "failed", "pdf-too-costly", 1),
        ([Ended(), Ended(), GOOD], "read", "", 0),
        ([Ended(), Ended(), Ended(), GOOD], "failed", "process-ended", 1),
        ([COSTLY, Ended(), Ended()], "failed", "process-ended", 0),
        ([OutOfTime("took longer than 5 s"), GOOD], "failed", "took-too-long", 1),
    ],
)
def test_what_is_tried_again(answers: list[Row | Exception], status: str, code: str, left: int) -> None:
    reader = Reader(Work(diagnose=False), ProcessLimits())
    process = Process(answers)
    reader._process = process  # type: ignore[assignment]
    told = list[str]()
    (row,) = read_shard([PAGE], reader, told.append)
    assert (row.status, row.code, len(process.answers)) == (status, code, left)
    assert told == [status]
    assert row.error == "" or row.error.startswith("/a.pdf: ")


def test_a_reader_that_was_stopped_reads_no_more() -> None:
    reader = Reader(Work(diagnose=False), ProcessLimits())
    reader.close()
    with pytest.raises(Stopped):
        reader(PAGE)
