"""What the server hands a worker, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from serve.problems import Problem


@dataclass(frozen=True)
class Job:
    """A piece of work by its name in `serve.jobs.JOBS`, the private folder with its files, and plain options."""

    name: str
    folder: Path
    options: Mapping[str, object] = field(default_factory=dict)


Message = bytes | Problem | None  # of a worker: a body, a failure, or that it is ready or done


@dataclass(frozen=True)
class Answer:
    """What a job says: one body after another, and the problem that ended it if there was one."""

    bodies: tuple[bytes, ...] = ()
    problem: Problem | None = None
