"""Forty small pages, some of which fail each in its own way, and their archive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.running import run
from archive.settings import Run, Work
from archive.studies import stand_in
from ecg.workers.limits import ProcessLimits

WORK = Work(loader=stand_in.LOADER, diagnose=False)
HOW = Run(workers=2, limits=ProcessLimits(call_s=8.0, memory_bytes=6 * 2**30))
FATES = {5: stand_in.REFUSED, 7: stand_in.CRASHES, 9: stand_in.HUNGRY, 11: stand_in.HANGS, 13: stand_in.DIES}
CODES = {
    "p05.png": "not-an-ecg",
    "p07.png": "internal-error",
    "p09.png": "out-of-memory",
    "p11.png": "took-too-long",
    "p13.png": "process-ended",
    "p40.png": "not-a-picture",
    "p41.png": "file-empty",
}


@dataclass(frozen=True)
class Shelf:
    """An input folder and the archive made of it."""

    source: Path
    output: Path


def write_pages(folder: Path, count: int = 40) -> Path:
    for number in range(count):
        stand_in.write_page(folder / f"p{number:02}.png", number, FATES.get(number, 0))
    (folder / "p40.png").write_bytes(b"no picture")
    (folder / "p41.png").touch()
    return folder


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("shelf")
    made = Shelf(write_pages(folder / "scans"), folder / "table")
    assert run(str(made.source), made.output, WORK, HOW, shard_pages=10) == 0
    return made


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Six good pages."""
    for number in range(6):
        stand_in.write_page(tmp_path / "scans" / f"p{number}.png", number)
    return tmp_path / "scans"
