"""One run over an archive: begun or continued, with progress, and counted at its end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tqdm import tqdm

from archive.row import FAILED, READ, REFUSED
from archive.settings import SHARD_PAGES, Run, Work
from archive.sources import counting
from archive.storage import manifest
from archive.storage.labels import reported
from archive.storage.manifest import Manifest
from archive.storage.store import Store, is_url
from archive.storage.writing import Task, counts, tasks
from archive.terminal import TERMINAL, say

# Each module has run(tasks, manifest, store, how, tell); only the one that is asked for is imported.
ENGINES = {"local": "archive.local", "ray": "archive.ray_runner"}


def run(
    source: str,
    output: str | Path,
    work: Work = Work(),  # noqa: B008 (frozen)
    how: Run = Run(),  # noqa: B008 (frozen)
    *,
    shard_pages: int = SHARD_PAGES,
    limit: int | None = None,
    dry_run: bool = False,
) -> int:
    """Give every page of an input its row in an archive; 0 when all have one, else 1.

    What is there from earlier runs is kept, and the rest is done. Raises ValueError for options that make no sense or
    are others than those that the archive was begun with, InputError for places that cannot be read or written.
    """
    if shard_pages < 1 or (limit is not None and limit < 1):
        raise ValueError("--shard_pages and --limit must be at least 1")
    store = Store(output)
    told = Manifest((), work, (), _absolute(source), shard_pages, limit)
    found = _begun(store, told) or _new(told)
    numbers = [number for number in range(len(found.shards)) if how.part.holds(number)]
    todo = tasks(found, store, numbers, how.retry_errors)
    _say_plan(found, store, todo, len(numbers))
    if dry_run:
        return 0
    if not store.has(manifest.NAME):
        found.save(store)
    _do(todo, found, store, how)
    return _close(found, store, numbers)


def _absolute(source: str) -> str:
    return source if is_url(source) else str(Path(source).absolute())


def _begun(store: Store, told: Manifest) -> Manifest | None:
    """The manifest that is there. Raises ValueError where it was made for another input or other work."""
    if not store.has(manifest.NAME):
        return None
    there = manifest.load(store)
    manifest.check_same(there, told.told())
    return there


def _new(told: Manifest) -> Manifest:
    with tqdm(desc="list", unit="page", file=TERMINAL, disable=not TERMINAL.isatty()) as bar:
        pages = counting.references(told.source, lambda count: bar.update(count - bar.n))
    labels = reported(told.work) if told.work.diagnose else ()
    return Manifest(tuple(pages[: told.limit]), told.work, labels, told.source, told.shard_pages, told.limit)


def _say_plan(found: Manifest, store: Store, todo: list[Task], shards: int) -> None:
    pages = sum(len(task.todo) for task in todo)
    size = f"{len(found.pages)} pages, {found.bytes / 1e6:.1f} MB, in {len(found.shards)} shards"
    say(f"{store.place}: {size}; to do: {pages} pages in {len(todo)} of {shards} shards")


def _do(todo: list[Task], found: Manifest, store: Store, how: Run) -> None:
    if not todo:
        return
    total, lock, status = sum(len(task.todo) for task in todo), threading.Lock(), Counter[str]()
    with tqdm(total=total, desc="archive", unit="page", file=TERMINAL, smoothing=0.05) as bar:

        def tell(found: str) -> None:
            with lock:
                status[found] += 1
                bar.set_postfix(status, refresh=False)
                bar.update()

        engine: Callable = import_module(ENGINES[how.engine]).run
        engine(todo, found, store, how, tell)


def _close(found: Manifest, store: Store, numbers: list[int]) -> int:
    status, expected = counts(found, store, numbers), sum(len(found.shards[number]) for number in numbers)
    words = ", ".join(f"{status[name]} {name}" for name in (READ, REFUSED, FAILED))
    is_whole = status.total() == expected
    say(f"{status.total()} rows for {expected} pages{'' if is_whole else ' (NOT ALL)'}: {words}")
    return int(not is_whole)
