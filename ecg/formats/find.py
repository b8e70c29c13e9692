"""From what a user names (files, folders, patterns) to the recordings meant."""

from __future__ import annotations

import glob
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from ecg.formats import csv
from ecg.formats.wfdb_header import segments_of

SUFFIXES = (".hea", ".csv", ".json")  # in a folder, the first that is there stands for a record of that name


def find_records(paths: Iterable[str | Path]) -> list[Path]:
    """The header, CSV and JSON files of all recordings meant by files, folders (searched to the bottom) and patterns.

    Sorted, each once. A file that is named is kept even when it is missing, so that reading it can say so; tables
    and JSON in a folder that hold no signal are passed over. Raises FileNotFoundError for a folder or pattern
    that has none. Headers that another header in the same place names as its segments are no records of their own.
    """
    found: set[Path] = set()
    for path in map(Path, paths):
        matches = list(_expand(path))
        if not matches:
            raise FileNotFoundError(f"{path}: no recording found (looked for {', '.join(SUFFIXES)})")
        found.update(matches)
    return sorted(found)


def _expand(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from _in_folder(path)
    elif not path.exists() and glob.has_magic(str(path)):
        matches = [Path(match) for match in glob.glob(str(path), recursive=True)]
        yield from _without_segments([record for match in matches for record in _expand(match)])
    elif path.suffix.lower() in (".dat", ".mat"):
        yield path.with_suffix(".hea")
    else:
        header = path.with_name(f"{path.name}.hea")  # WFDB tools name a record without its suffix
        yield header if header.is_file() else path


def _in_folder(folder: Path) -> Iterator[Path]:
    by_name: dict[Path, Path] = {}
    for suffix in SUFFIXES:
        for path in folder.rglob(f"[!.]*{suffix}"):
            if _is_record(path):
                by_name.setdefault(path.with_suffix(""), path)
    yield from _without_segments(by_name.values())


def _without_segments(found: Collection[Path]) -> list[Path]:
    """The records without those that the header of another names as its segments."""
    segments = {segment for path in found if path.suffix == ".hea" for segment in segments_of(path)}
    return [path for path in found if path not in segments]


def _is_record(path: Path) -> bool:
    if path.suffix == ".csv":
        return csv.is_signal(path)
    return path.suffix == ".hea" or '"signal_mv"' in path.read_text(encoding="utf-8", errors="replace")
