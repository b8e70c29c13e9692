"""Pages come from an S3 server and rows go to one, as they do from and to a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from archive_in_process import in_process

from archive.__main__ import main
from archive.storage.store import Store
from archive.studies import stand_in
from ecg.files import InputError

pytest.importorskip("moto")
pytest.importorskip("s3fs")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A bucket on a server of this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    store = Store("s3://shelves")
    store._fs.invalidate_cache()
    if not store._fs.exists("shelves"):
        store._fs.mkdir("shelves")
    yield store
    type(store._fs).clear_instance_cache()
    server.stop()


@pytest.mark.slow
def test_pages_and_rows_live_in_an_object_store(s3: Store, few: Path, tmp_path: Path) -> None:
    stand_in.write_page(few / "ward 1" / "p6.png", 6)
    (few / "p7.png").write_bytes(b"no picture")
    for path in few.rglob("*.png"):
        s3.write(f"scans/{path.relative_to(few)}", path.read_bytes())
    in_process("s3://shelves/scans", "s3://shelves/table")
    in_process(few, tmp_path / "table")
    store = Store("s3://shelves/table")
    names = [f"shard-0000{number}.parquet" for number in range(4)]
    assert store.names("rows") == names
    for name in names:
        with store.open(f"rows/{name}") as file:
            there = pq.read_table(file)
        here = pq.read_table(tmp_path / "table" / "rows" / name)
        places = ["uri", "error", "seconds"]
        assert there.drop_columns(places).equals(here.drop_columns(places))
        assert all(uri.startswith("s3://shelves/scans/") for uri in there["uri"].to_pylist())
    failed = [error for error in there["error"].to_pylist() if error]
    assert failed == [] or failed[0].startswith("s3://shelves/scans/p7.png: not a picture")
    s3._fs.rm_file("shelves/table/rows/shard-00001.parquet")
    in_process("s3://shelves/scans", "s3://shelves/table")
    assert store.names("rows") == names
    words = ["export", "s3://shelves/table", "--format", "csv", "--output", str(tmp_path / "out")]
    assert main(words) == 0
    assert len(list((tmp_path / "out").rglob("*.csv"))) == 7


def test_a_bucket_that_is_not_there_is_named(s3: Store) -> None:
    with pytest.raises(InputError, match="nowhere"):
        Store("s3://nowhere-at-all").write("a/b", b"")
