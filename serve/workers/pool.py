"""A few workers and the line before them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from serve.jobs.tools import Tools
from serve.problems import Problem
from serve.settings import Limits
from serve.workers.job import Answer, Job
from serve.workers.process import Worker


class Pool:
    """Workers of one kind; at most `limits.waiting` jobs wait for them."""

    def __init__(self, count: int, tools: Tools, limits: Limits, threads: int) -> None:
        self.limits = limits
        self.workers = [Worker(tools, limits, threads) for _ in range(count)]
        self.waiting = 0
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="galvano-pool")

    def start(self) -> None:
        for worker in self.workers:
            worker.start()
            self._idle.put_nowait(worker)

    async def warm_up(self) -> None:
        """Wait until every worker has loaded its networks. Raises Problem where one cannot."""
        loop = asyncio.get_running_loop()
        workers = [await self._idle.get() for _ in self.workers]
        try:
            await asyncio.gather(*(loop.run_in_executor(self._threads, worker.wait_ready) for worker in workers))
        finally:
            for worker in workers:
                self._idle.put_nowait(worker)

    def check_room(self) -> None:
        """Raises Problem where too many are waiting."""
        if self.waiting >= self.limits.waiting:
            words = f"{self.waiting} jobs are waiting; ask again in {self.limits.retry_after_s} s"
            raise Problem(503, "server-busy", words, {"Retry-After": str(self.limits.retry_after_s)})

    async def run(self, job: Job) -> Answer:
        """What comes of a job, in its turn. Raises Problem where too many are waiting."""
        self.check_room()
        self.waiting += 1
        try:
            worker = await self._idle.get()
        finally:
            self.waiting -= 1
        work = asyncio.get_running_loop().run_in_executor(self._threads, worker.run, job)
        try:
            return await asyncio.shield(work)
        finally:  # also where nobody waits for the answer any more: the worker is free when it is done
            work.add_done_callback(lambda _: self._idle.put_nowait(worker))

    @property
    def busy(self) -> int:
        return len(self.workers) - self._idle.qsize()

    def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self.workers:
            worker.stop()
