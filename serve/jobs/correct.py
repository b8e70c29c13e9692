"""A reading with its steps done, to be looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator

from serve.jobs.state import load_state, view
from serve.jobs.tools import Tools
from serve.workers.job import Job


def run(job: Job, tools: Tools) -> Iterator[bytes]:
    """One body: the view of the state in the file `reading`."""
    yield json.dumps(view(load_state(job.folder)), allow_nan=False, separators=(",", ":")).encode()
