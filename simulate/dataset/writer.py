"""Many pages to disk, in one process or several; an interrupted run goes on where it was."""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Unpack

from tqdm import tqdm

from ecg.formats import find_records
from simulate.dataset.held_out import is_held_out
from simulate.dataset.job import Job, JobOptions
from simulate.dataset.page_folder import PICTURES, PageFolder, Row, row_of
from simulate.dataset.workers import spread

SYNTHETIC = "synthetic"


@dataclass
class Outcome:
    """How many pages were drawn now and how many were there before; `failures` name what was left out and why."""

    drawn: int = 0
    kept: int = 0
    failures: list[str] = field(default_factory=list)


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
        return row_of(stem, reading)


def write_pages(
    output: str | Path,
    *,
    records: Sequence[str | Path] = (SYNTHETIC,),
    count: int = 10,
    csv_output: str | Path | None = None,
    picture: str = PICTURES[0],
    workers: int = 1,
    **options: Unpack[JobOptions],
) -> Outcome:
    """Fill a folder with `count` pages and a manifest; pages that are there already stay as they are.

    `options` are a `Job`'s. `records` are files, folders or patterns, or "synthetic". A recording that cannot be drawn
    is named and left out.
    Raises ValueError for options that make no sense and for a folder that was made with other options.
    """
    for name, value in (("count", count), ("workers", workers)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if picture not in PICTURES:
        raise ValueError(f"unknown picture {picture!r}: expected one of {', '.join(PICTURES)}")
    job = Job(**options)
    found = find_sources(records)
    folder = PageFolder(Path(output), Path(csv_output or output), picture)
    folder.claim({**asdict(job), "picture": picture, "records": _fingerprint(found)})
    return _fill(Writer(job, folder), list(enumerate(job.sources(found, count))), workers)


def find_sources(records: Sequence[str | Path]) -> list[Path] | None:
    """All recordings meant by files, folders and patterns, but for those held out; None for "synthetic"."""
    if [str(path) for path in records] == [SYNTHETIC]:
        return None
    found = find_records(records)
    drawn = [path for path in found if not is_held_out(path)]
    if len(drawn) < len(found):
        names = ", ".join(path.stem for path in found if is_held_out(path))
        warnings.warn(f"left out, for they stand on the pages that measure the digitizer: {names}", stacklevel=2)
    if not drawn:
        raise ValueError(f"{found[0]}: is held out to measure the digitizer; name other recordings")
    return drawn


def _fill(writer: Writer, tasks: Sequence[tuple[int, Path | None]], workers: int) -> Outcome:
    folder = writer.folder
    todo = [task for task in tasks if not folder.holds(_stem(*task))]
    outcome = Outcome(kept=len(tasks) - len(todo))
    _list(folder, tasks)
    try:
        with tqdm(total=len(tasks), initial=outcome.kept, desc="simulate", unit="page", file=sys.stderr) as bar:
            for result in spread(writer, todo, workers):
                bar.update()
                if isinstance(result, str):
                    outcome.failures.append(result)
                    bar.write(result, file=sys.stderr)
                else:
                    outcome.drawn += 1
                    folder.add_to_manifest(result)
    finally:
        _list(folder, tasks)  # what is there, also a page that was just done when the run was interrupted
    return outcome


def _list(folder: PageFolder, tasks: Sequence[tuple[int, Path | None]]) -> None:
    """Write the manifest of the pages that are there."""
    folder.write_manifest(folder.rows(stem for stem in (_stem(*task) for task in tasks) if folder.holds(stem)))


def _stem(index: int, source: Path | None) -> str:
    return f"{source.stem if source else SYNTHETIC}-{index:06d}"


def _fingerprint(found: Sequence[Path] | None) -> str:
    """Tells another set of recordings apart, for with it the numbers of the pages mean other recordings."""
    if found is None:
        return SYNTHETIC
    names = "\n".join(path.name for path in found)
    return f"{len(found)} named {hashlib.sha256(names.encode()).hexdigest()[:12]}"
