"""A run may be killed at any moment, as a whole or a worker of it: started again, every page has its row once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from archive_in_process import in_process

from archive.studies import stand_in

ROOT = Path(__file__).resolve().parents[2]
PAGES, WAIT_MS = 24, 60
BROKEN, HANGS = {"b.png": "not-a-picture", "c.png": "file-empty"}, "h.png"


def start(source: Path, output: Path) -> subprocess.Popen[str]:
    words = ["--loader", stand_in.LOADER, "--no_diagnosis", "--shard_pages", "5", "--time_limit_s", "8"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-m", "archive", str(source), str(output), *words]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, cwd=ROOT)


@contextmanager
def running(source: Path, output: Path) -> Iterator[subprocess.Popen[str]]:
    with start(source, output) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(3600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("waited for three minutes")


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for task in tasks for child in task.read_text().split()]
    return [child for child in found if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]


def shards(output: Path) -> int:
    return len(list((output / "rows").glob("shard-*.parquet")))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")
def test_killed_runs_go_on_where_they_stood(tmp_path: Path) -> None:
    source, output = tmp_path / "scans", tmp_path / "table"
    for number in range(PAGES):
        stand_in.write_page(source / f"p{number:02}.png", number, 0, WAIT_MS)
    (source / "b.png").write_bytes(b"no picture")
    (source / "c.png").touch()
    stand_in.write_page(source / HANGS, 0, stand_in.HANGS)
    with running(source, output) as first:
        wait_for(lambda: shards(output) >= 1)
        os.kill(children(first.pid)[0], signal.SIGKILL)
        wait_for(lambda: shards(output) >= 2)
        orphan = next(iter(children(first.pid)), None)
    before = {path: path.stat().st_mtime_ns for path in (output / "rows").glob("shard-*.parquet")}
    assert 2 <= len(before) < 6
    with running(source, output) as second:
        _, said = second.communicate(timeout=300)
    assert second.returncode == 0, said
    assert f"{PAGES + 3} rows for {PAGES + 3} pages: {PAGES} read, 0 refused, 3 failed" in said
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert not list((output / "rows").glob(".*.tmp"))
    wait_for(lambda: orphan is None or not Path(f"/proc/{orphan}").exists())
    found = pd.read_parquet(output / "rows").drop(columns="seconds")
    failed = found[found["status"] != "read"].set_index("id")["code"].to_dict()
    assert failed == {**BROKEN, HANGS: "took-too-long"}
    (source / HANGS).unlink()
    in_process(source, tmp_path / "undisturbed")
    undisturbed = pd.read_parquet(tmp_path / "undisturbed" / "rows").drop(columns="seconds")
    pd.testing.assert_frame_equal(found[found["id"] != HANGS].reset_index(drop=True), undisturbed)
