"""Whether a reading process grows with its pages: `python -m archive.studies.memory PAGES TABLE`."""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from archive.studies.processes import largest_reader_mb
from ecg.cli import entry
from ecg.markdown import table

PARTS, EVERY_S = 5, 0.5


def parser() -> argparse.ArgumentParser:
    what = "Memory of the one process that reads an archive's pages with the shipped networks, part after part."
    made = argparse.ArgumentParser(prog="python -m archive.studies.memory", description=what)
    made.add_argument("pages", metavar="PAGES", type=Path, help="folder of pages")
    made.add_argument("output", metavar="TABLE", type=Path, help="the archive that is made of them; not there yet")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when the run ended well, 2 for a wrong command."""
    if options.output.exists():
        raise ValueError(f"{options.output}: is there already; the whole of a run is measured")
    words = ["archive", str(options.pages), str(options.output), "--pages_a_worker", "1000000", "--shard_pages", "20"]
    seen = list[float]()
    with subprocess.Popen([sys.executable, "-m", *words]) as process:
        while process.poll() is None:
            seen.append(largest_reader_mb(process.pid))
            time.sleep(EVERY_S)
    print(as_table([mb for mb in seen if mb > 0]))
    return process.returncode


def as_table(seen_mb: list[float]) -> str:
    """Of each part of the run, by time: median and most, and the median beside that of the second part."""
    bounds = [len(seen_mb) * k // PARTS for k in range(PARTS + 1)]
    parts = [seen_mb[a:b] or [0.0] for a, b in itertools.pairwise(bounds)]
    middle = [median(part) for part in parts]
    lines = [
        [f"{k + 1} of {PARTS}", f"{mid:.0f}", f"{max(part):.0f}", f"{mid / max(middle[1], 1.0):.2f}"]
        for k, (part, mid) in enumerate(zip(parts, middle, strict=True))
    ]
    return table(["part of the run", "MB, median", "MB, most", "beside part 2"], lines, padded=True)


if __name__ == "__main__":
    sys.exit(main())
