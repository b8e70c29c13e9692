"""Look at pages before training on them: every folder, a sample of the files, what they hold, and what is wrong."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ecg.cli import add_page_folder, command_parser, entry
from ecg.reading import Reading

_SAMPLE = 50
_SHOWN = 8  # of each count, the commonest so many are printed


@dataclass
class Findings:
    """What a set of pages holds: files counted, `opened` of them looked into, `problems` by file."""

    pages: int
    opened: int = 0
    without_truth: list[str] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def count(self, what: str, *values: object) -> None:
        self.counts.setdefault(what, Counter()).update(map(str, values))

    def to_dict(self) -> dict[str, object]:
        return {**vars(self), "counts": {what: dict(c.most_common()) for what, c in self.counts.items()}}


def check(sim_root: Path, csv_root: Path | None = None, sample: int = _SAMPLE) -> Findings:
    """Find all pages and open `sample` of them, evenly spread. Raises ValueError when there is nothing to open."""
    if sample < 1:
        raise ValueError(f"sample must be at least 1, got {sample}")
    from digitize.training.page_files import find_pages, open_page

    pages, left_out = find_pages(sim_root, csv_root or sim_root)
    findings = Findings(len(pages), without_truth=[str(path) for path in left_out])
    step = max(len(pages) / sample, 1.0)
    chosen = [pages[int(k * step)] for k in range(min(sample, len(pages)))]
    for files in tqdm(chosen, "opening pages", file=sys.stderr, disable=not sys.stderr.isatty()):
        findings.opened += 1
        try:
            _look(findings, *open_page(files))
        except (OSError, ValueError) as error:
            findings.problems.append(str(error))
    return findings


def _look(findings: Findings, pixels: np.ndarray, reading: Reading) -> None:
    record, layout = reading.record, reading.layout
    findings.count("layout", layout.name)
    findings.count("mm/s", layout.mm_per_s)
    findings.count("mm/mV", layout.mm_per_mv)
    findings.count("signal Hz", f"{record.fs_hz:g}")
    findings.count("signal s", f"{record.duration_s:g}")
    findings.count("long side px", f"{round(max(pixels.shape[:2]), -2)}")
    simulated = reading.scene.simulated if reading.scene else {}
    findings.count("preset", simulated.get("preset", "not stated"))
    findings.count("label", *(simulated.get("labels") or ["not stated"]))


def report(findings: Findings) -> str:
    """The findings in lines for a terminal."""
    lines = [f"{findings.pages} pages, {findings.opened} opened, {len(findings.problems)} with a problem"]
    for what, counter in findings.counts.items():
        shown = ", ".join(f"{value} x{count}" for value, count in counter.most_common(_SHOWN))
        more = f", and {len(counter) - _SHOWN} more" if len(counter) > _SHOWN else ""
        lines.append(f"  {what:13}{shown}{more}")
    if findings.without_truth:
        lines.append(
            f"  left out, no .json beside them: {len(findings.without_truth)} ({findings.without_truth[0]}, ...)"
        )
    return "\n".join([*lines, *(f"  wrong: {problem}" for problem in findings.problems)])


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.training.validate_data")
    add_page_folder(made, required=True)
    made.add_argument(
        "--sample", "--max_samples", type=int, default=_SAMPLE, help=f"how many pages to open (default: {_SAMPLE})"
    )
    made.add_argument("--json", action="store_true", help="print the findings as JSON")
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when all is well, 1 when a file is wrong, 2 when the folders are."""
    findings = check(options.sim_root, options.csv_root, options.sample)
    print(dumps(findings.to_dict(), indent=2) if options.json else report(findings))
    return int(bool(findings.problems))


if __name__ == "__main__":
    sys.exit(main())
