"""An archive that is killed again and again: at random moments its driver or any process below it.

Small pages that a stand-in reads, some broken, some hanging; the driver is started again when it is gone. Then every
page must have its row once, every broken one its code, and the rows of all engines must be equal but for the seconds.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from archive.studies import stand_in
from archive.studies.processes import descendants, largest_reader_mb, resident_mb
from ecg.markdown import table

HEAD = (
    "engine", "rows", "failed by code", "kills", "starts", "s", "driver MB", "worker MB", "faults", "as the first",
)  # fmt: skip
WAIT_MS, SHARD_PAGES, LIMIT_S = 40, 50, 10.0
BROKEN = {
    "not-a-picture": b"no picture",
    "file-empty": b"",
    "pdf-damaged": b"%PDF-1.4 cut off",
}


@dataclass
class Course:
    """What was seen of a run: its kills by kind, and its memory in MB, of the driver and of the largest worker."""

    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    seconds: float = 0.0
    driver_mb: list[float] = field(default_factory=list)
    worker_mb: list[float] = field(default_factory=list)


def compare(
    engines: Sequence[str], count: int, broken: int, hanging: int, kills: int, every_s: float, seed: int
) -> int:
    """Run the same archive with each engine and print a table; 0 when nothing is wrong and all agree, else 1."""
    rows, lines, failed = list[pa.Table](), list[list[str]](), 0
    with tempfile.TemporaryDirectory(prefix="galvano-kills-") as folder:
        source = Path(folder) / "scans"
        codes = write_pages(source, count, broken, hanging)
        for engine in engines:
            output = Path(folder) / engine
            course = run(source, output, engine, kills, every_s, random.Random(seed))
            rows.append(pq.read_table(output / "rows").drop_columns(["seconds"]))
            wrong, is_same = faults(rows[-1], count, codes), rows[-1].equals(rows[0])
            failed += len(wrong) + (not is_same)
            lines.append(line(engine, rows[-1], course, wrong, is_same))
            print(*wrong, sep="\n", file=sys.stderr)
    print(table(HEAD, lines, padded=True))
    return int(failed > 0)


def write_pages(folder: Path, count: int, broken: int, hanging: int) -> dict[str, str]:
    """`count` pages, of which some are broken or hang; gives the code that each of these must get by its id."""
    codes, places = dict[str, str](), np.linspace(0, count - 1, broken + hanging).astype(int).tolist()
    hangs = set(places[:: max(1, len(places) // max(1, hanging))][:hanging])
    kinds = list(BROKEN.items())
    for number in range(count):
        name = f"p{number:06}.png"
        if number not in places:
            stand_in.write_page(folder / name, number, 0, WAIT_MS)
        elif number in hangs:
            stand_in.write_page(folder / name, number, stand_in.HANGS)
            codes[name] = "took-too-long"
        else:
            codes[name], data = kinds[len(codes) % len(kinds)]
            (folder / name).write_bytes(data)
    return codes


def run(source: Path, output: Path, engine: str, kills: int, every_s: float, chance: random.Random) -> Course:
    """Start a run, kill at random, start it again, until it ends by itself."""
    course, began, next_kill = Course(), time.monotonic(), time.monotonic() + every_s
    driver: subprocess.Popen[bytes] | None = None
    while True:
        if driver is None:
            driver, course.starts = start(source, output, engine), course.starts + 1
        time.sleep(0.5)
        watch(driver.pid, course)
        if driver.poll() is not None:
            if driver.returncode == 0:
                break
            driver = None
        elif course.kills.total() < kills and time.monotonic() > next_kill:
            kill_one(driver.pid, course, chance)
            next_kill = time.monotonic() + chance.uniform(0.3, 1.7) * every_s
    course.seconds = time.monotonic() - began
    return course


def start(source: Path, output: Path, engine: str) -> subprocess.Popen[bytes]:
    words = ["--engine", engine, "--workers", "2", "--loader", stand_in.LOADER, "--no_diagnosis"]
    words += ["--shard_pages", str(SHARD_PAGES), "--time_limit_s", str(LIMIT_S)]
    command = [sys.executable, "-m", "archive", str(source), str(output), *words]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)


def kill_one(driver: int, course: Course, chance: random.Random) -> None:
    """The driver in one case of three, else any process below it."""
    below = list(descendants(driver))
    victim, kind = (driver, "driver") if not below or chance.random() < 1 / 3 else (chance.choice(below), "below it")
    try:
        os.kill(victim, signal.SIGKILL)
        course.kills[kind] += 1
    except ProcessLookupError:  # it has just ended
        return


def watch(driver: int, course: Course) -> None:
    course.driver_mb.append(resident_mb(driver))
    course.worker_mb.append(largest_reader_mb(driver))


def faults(rows: pa.Table, count: int, codes: dict[str, str]) -> list[str]:
    """What is wrong with the rows, in words."""
    found, wrong = rows.select(["id", "status", "code"]).to_pylist(), list[str]()
    ids = Counter(row["id"] for row in found)
    wrong += [f"{name}: {ids[name]} rows" for name in (f"p{k:06}.png" for k in range(count)) if ids[name] != 1]
    given = {row["id"]: row["code"] for row in found if row["status"] != "read"}
    names = sorted(name for name in {*given, *codes} if given.get(name) != codes.get(name))
    wrong += [f"{name}: {given.get(name)}, not {codes.get(name)}" for name in names]
    return wrong


def line(engine: str, rows: pa.Table, course: Course, wrong: list[str], is_same: bool) -> list[str]:
    failed = Counter(code for code in rows["code"].to_pylist() if code)
    kills = ", ".join(f"{count} {kind}" for kind, count in course.kills.items())
    return [
        engine, str(rows.num_rows), ", ".join(f"{n} {code}" for code, n in failed.items()), kills, str(course.starts),
        f"{course.seconds:.0f}", span(course.driver_mb), span(course.worker_mb), str(len(wrong)), str(is_same),
    ]  # fmt: skip


def span(mb: list[float]) -> str:
    """Median and largest of what was seen."""
    seen = [value for value in mb if value > 0] or [0.0]
    return f"{np.median(seen):.0f} (most {max(seen):.0f})"
