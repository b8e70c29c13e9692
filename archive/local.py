"""All shards on this machine: each worker is a thread that watches a reading process."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from queue import Empty, SimpleQueue

from archive.settings import Run
from archive.shard import Reader, Stopped, Tell
from archive.storage.manifest import Manifest
from archive.storage.store import Store
from archive.storage.writing import Task, do


def run(tasks: Sequence[Task], manifest: Manifest, store: Store, how: Run, tell: Tell) -> None:
    """Do the tasks; `tell` gets the status of every page as it comes, from any thread.

    The first error of a worker ends the run.
    """
    queue: SimpleQueue[Task] = SimpleQueue()
    for task in tasks:
        queue.put(task)
    count = max(1, min(how.workers, len(tasks)))
    readers = [Reader(manifest.work, how.limits) for _ in range(count)]
    with ThreadPoolExecutor(count, thread_name_prefix="galvano-archive") as pool:
        futures = [pool.submit(_work, queue, manifest, store, reader, tell) for reader in readers]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        finally:  # also when interrupted: nothing is to be waited for
            for reader in readers:
                reader.close()


def _work(queue: SimpleQueue[Task], manifest: Manifest, store: Store, reader: Reader, tell: Tell) -> None:
    with contextlib.suppress(Empty, Stopped), reader:
        while True:
            do(queue.get_nowait(), manifest.labels, store, reader, tell)
