"""Rows survive the way into Parquet and back, whatever they hold."""

from __future__ import annotations

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.reference import PageReference
from archive.row import FAILED, READ, Row
from archive.settings import Work
from archive.storage.labels import reported
from archive.storage.store import Store
from archive.storage.table import in_order, probability_column, schema, to_bytes, to_table
from classify.classifier import Classifier
from ecg.files import InputError
from ecg.leads import STANDARD

LABELS = (("superclass", "MI"), ("rhythm", "AF"))


def made_row(number: int, samples: int, seed: int) -> Row:
    random = np.random.default_rng(seed)
    printed = random.random((12, samples)) > 0.3
    printed[random.integers(12)] = False
    signal = np.where(printed, random.integers(-32767, 32768, (12, samples)), 0).astype(np.int16)
    p = {label: float(random.random()) for label in LABELS}
    return Row(
        PageReference(f"p{number}", f"/p{number}.png", number, 5), READ, layout="3x4", confidence={"V1": 0.5},
        codes=("speed-assumed",), fs_hz=500.0, signal_uv=signal, printed=printed, abstained=False,
        predicted=("rhythm:AF",), probabilities=p, features={"heart_rate_bpm": float("nan"), "qrs_ms": 90.0},
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=6), st.integers(0, 10**6))
def test_rows_come_back(lengths: list[int], seed: int) -> None:
    rows = [
        made_row(k, n, seed + k) if n else Row(PageReference(f"p{k}", ""), FAILED, "no-grid", "no grid")
        for k, n in enumerate(lengths)
    ]
    table = pq.read_table(io.BytesIO(to_bytes(to_table(rows, LABELS))))
    assert table.schema.equals(schema(LABELS))
    for row, found in zip(rows, table.to_pylist(), strict=True):
        assert (found["id"], found["status"], found["code"]) == (row.reference.id, row.status, row.code)
        for k, lead in enumerate(STANDARD):
            if row.signal_uv is None or row.printed is None or not row.printed[k].any():
                assert found[lead] is None
            else:
                expected = [
                    int(v) if there else None for v, there in zip(row.signal_uv[k], row.printed[k], strict=True)
                ]
                assert found[lead] == expected
        if row.status == READ:
            assert found["heart_rate_bpm"] is None and found["qrs_ms"] == 90.0
            assert found[probability_column(LABELS[0])] == pytest.approx(row.probabilities[LABELS[0]])
            assert found["confidence"] == [0.5 if lead == "V1" else None for lead in STANDARD]


def test_the_same_rows_make_the_same_bytes() -> None:
    rows = [made_row(k, 50, k) for k in range(3)]
    assert to_bytes(to_table(rows, LABELS)) == to_bytes(to_table(rows, LABELS))


def test_rows_are_put_in_order() -> None:
    table = to_table([made_row(k, 5, k) for k in range(4)], LABELS)
    assert in_order(table, ["p2", "p0"]).column("id").to_pylist() == ["p2", "p0"]


@pytest.mark.slow
def test_the_labels_of_the_card_are_those_that_are_reported() -> None:
    assert set(reported(Work())) == {(label.group, label.name) for label in Classifier.load().reported}


def test_a_card_that_is_none_is_named() -> None:
    with pytest.raises(InputError, match=r"nowhere\.json"):
        reported(Work(weights="/nowhere.safetensors"))


@pytest.mark.parametrize("place", ["{tmp}/out", "file://{tmp}/out", "memory://{tmp}/out"])
def test_files_are_there_whole_or_not_at_all(tmp_path: object, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(place.format(tmp=tmp_path))
    assert store.names("rows") == [] and not store.has("rows/a.parquet")
    store.write("rows/a.parquet", b"first")
    store.write("rows/a.parquet", b"second")
    monkeypatch.setattr(store._fs, "mv", _full)
    with pytest.raises(InputError, match="cannot be written"):
        store.write("rows/a.parquet", b"third")
    monkeypatch.undo()
    assert store.names("rows") == ["a.parquet"]
    with store.open("rows/a.parquet") as file:
        assert file.read() == b"second"
    store.sweep("rows/a.parquet")
    assert len(store._fs.ls(store.path("rows"), detail=False)) == 1


def _full(*paths: str) -> None:
    raise OSError(28, "No space left on device")
