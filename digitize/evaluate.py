"""Measure the digitizer on pages whose signal is known, clean or under stress; pages without truth are only read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from digitize import batch
from digitize.agreement import geometry_agreement, layout_agreement
from digitize.batch import Attempt, Digitize, Given, find_template, read_page
from digitize.metrics import heart_rate_bpm, score_page
from digitize.options import add_device, add_engine, run
from digitize.page.open import PageError, expand_images, iter_pages
from digitize.scoreboard import CLEAN, PageRow, summarise, table, write_report
from digitize.stress import STRESSES, stressed
from digitize.truth import Truth, find_truth, index_folder, load_truth
from ecg.layout import TEMPLATES, Template
from ecg.reading import Page


def evaluate(
    pages: Sequence[str | Path],
    output: str | Path = "out/evaluate",
    *,
    truth: str | Path | None = None,
    printed: Template | str | None = None,
    stress: str = "none",
    limit: int | None = None,
    device: str = "cpu",
    engine: str = "torch",
    digitizer: Digitize | None = None,
) -> dict[str, Any]:
    """Read every page under every stress, compare with its truth and write report.json, report.md and pages.csv.

    `truth` is a folder of recordings named like the pages (default: beside each page); `printed` says which template
    the pages print when the recordings are whole. `stress` is none, all, or names joined by commas. `limit` takes the
    first so many files of each folder. Raises ValueError for options or truths that make no sense.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1 file a folder, got {limit}")
    conditions = _conditions(stress)
    files = [(Path(folder), path) for folder in pages for path in expand_images([folder])[:limit]]
    template = find_template(printed)
    elsewhere = index_folder(Path(truth)) if truth is not None else None
    truths = {path: _truth_of(path, elsewhere, template) for _, path in files}
    if truth is not None and not any(truths.values()):
        raise ValueError(f"{truth}: no recording is named like any of the pages ({files[0][1].stem}, ...)")
    digitize = digitizer or batch.load_digitizer(device, engine)
    rows: list[PageRow] = []
    with tqdm(total=len(files) * len(conditions), desc="evaluate", unit="page", file=sys.stderr) as bar:
        for folder, path in files:
            for row in _measure_file(path, folder.name, truths[path], conditions, digitize):
                rows.append(row)
                bar.set_postfix_str(f"{row.page} {row.condition}")
                bar.update()
    report = summarise(rows)
    write_report(Path(output), report, rows)
    return report


def _conditions(stress: str) -> list[str]:
    """Clean first, so that every loss can be stated against it."""
    if stress == "none":
        return [CLEAN]
    names = list(STRESSES) if stress == "all" else [name.strip() for name in stress.split(",")]
    unknown = [name for name in names if name not in STRESSES]
    if unknown:
        raise ValueError(f"unknown stress {', '.join(unknown)}: expected none, all, or some of {', '.join(STRESSES)}")
    return [CLEAN, *names]


def _truth_of(path: Path, elsewhere: Mapping[str, Path] | None, printed: Template | None) -> Truth | None:
    signal = find_truth(path, elsewhere)
    return None if signal is None else load_truth(signal, path, printed)


def _measure_file(
    path: Path, folder: str, truth: Truth | None, conditions: Sequence[str], digitize: Digitize
) -> Iterator[PageRow]:
    """Only the first page of a file has a truth of its own; a file that cannot be opened counts as refused."""
    try:
        for page in iter_pages(path):
            for condition in conditions:
                tried = page if condition == CLEAN else stressed(page, condition)
                yield _measure(tried, folder, condition, truth if page.index == 0 else None, digitize)
    except PageError as error:
        attempt = Attempt(path.stem, path, error=str(error))
        yield from (_row(attempt, folder, condition, truth) for condition in conditions)


def _measure(page: Page, folder: str, condition: str, truth: Truth | None, digitize: Digitize) -> PageRow:
    return _row(read_page(page, digitize, Given()), folder, condition, truth)


def _row(attempt: Attempt, folder: str, condition: str, truth: Truth | None) -> PageRow:
    reading = attempt.reading
    row = PageRow(
        folder=folder,
        page=attempt.name,
        condition=condition,
        status="read" if reading else "crashed" if attempt.crashed else "refused",
        words=attempt.error or "; ".join(reading.warnings if reading else ()),
        seconds=attempt.seconds,
        score=score_page(truth.record, reading.record if reading else None) if truth else None,
    )
    if reading is None:
        return row
    agreement: dict[str, float] = {}
    if truth and truth.layout:
        agreement |= layout_agreement(truth.layout, reading.layout)
        if truth.geometry and condition == CLEAN:  # a stress moves the paper in the picture
            agreement |= geometry_agreement(truth.geometry, reading.geometry, truth.layout)
    return row.read_as(reading, heart_rate_bpm(reading.record), agreement)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m digitize.evaluate", description=__doc__)
    made.add_argument("--pages", metavar="FOLDER", nargs="+", required=True, help="folders of pages (or single pages)")
    made.add_argument("--output", default="out/evaluate", help="folder for the report (default: out/evaluate)")
    made.add_argument("--truth", metavar="FOLDER", help="recordings named like the pages (default: beside each page)")
    made.add_argument("--printed", help=f"what the pages print of whole recordings: {', '.join(TEMPLATES)}, or YAML")
    made.add_argument("--stress", default="none", help=f"none, all, or some of {','.join(STRESSES)} (default: none)")
    made.add_argument("--limit", type=int, help="only the first so many files of each folder")
    add_device(made)
    add_engine(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """0 when no page crashed, 1 when one did, 2 for a wrong command."""
    return run(parser(), argv, _evaluate_and_tell)


def _evaluate_and_tell(**options: Any) -> int:
    report = evaluate(**options)
    print(table(report))
    return int(any(group["crashed"] for group in report["groups"]))


if __name__ == "__main__":
    sys.exit(main())
