"""All shards on a Ray cluster: each is a task that reads and writes it where it runs; all must see OUT."""

from __future__ import annotations

import logging
import math
import os
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING

from archive.settings import Run, Work
from archive.shard import Reader, Tell
from archive.storage.manifest import Manifest
from archive.storage.store import Store
from archive.storage.table import Label
from archive.storage.writing import Task, do
from ecg.files import InputError
from ecg.workers.limits import ProcessLimits

if TYPE_CHECKING:
    from ray import ObjectRef

_OBJECTS_BYTES = 100 * 2**20  # Ray's shared memory: only counts pass through it
_PATIENCE_S = 10.0
_WAITING = 2  # tasks handed over for each core


def run(tasks: Sequence[Task], manifest: Manifest, store: Store, how: Run, tell: Tell) -> None:
    """Do the tasks; `tell` gets the statuses of a shard when it is done. A task whose machine is lost is done again.

    Raises InputError where Ray is not installed, or the cluster cannot be reached.
    """
    _connect(how)
    import ray

    remote = ray.remote(num_cpus=1, max_retries=-1)(_do)
    try:
        most = _WAITING * max(1, math.floor(ray.cluster_resources().get("CPU", 1)))
        waiting: list[ObjectRef] = []
        todo = iter(tasks)
        while waiting := [*waiting, *_submitted(remote, todo, most - len(waiting), manifest, store, how)]:
            done, waiting = ray.wait(waiting)
            for status, count in ray.get(done[0]).items():
                for _ in range(count):
                    tell(status)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    finally:
        ray.shutdown()


def _connect(how: Run) -> None:
    try:
        import ray
    except ImportError as error:
        words = "--engine ray needs ray; install it with: pip install 'galvano[archive]'"
        raise InputError(words, "package-missing") from error
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    _check_reachable(how.address or "")
    init = partial(ray.init, log_to_driver=False, logging_level=logging.ERROR)
    try:
        if how.address:
            init(address=how.address)
        else:
            init(num_cpus=how.workers, object_store_memory=_OBJECTS_BYTES, include_dashboard=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        words = f"--address {how.address}: no Ray cluster can be reached there ({error})"
        raise InputError(words, "cluster-unreachable") from error


def _check_reachable(address: str) -> None:
    """Ask once whether anything listens at host:port, because Ray itself tries for a quarter of an hour.

    Raises InputError.
    """
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdecimal()) or "://" in address:
        return
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE_S).close()
    except OSError as error:
        words = f"--address {address}: no Ray cluster can be reached there ({error})"
        raise InputError(words, "cluster-unreachable") from error


def _submitted(
    remote: object, todo: Iterator[Task], room: int, manifest: Manifest, store: Store, how: Run
) -> Iterator[ObjectRef]:
    for task in islice(todo, room):
        yield remote.remote(task, manifest.work, manifest.labels, store.place, how.limits)  # type: ignore[attr-defined]


def _do(task: Task, work: Work, labels: Sequence[Label], place: str, limits: ProcessLimits) -> dict[str, int]:
    """One shard, on whatever machine; gives how many pages have which status."""
    found = Counter[str]()
    do(task, labels, Store(place), _reader(work, limits), lambda status: found.update([status]))
    return dict(found)


@cache
def _reader(work: Work, limits: ProcessLimits) -> Reader:
    """The worker's own reading process, which is kept from task to task."""
    return Reader(work, limits)
