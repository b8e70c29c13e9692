"""Pages on disk: picture, truth and signal of every page, whole or absent; an interrupted run goes on where it was."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
from tqdm import tqdm

from ecg.formats import atomic_path, find_records, write, write_text
from ecg.reading import Reading
from simulate.job import MIXED, Job
from simulate.workers import spread

SYNTHETIC = "synthetic"
PICTURES = ("png", "jpg")
MANIFEST, SETTINGS = "manifest.csv", "settings.json"
_COLUMNS = (
    "stem", "index", "source", "start_s", "labels", "preset", "seed", "scene_seed", "difficulty",
    "layout", "mm_per_s", "mm_per_mv", "width_px", "height_px",
)  # fmt: skip
_LEFTOVER = re.compile(r"\.[0-9a-f]{12}\.(png|jpg|json|csv)")  # what a killed run was just writing

Row = dict[str, Any]


@dataclass
class Outcome:
    """How many pages were drawn now and how many were there before; `failures` name what was left out and why."""

    drawn: int = 0
    kept: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PageFolder:
    """Where `<stem>.png` (or .jpg) with `<stem>.json` and where `<stem>.csv` are; it may be one folder."""

    pages: Path
    signals: Path
    picture: str = PICTURES[0]

    def files(self, stem: str) -> tuple[Path, Path, Path]:
        """Signal, truth and picture, in the order in which they are written: with the picture a page is complete."""
        return self.signals / f"{stem}.csv", self.pages / f"{stem}.json", self.pages / f"{stem}.{self.picture}"

    def holds(self, stem: str) -> bool:
        return all(path.is_file() for path in self.files(stem))

    def save(self, stem: str, reading: Reading) -> None:
        """Write a page; every file is there whole or not at all."""
        signal, truth, picture = self.files(stem)
        reading = replace(reading, page=replace(reading.page, source=picture.name))
        write(reading.record, signal)
        reading.save_json(truth)
        bgr = cv2.cvtColor(reading.page.pixels, cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(f".{self.picture}", bgr)  # PNG at its quickest, JPEG at quality 95
        if not done:
            raise OSError(f"{picture}: the picture could not be encoded")
        with atomic_path(picture) as temporary:
            temporary.write_bytes(data.tobytes())


@dataclass(frozen=True)
class Writer:
    """Draws pages into a folder; what a worker process gets."""

    job: Job
    folder: PageFolder

    def __call__(self, task: tuple[int, Path | None]) -> Row | str:
        """The page's row of the manifest, or why there is no such page."""
        index, source = task
        stem = _stem(index, source)
        try:
            reading = self.job.page(index, source)
            self.folder.save(stem, reading)
        except (OSError, ValueError) as error:
            return f"{stem}: {error}"
        except Exception as error:  # one page that hits a bug must not cost the others
            return f"{stem}: an error inside the program, please report it ({type(error).__name__}: {error})"
        return _row(stem, reading.facts["simulated"], reading.layout.to_dict(), reading.page.size_px)


def write_pages(
    output: str | Path,
    *,
    records: Sequence[str | Path] = (SYNTHETIC,),
    count: int = 10,
    seed: int = 0,
    preset: str = MIXED,
    layout: str | None = None,
    difficulty: float = 1.0,
    long_side_px: int | None = None,
    csv_output: str | Path | None = None,
    picture: str = PICTURES[0],
    workers: int = 1,
) -> Outcome:
    """Fill a folder with `count` pages and a manifest; pages that are there already stay as they are.

    `records` are files, folders or patterns, or "synthetic". A recording that cannot be drawn is named and left out.
    Raises ValueError for options that make no sense and for a folder that was made with other options.
    """
    for name, value in (("count", count), ("workers", workers)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if picture not in PICTURES:
        raise ValueError(f"unknown picture {picture!r}: expected one of {', '.join(PICTURES)}")
    job = Job(seed, preset, layout, difficulty, long_side_px)
    found = find_sources(records)
    folder = PageFolder(Path(output), Path(csv_output or output), picture)
    _claim(folder, {**asdict(job), "picture": picture, "records": _fingerprint(found)})
    return _fill(Writer(job, folder), list(enumerate(job.sources(found, count))), workers)


def find_sources(records: Sequence[str | Path]) -> list[Path] | None:
    """All recordings meant by files, folders and patterns; None for "synthetic"."""
    if [str(path) for path in records] == [SYNTHETIC]:
        return None
    return find_records(records)


def _fill(writer: Writer, tasks: Sequence[tuple[int, Path | None]], workers: int) -> Outcome:
    folder = writer.folder
    there = {task: _stem(*task) for task in tasks if folder.holds(_stem(*task))}
    todo = [task for task in tasks if task not in there]
    rows, outcome = _known_rows(folder, there.values()), Outcome(kept=len(there))
    try:
        with tqdm(total=len(tasks), initial=len(there), desc="simulate", unit="page", file=sys.stderr) as bar:
            for result in spread(writer, todo, workers):
                bar.update()
                if isinstance(result, str):
                    outcome.failures.append(result)
                    bar.write(result, file=sys.stderr)
                else:
                    outcome.drawn += 1
                    rows.append(result)
    finally:
        _write_manifest(folder, rows)
    return outcome


def _stem(index: int, source: Path | None) -> str:
    return f"{source.stem if source else SYNTHETIC}-{index:06d}"


def _fingerprint(found: Sequence[Path] | None) -> str:
    """Tells another set of recordings apart, for with it the numbers of the pages mean other recordings."""
    if found is None:
        return SYNTHETIC
    names = "\n".join(path.name for path in found)
    return f"{len(found)} named {hashlib.sha256(names.encode()).hexdigest()[:12]}"


def _claim(folder: PageFolder, settings: Mapping[str, Any]) -> None:
    """Leave the settings in the folder, or refuse one that was made with others; clear away half-written files."""
    path = folder.pages / SETTINGS
    if folder.pages.is_file() or folder.signals.is_file():
        raise ValueError(f"{folder.pages}: is a file; expected a folder")
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else dict(settings)
    differ = [f"{k} {before.get(k)!r}, now {v!r}" for k, v in settings.items() if before.get(k) != v]
    if differ:
        raise ValueError(
            f"{folder.pages}: was made with {'; '.join(differ)}. Go on with the same, or name another folder"
        )
    write_text(path, json.dumps(settings, indent=1) + "\n")
    for place in {folder.pages, folder.signals}:
        for left in place.glob(".*") if place.is_dir() else ():
            if _LEFTOVER.fullmatch(left.name):
                left.unlink()


def _row(stem: str, facts: Mapping[str, Any], layout: Mapping[str, Any], size_px: Sequence[int]) -> Row:
    scales = {"layout": layout["name"], "mm_per_s": layout["mm_per_s"], "mm_per_mv": layout["mm_per_mv"]}
    row = {**facts, **scales, "stem": stem, "labels": ";".join(facts["labels"])}
    row |= {"width_px": size_px[0], "height_px": size_px[1]}
    return {name: row[name] for name in _COLUMNS}


def _known_rows(folder: PageFolder, stems: Iterable[str]) -> list[Row]:
    """The rows of pages that are there: from the manifest, or from the page's truth where the run was killed."""
    path = folder.pages / MANIFEST
    listed = list(csv.DictReader(path.open(newline="", encoding="utf-8"))) if path.is_file() else []
    rows: dict[str, Row] = {row["stem"]: row for row in listed if folder.holds(row["stem"])}
    for stem in stems:
        if stem not in rows:
            data = json.loads(folder.files(stem)[1].read_text(encoding="utf-8"))
            rows[stem] = _row(stem, data["simulated"], data["layout"], data["size_px"])
    return list(rows.values())


def _write_manifest(folder: PageFolder, rows: Iterable[Row]) -> None:
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(sorted(rows, key=lambda row: int(row["index"])))
    write_text(folder.pages / MANIFEST, text.getvalue())
