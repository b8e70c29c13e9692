"""The rows of an archive without their signals, as one table in memory, and signals shard by shard."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from archive.storage.manifest import Manifest
from archive.storage.store import Store
from archive.storage.table import schema
from archive.storage.writing import read_rows, shards_there
from ecg.formats.counts import UV_PER_MV
from ecg.leads import STANDARD
from ecg.record import Record

SHARD = "shard"


def without_signals(manifest: Manifest, store: Store) -> pd.DataFrame:
    """All rows that are there, in order, with `shard` and with `confidence` as the mean over the printed leads."""
    columns = [name for name in schema(manifest.labels).names if name not in STANDARD]
    parts = []
    for number in sorted(shards_there(store)):
        frame = read_rows(store, number, columns).to_pandas()
        frame.insert(0, SHARD, number)
        parts.append(frame)
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[SHARD, *columns])
    return found.assign(confidence=found["confidence"].map(_mean))


def _mean(confidence: np.ndarray | None) -> float:
    known = np.array([] if confidence is None else confidence, dtype=np.float64)
    return float(np.nanmean(known)) if np.isfinite(known).any() else float("nan")


def where(rows: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The rows for which a condition on columns holds. Raises ValueError for one that cannot be understood."""
    if not condition:
        return rows
    try:
        found = rows.query(condition, engine="python", local_dict={}, global_dict={})
    except Exception as error:  # pandas raises nearly anything for what it cannot parse
        names = ", ".join(rows.columns[:20])
        words = f'condition {condition!r}: {error}; expected such as "confidence > 0.9"; columns are {names} ...'
        raise ValueError(words) from error
    if not isinstance(found, pd.DataFrame):
        raise ValueError(f'condition {condition!r}: expected a comparison, such as "confidence > 0.9"')
    return found


def records(store: Store, rows: pd.DataFrame) -> Iterator[tuple[str, Record]]:
    """(id, recording) of the rows that hold one, a shard in memory at a time."""
    for number, chosen in rows.groupby(SHARD):
        table = read_rows(store, int(str(number)), ["id", "fs_hz", *STANDARD])
        kept = table.filter(pc.is_in(table["id"], pa.array(chosen["id"].tolist(), pa.string())))
        yield from ((row["id"], _record(row)) for row in kept.to_pylist() if row["fs_hz"] is not None)


def _record(row: dict) -> Record:
    samples = max(len(row[lead] or ()) for lead in STANDARD)
    signal = np.full((len(STANDARD), samples), np.nan, np.float32)
    for k, lead in enumerate(STANDARD):
        if row[lead] is not None:
            signal[k] = np.array(row[lead], np.float32) / UV_PER_MV
    return Record(signal, row["fs_hz"], STANDARD, meta={"source": row["id"]})
