"""How fast one process on one thread or two and two processes read, beside the plain engine; where the time goes."""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

from digitize.batch import read_file
from digitize.engines import Digitize, load_digitizer
from digitize.page.open import expand_images
from digitize.stages import PageHints
from ecg.cli import CLASSICAL, ENGINES, add_device, command_parser, entry
from ecg.markdown import table as markdown_table

_PARTS = {
    "page pass": "look_twice", "grid": "clearest", "names": "read_words",
    "layout": "find_layout", "row pass": "read_rows", "gain and start": "calibrate", "signals": "assemble",
}  # fmt: skip
_WAYS = ((1, 1), (2, 1), (1, 2))  # processes, and threads of each


@dataclass(frozen=True)
class Timing:
    """What one process needed for its pages after a first one that warms it up: seconds by the clock and of CPU."""

    pages: int
    threads: int
    wall_s: float
    cpu_s: float


def measure(pages: Sequence[Path], engine: str, processes: int, threads: int, device: str = "cpu") -> list[Timing]:
    """Every process reads all the pages, on so many threads."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        return list(
            pool.map(_read_all, repeat(list(pages), processes), repeat(engine), repeat(threads), repeat(device))
        )


def _read_all(pages: Sequence[Path], engine: str, threads: int, device: str) -> Timing:
    digitize = _warm(pages[0], engine, device, threads)
    wall, cpu = time.perf_counter(), time.process_time()
    for page in pages:
        list(read_file(page, digitize, PageHints()))
    return Timing(len(pages), threads, time.perf_counter() - wall, time.process_time() - cpu)


def _warm(page: Path, engine: str, device: str, threads: int = 1) -> Digitize:
    """A digitizer on so many threads that has read a page."""
    import cv2
    import torch

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    digitize = load_digitizer(device, engine)
    list(read_file(page, digitize, PageHints()))
    return digitize


def parts(pages: Sequence[Path], device: str = "cpu") -> dict[str, float]:
    """The share of a page's time that each stage takes, the largest first."""
    digitize, profile = _warm(pages[0], ENGINES[0], device), cProfile.Profile()
    profile.enable()
    for page in pages:
        list(read_file(page, digitize, PageHints()))
    profile.disable()
    spent = shares(pstats.Stats(profile))
    return dict(sorted(spent.items(), key=lambda item: -item[1]))


def shares(stats: pstats.Stats) -> dict[str, float]:
    """The share of `_PARTS` in all that was profiled, each with what it calls."""
    calls = stats.stats.items()  # type: ignore[attr-defined]
    return {
        part: sum(call[3] for (_, _, function), call in calls if function == name) / stats.total_tt  # type: ignore[attr-defined]
        for part, name in _PARTS.items()
    }


def row(timings: Sequence[Timing], engine: str) -> list[str]:
    """A row of the table; pages a second are those of all processes together."""
    pages = sum(t.pages for t in timings)
    rate = sum(t.pages / t.wall_s for t in timings)
    wall, cpu = sum(t.wall_s for t in timings) / pages, sum(t.cpu_s for t in timings) / pages
    return [engine, str(len(timings)), str(timings[0].threads), f"{rate:.2f}", f"{wall:.2f}", f"{cpu:.2f}"]


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.studies.reading_speed")
    made.add_argument("--pages", metavar="FOLDER", nargs="+", required=True, help="folders of pages (or single pages)")
    made.add_argument("--limit", type=int, default=6, help="only the first so many files of each folder (default: 6)")
    every = [*ENGINES, CLASSICAL]
    made.add_argument("--engine", "--engines", dest="engines", nargs="+", default=[ENGINES[0], CLASSICAL],
                      choices=every, help="compared in turn (default: torch classical)")  # fmt: skip
    add_device(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when measured, 1 for pages that are not there, 2 for a wrong command."""
    files = [path for folder in options.pages for path in expand_images([folder])[: options.limit]]
    rows = [
        row(measure(files, engine, processes, threads, options.device), engine)
        for engine in options.engines
        for processes, threads in _WAYS
    ]
    print(markdown_table(["engine", "processes", "threads each", "pages/s", "s/page", "CPU s/page"], rows))
    spent = ", ".join(f"{part} {share:.0%}" for part, share in parts(files, options.device).items())
    print(f"\nwhere the time goes: {spent}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
