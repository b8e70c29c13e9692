"""Where requests hand in their jobs: the two pools of workers and the private folder."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from classify.queue import Queue
from serve.formats import PAPERS
from serve.jobs import CLERKS
from serve.jobs.tools import Tools
from serve.problems import Problem
from serve.schemas import Health
from serve.settings import Settings
from serve.workers.job import Answer, Job
from serve.workers.pool import Pool

log = logging.getLogger(__name__)


class Desk:
    """Readers have the networks; a clerk does what is quick, so that it never waits behind a page.

    Raises InputError for settings whose queue is none.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.limits = settings, settings.limits
        tools = Tools(settings.loader, settings.engine, settings.limits)
        self.readers = Pool(settings.reader_count, tools, settings.limits, settings.threads)
        clerk = Tools(settings.loader, settings.engine, settings.limits, has_networks=False)
        self.clerks = Pool(1, clerk, settings.limits, 1)
        self.queue = Queue(settings.queue) if settings.queue else None
        self.private = Path()
        self._warming: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Make the private folder and start the workers."""
        self.private = Path(tempfile.mkdtemp(prefix="galvano-"))  # for this user alone
        for pool in (self.readers, self.clerks):
            pool.start()
        self._warming = asyncio.create_task(self._warm_up())

    async def _warm_up(self) -> None:
        try:
            await asyncio.gather(self.readers.warm_up(), self.clerks.warm_up())
        except Problem as problem:
            log.error("a worker cannot start: %s", problem.detail)

    async def close(self) -> None:
        if self._warming is not None:
            self._warming.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._warming
        for pool in (self.readers, self.clerks):
            pool.stop()
        shutil.rmtree(self.private, ignore_errors=True)

    def _pool(self, job: str) -> Pool:
        return self.clerks if job in CLERKS else self.readers

    def job_of(self, format: str) -> str:
        """The job that writes a format."""
        return "report" if format in {row.name for row in PAPERS} else "convert"

    def check_room(self, job: str) -> None:
        """Raises Problem where too many wait."""
        self._pool(job).check_room()

    async def run(self, job: str, folder: Path, options: Mapping[str, object]) -> Answer:
        """What comes of a job. Raises Problem where too many wait."""
        return await self._pool(job).run(Job(job, folder, options))

    def health(self) -> Health:
        workers = [*self.readers.workers, *self.clerks.workers]
        ready = sum(worker.is_ready for worker in workers)
        return Health(
            status="ok" if ready == len(workers) else "starting",
            workers=len(workers),
            ready=ready,
            busy=self.readers.busy + self.clerks.busy,
            waiting=self.readers.waiting + self.clerks.waiting,
        )
