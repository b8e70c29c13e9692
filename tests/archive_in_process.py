"""An archive made without other processes, for tests of what lies around the reading."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from archive import local
from archive.jobs import PageJobs
from archive.running import run
from archive.settings import Run, Work
from archive.shard import Tell
from archive.storage.manifest import Manifest
from archive.storage.store import Store
from archive.storage.writing import Task, do
from archive.studies import stand_in

HOW = Run()
WORK = Work(loader=stand_in.LOADER, diagnose=False)


def in_process(
    source: object,
    output: Path | str,
    how: Run = HOW,
    limit: int | None = None,
    work: Work = WORK,
    shard_pages: int = 2,
) -> None:
    """A run in shards of two pages, each page read here."""

    def here(tasks: Sequence[Task], manifest: Manifest, store: Store, how: Run, tell: Tell) -> None:
        jobs = PageJobs(manifest.work)
        for task in tasks:
            do(task, manifest.labels, store, jobs, tell)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "run", here)
        assert run(str(source), output, work, how, shard_pages=shard_pages, limit=limit) == 0
