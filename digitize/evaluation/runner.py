"""Measure the digitizer on pages whose signal is known, clean or under stress; pages without truth are only read."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from tqdm import tqdm

from digitize import engines
from digitize.engines import Digitize
from digitize.evaluation.checkpoint_review import review, with_checkpoint
from digitize.evaluation.ground_truth import Truth, find_truth, index_folder, load_truth
from digitize.evaluation.page_row import CLEAN, PageRow
from digitize.evaluation.page_trial import Trial, try_page, unopened
from digitize.evaluation.perturbations import STRESSES
from digitize.evaluation.report import write_report
from digitize.evaluation.report_types import Report, Review
from digitize.evaluation.simulated_pages import FIRST_SEED, drawn_pages
from digitize.evaluation.summary import summarise
from digitize.evaluation.worst_pages import WorstPages
from digitize.page.open import PageError, expand_images, iter_pages
from digitize.stages import find_template
from ecg.layout import Template
from ecg.page import Page


def evaluate(
    pages: Sequence[str | Path] = (),
    output: str | Path = Path("out/evaluate"),
    *,
    presets: Sequence[str] = (),
    count: int = 24,
    seed: int | None = None,
    data: Path | None = None,
    truth: str | Path | None = None,
    printed: Template | str | None = None,
    stress: str = "none",
    limit: int | None = None,
    checkpoint: Path | None = None,
    device: str = "cpu",
    engine: str = "torch",
    digitizer: Digitize | None = None,
) -> Report:
    """Read every page under every stress and compare it with its truth.

    Writes report.json, report.md, pages.csv and worst.jpg, the pages with the lowest SNR.

    `truth` is a folder of recordings named like the pages (default: beside each page); `printed` says which template
    the pages print when the recordings are whole. `stress` is none, all, or names joined by commas. `limit` takes the
    first so many files of each folder. `presets` are drawn, `count` fresh pages of each (see `drawn_pages`). With
    `checkpoint` the network of a run is judged on held-out pages first, and then reads in place of the shipped one.
    Raises ValueError for options or truths that make no sense.
    """
    if not pages and not presets and checkpoint is None:
        raise ValueError("nothing to measure: name folders (--pages), presets to draw (--preset) or a --checkpoint")
    conditions = _conditions(stress)
    files = _files(pages, limit)
    truths = _truths([path for _, path in files], truth, find_template(printed))
    judged = review(checkpoint, Path(output), data, device) if checkpoint else None
    if not files and not presets:
        return _written([], WorstPages(), Path(output), judged)
    digitize = digitizer or engines.load_digitizer(device, engine)
    if checkpoint:
        digitize = with_checkpoint(digitize, checkpoint, Path(output), device)
    drawn = drawn_pages(presets, count, FIRST_SEED if seed is None else seed, data)
    trials = chain.from_iterable([
        *(_measure_file(path, folder, truths[path], conditions, digitize) for folder, path in files),
        _measure_drawn(drawn, conditions, digitize),
    ])  # fmt: skip
    rows, worst = _collected(trials, (len(files) + count * len(presets)) * len(conditions))
    return _written(rows, worst, Path(output), judged)


def _collected(trials: Iterable[Trial], total: int) -> tuple[list[PageRow], WorstPages]:
    """What is kept of every trial, and small pictures of those with the lowest SNR; no page stays in memory."""
    rows: list[PageRow] = []
    worst = WorstPages()
    with tqdm(total=total, desc="evaluate", unit="page", file=sys.stderr) as bar:
        for trial in trials:
            rows.append(trial.row)
            _offer(worst, trial)
            bar.set_postfix_str(f"{trial.row.page} {trial.row.condition}")
            bar.update()
    return rows, worst


def _files(pages: Sequence[str | Path], limit: int | None) -> list[tuple[str, Path]]:
    """(folder's name, file) of the pages to read."""
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1 file a folder, got {limit}")
    return [(Path(folder).name, path) for folder in pages for path in expand_images([folder])[:limit]]


def _truths(files: Sequence[Path], folder: str | Path | None, printed: Template | None) -> dict[Path, Truth | None]:
    elsewhere = index_folder(Path(folder)) if folder is not None else None
    truths = {path: _truth_of(path, elsewhere, printed) for path in files}
    if folder is not None and not any(truths.values()):
        raise ValueError(
            f"{folder}: no recording is named like any of the pages ({', '.join(p.stem for p in files[:1])}, ...)"
        )
    return truths


def _written(rows: Sequence[PageRow], worst: WorstPages, output: Path, judged: Review | None) -> Report:
    report = summarise(rows)
    if judged:
        report["checkpoint"] = judged
    write_report(output, report, rows)
    worst.save(output / "worst.jpg")
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
