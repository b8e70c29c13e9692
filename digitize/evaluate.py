"""Measure the digitizer on pages whose signal is known, clean or under stress; pages without truth are only read."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tqdm import tqdm

from digitize import engines
from digitize.engines import Digitize
from digitize.errors import PageError
from digitize.evaluation.ground_truth import Truth, find_truth, index_folder, load_truth
from digitize.evaluation.page_trial import Trial, try_page, unopened
from digitize.evaluation.perturbations import STRESSES
from digitize.evaluation.report import table, write_report
from digitize.evaluation.simulated_pages import FIRST_SEED, drawn_pages
from digitize.evaluation.summary import CLEAN, PageRow, summarise
from digitize.evaluation.worst_pages import WorstPages
from digitize.page.open import expand_images, iter_pages
from digitize.stages import find_template
from ecg.cli import CLASSICAL, add_device, add_engine, run
from ecg.layout import TEMPLATES, Template
from ecg.page import Page


def evaluate(
    pages: Sequence[str | Path] = (),
    output: str | Path = "out/evaluate",
    *,
    drawn: Sequence[str] = (),
    count: int = 24,
    seed: int = FIRST_SEED,
    data: str | Path | None = None,
    truth: str | Path | None = None,
    printed: Template | str | None = None,
    stress: str = "none",
    limit: int | None = None,
    device: str = "cpu",
    engine: str = "torch",
    digitizer: Digitize | None = None,
) -> dict[str, Any]:
    """Read every page under every stress and compare it with its truth.

    Writes report.json, report.md, pages.csv and worst.jpg, the pages with the lowest SNR.

    `truth` is a folder of recordings named like the pages (default: beside each page); `printed` says which template
    the pages print when the recordings are whole. `stress` is none, all, or names joined by commas. `limit` takes the
    first so many files of each folder. `drawn` names presets of which `count` fresh pages each are measured, too (see
    `drawn_pages`). Raises ValueError for options or truths that make no sense.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1 file a folder, got {limit}")
    if not pages and not drawn:
        raise ValueError("nothing to measure: name folders of pages (--pages) or presets to draw (--drawn)")
    conditions = _conditions(stress)
    files = [(Path(folder), path) for folder in pages for path in expand_images([folder])[:limit]]
    template = find_template(printed)
    elsewhere = index_folder(Path(truth)) if truth is not None else None
    truths = {path: _truth_of(path, elsewhere, template) for _, path in files}
    if truth is not None and not any(truths.values()):
        raise ValueError(f"{truth}: no recording is named like any of the pages ({files[0][1].stem}, ...)")
    digitize = digitizer or engines.load_digitizer(device, engine)
    rows: list[PageRow] = []
    worst = WorstPages()
    trials = chain.from_iterable([
        *(_measure_file(path, folder.name, truths[path], conditions, digitize) for folder, path in files),
        _measure_drawn(drawn_pages(drawn, count, seed, Path(data) if data else None), conditions, digitize),
    ])  # fmt: skip
    total = (len(files) + count * len(drawn)) * len(conditions)
    with tqdm(total=total, desc="evaluate", unit="page", file=sys.stderr) as bar:
        for trial in trials:
            rows.append(trial.row)
            _offer(worst, trial)
            bar.set_postfix_str(f"{trial.row.page} {trial.row.condition}")
            bar.update()
    report = summarise(rows)
    write_report(Path(output), report, rows)
    worst.save(Path(output) / "worst.jpg")
    return report


def _offer(worst: WorstPages, trial: Trial) -> None:
    row = trial.row
    if row.score:
        words = f"{row.folder}/{row.page}, {row.condition}: {row.status}, {row.score.snr_db:.1f} dB"
        worst.offer(row.score.snr_db, words, trial.page, trial.reading)


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
) -> Iterator[Trial]:
    """Only the first page of a file has a truth of its own; a file that cannot be opened counts as refused."""
    try:
        for page in iter_pages(path):
            for condition in conditions:
                yield try_page(page, folder, condition, truth if page.index == 0 else None, digitize)
    except PageError as error:
        yield from (unopened(path, str(error), folder, condition, truth) for condition in conditions)


def _measure_drawn(
    pages: Iterable[tuple[str, Page, Truth]], conditions: Sequence[str], digitize: Digitize
) -> Iterator[Trial]:
    for preset, page, truth in pages:
        for condition in conditions:
            yield try_page(page, preset, condition, truth, digitize)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m digitize.evaluate", description=__doc__)
    made.add_argument("--pages", metavar="FOLDER", nargs="+", default=(), help="folders of pages (or single pages)")
    made.add_argument(
        "--drawn", metavar="PRESET", nargs="+", default=(), help="also pages drawn anew: clean, scan, photo ..."
    )
    made.add_argument("--count", type=int, default=24, help="pages of each preset of --drawn (default: 24)")
    made.add_argument("--seed", type=int, default=FIRST_SEED, help=f"of --drawn (default: {FIRST_SEED})")
    made.add_argument("--data", default=os.environ.get("ECG_DATA"), help="recordings for --drawn (default: $ECG_DATA)")
    made.add_argument("--output", default="out/evaluate", help="folder for the report (default: out/evaluate)")
    made.add_argument("--truth", metavar="FOLDER", help="recordings named like the pages (default: beside each page)")
    made.add_argument("--printed", help=f"what the pages print of whole recordings: {', '.join(TEMPLATES)}, or YAML")
    made.add_argument("--stress", default="none", help=f"none, all, or some of {','.join(STRESSES)} (default: none)")
    made.add_argument("--limit", type=int, help="only the first so many files of each folder")
    add_device(made)
    add_engine(made, CLASSICAL)
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
