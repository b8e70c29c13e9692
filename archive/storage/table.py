"""Rows as Parquet: one a page, each lead a list of int16 uV, null where nothing is printed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from archive.row import Row
from classify.features.catalog import ALL
from ecg.leads import STANDARD

Label: TypeAlias = tuple[str, str]  # (group, name)
_TEXTS = ("id", "uri", "status", "code", "error", "weights", "layout")
_FIGURES = ("mm_per_s", "mm_per_mv")


def schema(labels: Sequence[Label]) -> pa.Schema:
    """The columns of an archive whose classifier reports these labels; no labels: of one that is only digitized."""
    names = [("id", pa.string()), ("uri", pa.string()), ("page", pa.int32())]
    names += [(name, pa.string()) for name in ("status", "code", "error")]
    names += [("seconds", pa.float32()), ("weights", pa.string()), ("layout", pa.string())]
    names += [(name, pa.float32()) for name in _FIGURES]
    names += [("confidence", pa.list_(pa.float32())), ("codes", pa.list_(pa.string())), ("fs_hz", pa.float64())]
    names += [(lead, pa.list_(pa.int16())) for lead in STANDARD]
    if labels:
        names += [("abstained", pa.bool_()), ("predicted", pa.list_(pa.string()))]
        names += [(probability_column(label), pa.float32()) for label in labels]
        names += [(name, pa.float32()) for name in ALL]
    return pa.schema(names)


def probability_column(label: Label) -> str:
    return f"p {label[0]}:{label[1]}"


def to_table(rows: Sequence[Row], labels: Sequence[Label]) -> pa.Table:
    """The rows in their order."""
    columns = {name: [getattr(row, name) for row in rows] for name in ("status", "code", "error", "weights", "layout")}
    columns |= {name: [getattr(row, name) for row in rows] for name in ("seconds", *_FIGURES, "fs_hz")}
    columns |= {name: [getattr(row.reference, name) for row in rows] for name in ("id", "uri", "page")}
    columns["confidence"] = [_confidence(row) for row in rows]
    columns["codes"] = [list(row.codes) for row in rows]
    if labels:
        columns |= {"abstained": [row.abstained for row in rows], "predicted": [list(row.predicted) for row in rows]}
        columns |= {
            probability_column(label): [_known(row.probabilities.get(label)) for row in rows] for label in labels
        }
        columns |= {name: [_known(row.features.get(name)) for row in rows] for name in ALL}
    made = schema(labels)
    signals = {lead: _signals(rows, index) for index, lead in enumerate(STANDARD)}
    arrays = [signals[f.name] if f.name in signals else pa.array(columns[f.name], f.type) for f in made]
    return pa.table(arrays, schema=made)


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else value


def _confidence(row: Row) -> list[float | None] | None:
    """Of the twelve leads in standard order, null for one that is not printed."""
    return [row.confidence.get(lead) for lead in STANDARD] if row.confidence else None


def _signals(rows: Sequence[Row], lead: int) -> pa.Array:
    """One lead of every row; null where nothing of it is printed."""
    shown = [row.signal_uv is not None and row.printed is not None and bool(row.printed[lead].any()) for row in rows]
    uv = [row.signal_uv[lead] for row, there in zip(rows, shown, strict=True) if there and row.signal_uv is not None]
    printed = [row.printed[lead] for row, there in zip(rows, shown, strict=True) if there and row.printed is not None]
    lengths = iter([len(values) for values in uv])
    ends = np.cumsum([0, *(next(lengths) if there else 0 for there in shown)])
    values = pa.array(_joined(uv, np.int16), pa.int16(), mask=~_joined(printed, np.bool_))
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), values, mask=pa.array([not there for there in shown], pa.bool_())
    )


def _joined(parts: Sequence[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def to_bytes(table: pa.Table) -> bytes:
    """A Parquet file: zstd, and signals as differences of neighbouring samples."""
    signals = [f"{name}.list.element" for name in STANDARD if name in table.column_names]
    plain = [f.name for f in table.schema if not pa.types.is_list(f.type)]
    out = io.BytesIO()
    pq.write_table(
        table,
        out,
        compression="zstd",
        use_dictionary=[name for name in plain if name in _TEXTS],
        column_encoding=dict.fromkeys(signals, "DELTA_BINARY_PACKED"),
    )
    return out.getvalue()


def in_order(table: pa.Table, ids: Iterable[str]) -> pa.Table:
    """The rows of these ids in their order."""
    place = {name: k for k, name in enumerate(table.column("id").to_pylist())}
    return table.take(pa.array([place[name] for name in ids], pa.int64()))
