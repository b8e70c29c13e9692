"""A task's recordings as arrays: read once, then from a cache that knows the content of every file."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from classify.datasets.arrays import Arrays, from_records
from classify.datasets.example import Example
from classify.datasets.readers import examples
from classify.datasets.simulated import simulated
from classify.datasets.sources import SOURCES, load_example, load_recording
from classify.recipe import Recipe
from classify.tasks import Task
from ecg.files import InputError
from ecg.fit.cache import GB, DiskCache, key_of
from ecg.record import Record

# To be raised with every change of what is made of a recording (reading, resampling, features): a cache of older code
# is then not used.
CACHE_VERSION = 7
CACHE_LIMIT_BYTES = 50 * GB  # 400,000 recordings of ten seconds and twelve leads at 125 Hz fill half of it
_LEFT_OUT = "left_out"


def load_arrays(recipe: Recipe, data: Path | None) -> Arrays:
    """The task's recordings on the recipe's time grid, from a folder or (None) simulated."""
    task, settings = recipe.asked, recipe.data
    if data is not None:
        cache = Path(settings.cache)
        whole = _recorded(task, data, settings.fs_hz, cache, settings.base_path, settings.records)
        return _of_known_people(whole) if settings.known_people else whole
    count = settings.simulated
    print(f"no --data given: training on {count} simulated records", file=sys.stderr)
    return from_records(simulated(count, recipe.fit.seed), task, settings.fs_hz)


@lru_cache(maxsize=1)  # a comparison trains many networks on the same recordings
def _recorded(task: Task, data: Path, fs_hz: float, cache: Path, base_path: str, records: str) -> Arrays:
    return collect(task, examples(task, data, None, base_path, records), fs_hz, cache)


@lru_cache(maxsize=1)
def _of_known_people(arrays: Arrays) -> Arrays:
    """The examples of people whose age and sex are known."""
    known = np.isfinite(arrays.demographics).all(1)
    if not known.any():
        raise InputError("age and sex of nobody are known; set data.known_people to false")
    return arrays.where(known)


def collect(task: Task, found: Sequence[Example], fs_hz: float, cache: Path) -> Arrays:
    """Read every example, or take what an earlier run read from the same files.

    One that cannot be read is named on stderr and left out, also when the rest comes from the cache.
    """
    disk, key = DiskCache(cache, CACHE_LIMIT_BYTES), _key(task, found, fs_hz)
    stored = disk.get(key)
    if stored is not None:
        _name_left_out(stored.pop(_LEFT_OUT).tolist())
        return Arrays.from_dict(stored)
    if found and not any(example.path.is_file() for example in found):
        raise InputError(
            f"{found[0].path}: no such recording, nor any of the other {len(found) - 1}; if they lie in another folder "
            "than their table, name it with --base_path"
        )
    left_out: list[str] = []
    arrays = from_records(_readable(found, left_out), task, fs_hz)
    _name_left_out(left_out)
    disk.put(key, {**arrays.to_dict(), _LEFT_OUT: np.array(left_out, str)})
    return arrays


def _key(task: Task, found: Sequence[Example], fs_hz: float) -> str:
    """Another key for other content of any file, for a file that is missing, and for other examples or another grid."""
    wanted = [_identity(example, task) for example in found]
    paths = list(dict.fromkeys(example.path for example in found))
    extra = {path for source in {example.source for example in found} & set(SOURCES) for path in SOURCES[source].needs}
    preparation = {
        "version": CACHE_VERSION,
        "task": [task.name, *task.groups, "leads", *task.leads, "features", *task.features],
        "grid": [fs_hz, task.seconds],
        "examples": wanted,
        "missing": [str(path) for path in paths if not path.is_file()],
    }
    return key_of([*_files(paths), *sorted(extra)], preparation)


def _identity(example: Example, task: Task) -> list[object]:
    """All that the arrays say of an example, apart from the content of its file."""
    labels = [sorted(example.found.get(group) or ()) for group in task.groups]
    assessed = [example.found.get(group) is not None for group in task.groups]
    known = [example.age_years, example.male, example.in_mv, example.window_s, example.measured]
    place = [str(example.path), example.source, example.id, example.patient, example.part]
    return [*place, labels, assessed, repr(known)]


def _files(paths: Sequence[Path]) -> list[Path]:
    """The recordings' files: those of the same name (.hea with .dat or .mat), and those that a header names."""
    by_folder: dict[Path, set[str]] = defaultdict(set)
    for path in paths:
        by_folder[path.parent] |= {path.stem, *_named_in(path)}
    return [
        file
        for folder, stems in sorted(by_folder.items())
        if folder.is_dir()
        for file in sorted(folder.iterdir())
        if file.stem in stems and file.is_file()
    ]


def _named_in(path: Path) -> set[str]:
    """The stems of the signal files, or of the segments, that a WFDB header names."""
    if path.suffix != ".hea" or not path.is_file():
        return set()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {Path(line.split()[0]).stem for line in lines[1:] if line.strip() and not line.startswith("#")}


def _readable(found: Sequence[Example], left_out: list[str]) -> Iterator[tuple[Record, Example]]:
    """The recordings that can be read; of the others, path and reason go to `left_out`."""
    load_recording.cache_clear()  # its file may have changed since
    for example in tqdm(found, desc="reading records", file=sys.stderr, disable=not sys.stderr.isatty()):
        try:
            yield load_example(example), example
        except (OSError, ValueError) as error:
            left_out.append(f"{example.path}: left out: {error}")


def _name_left_out(lines: Sequence[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)
