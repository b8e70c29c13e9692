"""A shard on its shelf: read, written whole, counted, and read again where pages failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from archive.reference import PageReference
from archive.row import FAILED
from archive.shard import ReadPage, Tell, read_shard
from archive.storage.manifest import ROWS, Manifest, shard_name
from archive.storage.store import Store
from archive.storage.table import Label, in_order, schema, to_bytes, to_table


@dataclass(frozen=True)
class Task:
    """A shard to be done: its number, all of its pages, and those of them that are read (again)."""

    number: int
    pages: tuple[PageReference, ...]
    todo: tuple[PageReference, ...]

    @property
    def is_retry(self) -> bool:
        return len(self.todo) < len(self.pages)


def do(task: Task, labels: Sequence[Label], store: Store, read: ReadPage, tell: Tell = lambda status: None) -> None:
    """Read what is to be read of a shard and write its file: from then on it is there."""
    table = to_table(read_shard(task.todo, read, tell), labels)
    name = shard_name(task.number)
    if task.is_retry:
        kept = read_rows(store, task.number).filter(~pc.field("id").isin([page.id for page in task.todo]))
        table = in_order(pa.concat_tables([kept, table]), [page.id for page in task.pages])
    store.write(name, to_bytes(table))
    store.sweep(name)


def read_rows(store: Store, shard: int, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of a shard, or some of their columns."""
    with store.open(shard_name(shard)) as file:
        return pq.read_table(file, columns=None if columns is None else list(columns))


def shards_there(store: Store) -> set[int]:
    """The numbers of the shards whose file is there."""
    names = (name.removeprefix("shard-").partition(".") for name in store.names(ROWS))
    return {int(number) for number, _, ending in names if number.isdecimal() and ending == "parquet"}


def tasks(manifest: Manifest, store: Store, numbers: Sequence[int], retry_errors: bool) -> list[Task]:
    """What is left to do of these shards; a file that is damaged or holds other rows is done again."""
    there, found = shards_there(store), list[Task]()
    for number in numbers:
        pages = manifest.shards[number]
        status = _status(store, number, manifest) if number in there else None
        if status is None:
            found.append(Task(number, pages, pages))
        elif retry_errors and FAILED in status.values():
            found.append(Task(number, pages, tuple(page for page in pages if status[page.id] == FAILED)))
    return found


def _status(store: Store, number: int, manifest: Manifest) -> dict[str, str] | None:
    """The status of every page of a shard by its id; None where its file does not hold exactly these."""
    try:
        with store.open(shard_name(number)) as file:
            shard = pq.ParquetFile(file)
            if not shard.schema_arrow.equals(schema(manifest.labels)):
                return None
            found = shard.read(columns=["id", "status"])
    except (pa.ArrowException, OSError):
        return None
    ids = found.column("id").to_pylist()
    if ids != [page.id for page in manifest.shards[number]]:
        return None
    return dict(zip(ids, found.column("status").to_pylist(), strict=True))


def counts(manifest: Manifest, store: Store, numbers: Sequence[int]) -> Counter[str]:
    """How many pages of these shards have a row, by status."""
    there, found = shards_there(store), Counter[str]()
    for number in numbers:
        found.update((_status(store, number, manifest) or {}).values() if number in there else ())
    return found
