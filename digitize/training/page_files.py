"""Pages to train on: finding them on disk, in the forms of several simulators, and opening them with every check."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitize.training.placed_pages import kit_reading, placed_reading
from ecg import read
from ecg.files import JsonMapping
from ecg.formats.rates import read_rates
from ecg.page import Page, traces_to_record
from ecg.reading import Reading

_PICTURES = (".png", ".jpg")
_NAMED = 3  # so many files are named in a message, the rest are counted
_ALIKE = 0.9  # least correlation of the drawn traces with the CSV's signal; a pair is above 0.99
_NUMBERED = re.compile(r"(.+)-\d{6}")  # how `simulate` names the pages of a recording
_SYNTHETIC = "synthetic"  # its hearts, each of which has one page


@dataclass(frozen=True)
class PageFiles:
    """Picture, signal and, where there is one, the truth of one page; `fs_hz` is the rate of a CSV that states none.

    Pages of one `record` show the same recording.
    """

    picture: Path
    truth: Path | None
    signal: Path
    record: str = ""
    fs_hz: float | None = None

    @property
    def paths(self) -> list[Path]:
        """All files that the page is made of."""
        wfdb = (".dat", ".mat") if self.signal.suffix == ".hea" else ()
        data = [path for suffix in wfdb if (path := self.signal.with_suffix(suffix)).is_file()]
        return [path for path in (self.picture, self.truth, self.signal, *data) if path]


def find_pages(sim_root: Path, csv_root: Path) -> tuple[list[PageFiles], list[Path]]:
    """The pages under `sim_root` with their signals, and the pictures that have neither truth nor signal.

    A signal lies under `csv_root` as its picture does under `sim_root`, directly in it, or in a folder of its id; the
    id is the picture's name, up to its last "-" or "_" where several pictures show one recording, or the name of its
    folder. The signal is a CSV or a WFDB record; rates of CSVs without times stand in a table `id,fs` beside them.
    Raises ValueError for a folder that is not there or holds no pages, a signal that is missing, and one that two
    simulated pages share.
    """
    for folder in (sim_root, csv_root):
        if not folder.is_dir():
            raise ValueError(f"{folder}: no such folder; expected what python -m simulate --output wrote")
    pictures = sorted(p for p in sim_root.rglob("*") if p.suffix.lower() in _PICTURES and not p.name.startswith("."))
    rates = _rates(sim_root, csv_root)
    pages = [page for p in pictures if (page := _page(p, sim_root, csv_root, rates))]
    if not pages:
        raise ValueError(
            f"{sim_root}: no pages; expected <stem>.png or .jpg with <stem>.json, as python -m simulate writes, or "
            f"pictures whose names or folders are those of recordings in {csv_root}"
        )
    _refuse_missing(pages, csv_root)
    _refuse_shared(pages)
    return pages, sorted(set(pictures) - {page.picture for page in pages})


def _page(picture: Path, sim_root: Path, csv_root: Path, rates: Mapping[str, float]) -> PageFiles | None:
    truth, place = picture.with_suffix(".json"), csv_root / picture.relative_to(sim_root).parent
    numbered = _NUMBERED.fullmatch(picture.stem) if truth.is_file() else None
    found = next(_signals(picture, csv_root, place), None)
    if not truth.is_file():
        return PageFiles(picture, None, found, found.stem, rates.get(found.stem)) if found else None
    if found is None or (numbered and found.stem != picture.stem):
        found = csv_root / f"{picture.stem}.csv"
    own = numbered is not None and numbered[1] != _SYNTHETIC
    return PageFiles(picture, truth, found, numbered[1] if numbered and own else found.stem, rates.get(found.stem))


def _signals(picture: Path, csv_root: Path, place: Path) -> Iterator[Path]:
    """The signals that a picture may show: by its name, the beginnings of its name, and its folder."""
    stem = picture.stem
    ids = dict.fromkeys((stem, stem.rpartition("-")[0], stem.rpartition("_")[0], picture.parent.name))
    for name in filter(None, ids):
        for folder in (place, csv_root, csv_root / name):
            yield from (path for suffix in (".csv", ".hea") if (path := folder / f"{name}{suffix}").is_file())


def _rates(*roots: Path) -> dict[str, float]:
    """The rates by id of all tables `id,fs` in these folders and beside them."""
    found: dict[str, float] = {}
    for folder in {place for root in roots for place in (root.resolve(), root.resolve().parent)}:
        for table in sorted(folder.glob("*.csv")):
            with table.open(encoding="utf-8-sig", errors="replace") as file:
                columns = {name.strip().lower() for name in file.readline().split(",")}
            if {"id", "fs"} <= columns:
                found |= read_rates(table)
    return found


def _refuse_missing(pages: Sequence[PageFiles], csv_root: Path) -> None:
    missing = [page.signal for page in pages if not page.signal.is_file()]
    if missing:
        raise ValueError(
            f"{csv_root}: {len(missing)} of {len(pages)} pages have no signal there ({shortly(missing)}); expected the "
            "CSVs that simulate wrote with the pages (--csv_root)"
        )


def _refuse_shared(pages: Sequence[PageFiles]) -> None:
    """Two simulated pages of one name; several pictures of one recording are meant."""
    first: dict[Path, PageFiles] = {}
    for page in pages:
        other = first.setdefault(page.signal, page)
        if other is not page and other.picture.stem == page.picture.stem:
            raise ValueError(
                f"{page.signal}: belongs to two pages of one name, {other.picture} and {page.picture}; rename one of "
                "them, or keep the signals in folders like those of the pages"
            )


def shortly(paths: Sequence[Path]) -> str:
    """The first names and how many more there are."""
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(path.name for path in paths[:_NAMED]) + more


def open_page(files: PageFiles) -> tuple[np.ndarray, Reading]:
    """Pixels (uint8 RGB) and truth of a page whose signal covers what is printed; ValueError names the wrong file."""
    try:
        pixels, reading = load_page(files.picture, files.signal, files.truth, files.fs_hz)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{files.truth}: not the truth of a page ({error}); simulate it again") from error
    _check_signal(files, reading)
    return pixels, reading


def load_page(
    picture: Path, signal: Path, truth: Path | None = None, fs_hz: float | None = None
) -> tuple[np.ndarray, Reading]:
    """Pixels and truth of one page on disk.

    The truth is our simulator's, ecg-image-kit's, or that of the shipped digitizer, which finds the place of a signal
    on a page that has none.
    """
    bgr = cv2.imread(str(picture), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError(f"{picture}: not a readable picture; simulate it again")
    if not signal.is_file():
        raise ValueError(
            f"{signal}: the signal of {picture.name} is missing; expected the CSV that simulate wrote with it"
        )
    page = Page(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), None, str(picture))
    beside = truth or picture.with_suffix(".json")
    record = read(str(signal), fs_hz)
    if not beside.is_file():
        return page.pixels, placed_reading(page, record, signal)
    data: JsonMapping = json.loads(beside.read_text(encoding="utf-8"))
    if "leads" in data and "layout" not in data:
        return page.pixels, kit_reading(page, record, data, beside)
    return page.pixels, Reading.from_dict(data, page, record)


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
