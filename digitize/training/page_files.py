"""Simulated pages on disk: finding them, and opening them with every check that training relies on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ecg import read
from ecg.page import Page, traces_to_record
from ecg.reading import Reading

_PICTURES = (".png", ".jpg")
_NAMED = 3  # so many files are named in a message, the rest are counted
_ALIKE = 0.9  # least correlation of the drawn traces with the CSV's signal; a pair is above 0.99


@dataclass(frozen=True)
class PageFiles:
    """Picture, truth and signal of one page."""

    picture: Path
    truth: Path
    signal: Path


def find_pages(sim_root: Path, csv_root: Path) -> tuple[list[PageFiles], list[Path]]:
    """The pages under `sim_root` with their signals, and the pictures that have no truth beside them.

    A signal lies under `csv_root` as its picture does under `sim_root`, or directly in it. Raises ValueError for a
    folder that is not there or holds no pages, a signal that is missing, and one that two pages share.
    """
    for folder in (sim_root, csv_root):
        if not folder.is_dir():
            raise ValueError(f"{folder}: no such folder; expected what python -m simulate --output wrote")
    pictures = sorted(p for p in sim_root.rglob("*") if p.suffix in _PICTURES and not p.name.startswith("."))
    found = [p for p in pictures if p.with_suffix(".json").is_file()]
    if not found:
        raise ValueError(
            f"{sim_root}: no pages; expected <stem>.png or .jpg with <stem>.json, as python -m simulate writes"
        )
    pages = [PageFiles(p, p.with_suffix(".json"), _signal_of(p, sim_root, csv_root)) for p in found]
    _refuse_missing(pages, csv_root)
    _refuse_shared(pages)
    return pages, [p for p in pictures if p not in set(found)]


def _signal_of(picture: Path, sim_root: Path, csv_root: Path) -> Path:
    alike = csv_root / picture.relative_to(sim_root).with_suffix(".csv")
    return alike if alike.is_file() else csv_root / f"{picture.stem}.csv"


def _refuse_missing(pages: Sequence[PageFiles], csv_root: Path) -> None:
    missing = [page.signal for page in pages if not page.signal.is_file()]
    if missing:
        raise ValueError(
            f"{csv_root}: {len(missing)} of {len(pages)} pages have no signal there ({shortly(missing)}); expected the "
            "CSVs that simulate wrote with the pages (--csv_root)"
        )


def _refuse_shared(pages: Sequence[PageFiles]) -> None:
    first: dict[Path, Path] = {}
    for page in pages:
        other = first.setdefault(page.signal, page.picture)
        if other != page.picture:
            raise ValueError(
                f"{page.signal}: belongs to two pages of one name, {other} and {page.picture}; rename one of them, or "
                "keep the signals in folders like those of the pages"
            )


def shortly(paths: Sequence[Path]) -> str:
    """The first names and how many more there are."""
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(path.name for path in paths[:_NAMED]) + more


def open_page(files: PageFiles) -> tuple[np.ndarray, Reading]:
    """Pixels (uint8 RGB) and truth of a page whose signal covers what is printed; ValueError names the wrong file."""
    try:
        pixels, reading = load_page(files.picture, files.signal)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{files.truth}: not the truth of a page ({error}); simulate it again") from error
    _check_signal(files, reading)
    return pixels, reading


def load_page(picture: Path, signal: Path) -> tuple[np.ndarray, Reading]:
    """Pixels and truth of one simulated page on disk."""
    bgr = cv2.imread(str(picture), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError(f"{picture}: not a readable picture; simulate it again")
    if not signal.is_file():
        raise ValueError(
            f"{signal}: the signal of {picture.name} is missing; expected the CSV that simulate wrote with it"
        )
    page = Page(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), None, str(picture))
    data = json.loads(picture.with_suffix(".json").read_text())
    return page.pixels, Reading.from_dict(data, page, read(str(signal)))


def _check_signal(files: PageFiles, reading: Reading) -> None:
    record, boxes = reading.record, reading.layout.boxes
    absent = sorted({box.lead.removeprefix("-") for box in boxes} - set(record.leads))
    if absent:
        raise ValueError(f"{files.signal}: the page prints {', '.join(absent)}, but there is no such column")
    end_s, printed_s = record.start_s + record.duration_s, max(box.t1_s for box in boxes)
    if end_s < printed_s - 1 / record.fs_hz:
        raise ValueError(f"{files.signal}: ends at {end_s:.2f} s, but the page prints until {printed_s:.2f} s")
    drawn = traces_to_record(reading.traces, reading.geometry, reading.layout, record.fs_hz)
    n = min(drawn.signal_mv.shape[1], record.signal_mv.shape[1])
    given_mv = record.select().signal_mv[:, :n]
    both = np.isfinite(given_mv) & np.isfinite(drawn.signal_mv[:, :n])
    r = np.corrcoef(given_mv[both], drawn.signal_mv[:, :n][both])[0, 1] if both.sum() > 1 else np.nan
    if not r >= _ALIKE:
        raise ValueError(
            f"{files.signal}: not the signal that {files.picture.name} shows (correlation {r:.2f}); are they a pair?"
        )
