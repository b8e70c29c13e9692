"""What an archive holds: every page, in shards, and the work that makes its rows. Written once."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from archive.reference import PageReference
from archive.settings import Work
from archive.storage.store import Store
from archive.storage.table import Label
from ecg.files import InputError, JsonObject

NAME = "manifest.parquet"
ROWS = "rows"
_KEY, _VERSION = b"galvano.archive", 1
_SCHEMA = pa.schema([("id", pa.string()), ("uri", pa.string()), ("page", pa.int32()), ("bytes", pa.int64())])
Shard: TypeAlias = tuple[PageReference, ...]


def shard_name(number: int) -> str:
    return f"{ROWS}/shard-{number:05}.parquet"


@dataclass(frozen=True, eq=False)
class Manifest:
    """The pages in their order; `labels` are those that the classifier reports, none where nothing is diagnosed.

    `source` and `limit` are the input that was named and how many of its pages were taken.
    """

    pages: tuple[PageReference, ...]
    work: Work
    labels: tuple[Label, ...]
    source: str
    shard_pages: int
    limit: int | None = None

    @cached_property
    def shards(self) -> tuple[Shard, ...]:
        starts = range(0, len(self.pages), self.shard_pages)
        return tuple(self.pages[start : start + self.shard_pages] for start in starts)

    @property
    def bytes(self) -> int:
        """Of all files, each once."""
        return sum({page.uri: page.bytes for page in self.pages}.values())

    def told(self) -> JsonObject:
        """What it was begun with."""
        told = {"source": self.source, "limit": self.limit, "shard_pages": self.shard_pages}
        return {**told, **self.work.to_dict()}

    def save(self, store: Store) -> None:
        columns = {f.name: [getattr(page, f.name) for page in self.pages] for f in _SCHEMA}
        facts = {"version": _VERSION, "labels": self.labels, "work": self.work.to_dict()}
        facts |= {"source": self.source, "limit": self.limit, "shard_pages": self.shard_pages}
        made = pa.table(columns, schema=_SCHEMA.with_metadata({_KEY: json.dumps(facts)}))
        out = io.BytesIO()
        pq.write_table(made, out, compression="zstd")
        store.write(NAME, out.getvalue())


def load(store: Store) -> Manifest:
    """The manifest of an archive. Raises InputError where there is none or another version's."""
    if not store.has(NAME):
        raise InputError(
            f"{store.place}: no {NAME} here; expected the output of `python -m archive IN OUT`", "no-archive"
        )
    try:
        with store.open(NAME) as file:
            table = pq.read_table(file)
        facts = json.loads(table.schema.metadata[_KEY])
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{store.place}/{NAME}: not the manifest of an archive ({error})", "no-archive") from error
    if facts["version"] != _VERSION:
        words = f"{store.place}: was written as version {facts['version']} of an archive; this program reads {_VERSION}"
        raise InputError(words, "other-version")
    pages = tuple(PageReference(**row) for row in table.to_pylist())
    labels = tuple((group, name) for group, name in facts["labels"])
    work = Work.from_dict(facts["work"])
    return Manifest(pages, work, labels, facts["source"], facts["shard_pages"], facts["limit"])


def check_same(there: Manifest, told: JsonObject) -> None:
    """Raise ValueError where an archive was begun with anything else than what a run is told now."""
    began = there.told()
    different = [name for name in began if began[name] != told[name]]
    if different:
        words = ", ".join(f"{name} {began[name]!r}, not {told[name]!r}" for name in different)
        raise ValueError(f"this archive was begun with {words}; go on with the same, or name another OUT")
