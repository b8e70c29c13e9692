"""One page read again with what is known better about it: corners, layout, speed, gain."""

from __future__ import annotations

from collections.abc import Iterator

from serve.jobs.read import body, hints_of, one_page, read
from serve.jobs.tools import Tools
from serve.workers.job import Job


def run(job: Job, tools: Tools) -> Iterator[bytes]:
    """One body: the page `page` of the file `file`. Raises Problem with words."""
    hints = hints_of(job)
    page = one_page(job, tools.limits)
    yield body(page, read(page, tools, hints))
