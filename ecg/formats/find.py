"""From what a user names (files, folders, patterns) to the recordings meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from ecg.files import check_regular, files_below, is_pattern, matches
from ecg.formats import cpsc_struct, csv
from ecg.formats.fhir import REPORT_ENDING
from ecg.formats.table import FORMATS, head_of
from ecg.formats.wfdb_header import segments_of

_FIRST = (".hea", ".csv", ".json")  # in a folder, the first that is there stands for a record of that name
_SUFFIXES = (*_FIRST, *sorted({s for row in FORMATS if row.read for s in row.suffixes} - {*_FIRST, ".dat", ".mat"}))
_DOCUMENTS = tuple(suffix for row in FORMATS if not row.read for suffix in row.suffixes)
_BY_CONTENT = (".xml", ".json", ".txt", ".mat", "")  # other files end so, too


def find_records(paths: Iterable[str | Path], *, one_per_name: bool = True) -> list[Path]:
    """The files of all recordings meant by files, folders (searched to the bottom) and patterns.

    In a folder, files that differ in their suffix alone are one recording, unless `one_per_name` is false. Sorted, each
    once. A file that is named is kept even when it is missing, so that reading it can say so; tables, texts and XML in
    a folder that hold no signal are passed over, so are reports on recordings, and headers that another header names
    as its segments are no records of their own. Raises FileNotFoundError for a folder or pattern that has none.
    """
    found: set[Path] = set()
    for path in map(Path, paths):
        meant = list(_expand(path, one_per_name))
        if not meant:
            raise FileNotFoundError(f"{path}: no recording found (looked for {', '.join(_SUFFIXES)})")
        found.update(meant)
    return sorted(found)


def _expand(path: Path, one_per_name: bool) -> Iterator[Path]:
    if path.is_dir():
        yield from _in_folder(path, one_per_name)
    elif is_pattern(path):
        yield from _without_segments([record for match in matches(path) for record in _expand(match, one_per_name)])
    elif path.suffix.lower() in (".dat", ".mat"):
        yield path if cpsc_struct.recognises(head_of(path), path) else path.with_suffix(".hea")
    else:
        header = path.with_name(f"{path.name}.hea")  # WFDB tools name a record without its suffix
        yield header if header.is_file() else path


def _in_folder(folder: Path, one_per_name: bool) -> Iterator[Path]:
    """The recordings of a folder, those first that stand for others of their name."""
    by_name: dict[Path, Path] = {}
    for path in sorted(files_below(folder), key=_rank):
        if _is_record(path):
            by_name.setdefault(path.with_name(path.name.removesuffix(suffix_of(path))) if one_per_name else path, path)
    yield from _without_segments(by_name.values())


def _without_segments(found: Collection[Path]) -> list[Path]:
    """The records without those that the header of another names as its segments."""
    segments = {segment for path in found if path.suffix == ".hea" for segment in segments_of(path)}
    return [path for path in found if path not in segments]


def _rank(path: Path) -> tuple[int, str]:
    suffix = suffix_of(path)
    return _SUFFIXES.index(suffix) if suffix in _SUFFIXES else len(_SUFFIXES), str(path)


def suffix_of(path: Path) -> str:
    """The longest suffix of a format in which the name ends, or its last one."""
    name = path.name.lower()
    found = max((suffix for suffix in _SUFFIXES if name.endswith(suffix)), key=len, default="")
    return path.name[len(name) - len(found) :] if found else path.suffix


def _is_record(path: Path) -> bool:
    """Whether it holds a signal; what is named so and cannot be looked into is kept, so that reading it says why."""
    try:
        check_regular(path)
        return _holds_signal(path)
    except Exception:  # what stands in a damaged file makes the readers raise nearly anything
        return path.is_dir() or suffix_of(path).lower() in {*_SUFFIXES} - {*_BY_CONTENT}


def _holds_signal(path: Path) -> bool:
    suffix = path.suffix.lower()
    if path.name.lower().endswith((*_DOCUMENTS, REPORT_ENDING)):
        return False
    if suffix == ".csv" and csv.is_signal(path):
        return True
    if suffix in (*_BY_CONTENT, ".csv"):
        head = head_of(path)
        return any(row.recognises(head, path) for row in FORMATS if row.read)
    return suffix in _SUFFIXES
