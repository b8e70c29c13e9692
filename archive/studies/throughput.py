"""How many pages a second an archive reads: `python -m archive.studies.throughput --pages FOLDER`.

One `digitize.infer` process, the archive with one and with two workers, and Ray, one after another on the same pages.
Each reads `--count` pages and then twice as many: the difference gives the pages a second, the rest is the start.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

from archive.studies.processes import descendants, resident_mb
from ecg.markdown import table

WAYS = {
    "digitize.infer": (),
    "local, 1 worker": ("--workers", "1"),
    "local, 2 workers": ("--workers", "2"),
    "ray, 2 workers": ("--workers", "2", "--engine", "ray"),
}


@dataclass(frozen=True)
class Taken:
    """What a run took: seconds by the clock, the most memory of all its processes together, bytes that it wrote."""

    seconds: float
    memory_mb: float
    written: int


def main() -> int:
    p = argparse.ArgumentParser(prog="python -m archive.studies.throughput", description=(__doc__ or "").split("\n")[0])
    p.add_argument("--pages", nargs="+", required=True, metavar="PATH", help="pictures, folders or patterns")
    p.add_argument("--count", type=int, default=8, help="pages of the smaller run (default: 8)")
    p.add_argument("--ways", nargs="+", choices=tuple(WAYS), default=tuple(WAYS))
    options = p.parse_args()
    lines, first = list[list[str]](), 0.0
    with tempfile.TemporaryDirectory(prefix="galvano-throughput-") as folder:
        few, many = (_pages(options.pages, Path(folder) / str(n), n) for n in (options.count, 2 * options.count))
        for way in options.ways:
            short, long = (_run(way, pages, Path(folder) / f"{way} {pages.name}") for pages in (few, many))
            rate = options.count / max(long.seconds - short.seconds, 1e-9)
            first = first or rate
            start_s = short.seconds - options.count / rate
            size = f"{(long.written - short.written) / options.count / 1000:.0f}" if way != "digitize.infer" else ""
            lines.append([way, f"{rate:.3f}", f"{rate / first:.2f}", f"{start_s:.0f}", f"{long.memory_mb:.0f}", size])
    head = ["", "pages/s", "beside the first", "start, s", "memory, MB", "kB a row"]
    print(table(head, lines, padded=True))
    return 0


def _pages(given: Sequence[str], folder: Path, count: int) -> Path:
    """A folder of so many pages, the given ones over and over."""
    from digitize.page.open import expand_images  # takes a second to load, which --help must not

    found = expand_images(given)
    folder.mkdir(parents=True)
    for number in range(count):
        source = found[number % len(found)]
        copyfile(source, folder / f"{number:04}{source.suffix}")
    return folder


def _run(way: str, pages: Path, output: Path) -> Taken:
    began, most = time.monotonic(), 0.0
    words = ["digitize.infer", "--image", str(pages), "--output", str(output)]
    if way != "digitize.infer":
        shard = str(max(1, len(list(pages.iterdir())) // 4))
        words = ["archive", str(pages), str(output), "--no_diagnosis", "--shard_pages", shard, *WAYS[way]]
    process = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        most = max(most, sum(map(resident_mb, (process.pid, *descendants(process.pid)))))
        time.sleep(0.5)
    if process.returncode:
        raise RuntimeError(f"{way}: ended with {process.returncode}")
    written = sum(path.stat().st_size for path in output.glob("rows/*.parquet"))
    return Taken(time.monotonic() - began, most, written)


if __name__ == "__main__":
    sys.exit(main())
