"""Parquet: one row for each recording, a column for each lead in int16 uV, null where nothing is printed."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecg.files import InputError, JsonMapping, JsonObject, atomic_path
from ecg.formats import identity
from ecg.formats.channels import Channel, check_size, to_record
from ecg.formats.counts import UV_PER_MV, in_microvolts
from ecg.formats.format import MAX_BINARY_BYTES, MAX_SAMPLES, ReadOptions, read_bytes
from ecg.formats.identity import patient
from ecg.leads import is_known
from ecg.record import Record

if TYPE_CHECKING:
    from pyarrow import RecordBatch

_FACTS, _WHO = ("recorded_at", "device", "age", "sex"), (identity.NAME, identity.ID, identity.BIRTH)


def recognises(head: bytes, path: Path) -> bool:
    return head[:4] == b"PAR1"


def read(path: Path, options: ReadOptions) -> list[Record]:
    """Every row that holds a signal. Raises InputError for a table without the columns `fs_hz` and a lead."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(BytesIO(read_bytes(path)))
    names = file.schema_arrow.names
    leads = [name for name in names if is_known(name)]
    if not leads or "fs_hz" not in names:
        raise InputError(f"{path}: expected the columns fs_hz and I, II ... V6, got {', '.join(names)[:200]}")
    file.scan_contents()  # of a damaged column, its extent ends the process instead of raising; this raises first
    _check_extent(path, file.metadata)
    known = (*_FACTS, *_WHO, "id", "start_s", "fs_hz")
    wanted = [*leads, *(name for name in names if name in known)]
    rows = (row for batch in file.iter_batches(batch_size=64, columns=wanted) for row in _valid(batch))
    return [_record(path, row, leads, options) for row in rows if any(row[lead] is not None for lead in leads)]


def _valid(batch: RecordBatch) -> list[JsonObject]:
    """The rows of a batch, once it is known that looking into them ends nothing."""
    batch.validate(full=True)
    rows: list[JsonObject] = batch.to_pylist()
    return rows


def _check_extent(path: Path, metadata: object) -> None:
    """Raises InputError for a file that unpacks to more than an ECG can be."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]  # type: ignore[attr-defined]
    values = sum(group.column(i).num_values for group in groups for i in range(group.num_columns))
    unpacked = sum(group.total_byte_size for group in groups)
    if values > MAX_SAMPLES or unpacked > MAX_BINARY_BYTES:
        raise InputError(f"{path}: claims {values:,} values in {unpacked:,} bytes, which is too much to read at once")


def _record(path: Path, row: JsonMapping, leads: list[str], options: ReadOptions) -> Record:
    fs_hz, samples = row["fs_hz"], max(len(row[lead] or ()) for lead in leads)
    if not isinstance(fs_hz, int | float):
        raise InputError(f"{path}: a row without fs_hz")
    check_size(path, float(fs_hz), samples * len(leads))
    channels = list(_channels(row, leads, samples))
    facts = {key: row.get(key) for key in _FACTS}
    who = [str(row.get(key) or "") for key in _WHO]
    meta = {"source": row.get("id"), **facts, **patient(options, *who)}
    return to_record(path, channels, float(fs_hz), meta, start_s=float(row.get("start_s") or 0.0))


def _channels(row: JsonMapping, leads: list[str], samples: int) -> Iterator[Channel]:
    """Every lead in mV; one that is null as a whole is not printed."""
    for lead in leads:
        uv = np.full(samples, np.nan) if row[lead] is None else np.array(row[lead], dtype=np.float64)
        yield Channel(lead, uv / UV_PER_MV)


def write(record: Record, path: Path) -> None:
    """Write a file of one row. Raises InputError for more than +-32.767 mV."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts, printed = in_microvolts(record, path)
    meta = record.meta
    columns = {
        "id": pa.array([str(meta.get("source") or path.stem)]),
        "fs_hz": pa.array([record.fs_hz], pa.float64()),
        "start_s": pa.array([record.start_s], pa.float64()),
    }
    columns |= {key: pa.array([str(meta[key])]) for key in (*_FACTS, *_WHO) if meta.get(key)}
    for lead, row, there in zip(record.leads, counts, printed, strict=True):
        values = pa.array(row.astype(np.int16), pa.int16(), mask=~there)
        columns[lead] = pa.ListArray.from_arrays(pa.array([0, record.samples], pa.int32()), values)
    with atomic_path(path) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd")
