"""Every page of pictures read, and what was read written: signal, WFDB record, JSON and an overlay."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from digitize import engines
from digitize.batch import Attempt, describe, read_file
from digitize.corrections import Correction, PageKey, by_page, correcting, in_words, load_corrections, unmet
from digitize.engines import Digitize
from digitize.grid.corners import Corners
from digitize.join import PagePart, joined
from digitize.output import DEFAULT_FORMATS, OneFile, OutputFolder, PageNames, Target, guarding, is_folder
from digitize.page.open import expand_images
from digitize.stages import PageHints
from ecg.files import InputError, named
from ecg.formats.table import FORMATS
from ecg.layout import Template
from ecg.notes import Note
from ecg.page import page_place

# An output that ends so is one file for one page.
OUTPUT_SUFFIXES = tuple(dict.fromkeys(row.endings[0] for row in FORMATS if row.write))


@dataclass(frozen=True)
class PageResult:
    """What became of one page, or of all of them joined: the files and a line about it, or the error and its code."""

    name: str
    source: Path
    index: int = 0
    files: Mapping[str, Path] = field(default_factory=dict)
    summary: str = ""
    notes: tuple[Note, ...] = ()
    error: str | None = None
    code: str = ""
    is_joined: bool = False


Tell = Callable[[PageResult], None]


def infer(
    images: Sequence[str | Path],
    output: str | Path = Path("out"),
    *,
    layout: Template | str | None = None,
    mm_per_s: float | None = None,
    mm_per_mv: float | None = None,
    corners_px: Corners | None = None,
    corrections: str | Path | None = None,
    device: str = "cpu",
    engine: str = "torch",
    overwrite: bool = False,
    join: bool = False,
    formats: Sequence[str] = DEFAULT_FORMATS,
    digitizer: Digitize | None = None,
    tell: Tell = lambda result: None,
) -> list[PageResult]:
    """Read every page of the images (files, folders, patterns) and write what was read; a bad page does not stop it.

    `output` is a folder, or one .csv, .hea, .json, .dcm ... file for one page; `formats` are those of the signal in a
    folder. `layout` is a template, its name or a YAML file. `corners_px` are as a `Digitizer` takes them, the same for
    every page. `corrections` is a file as `digitize.corrections` describes it. With `join` the pages are one recording
    that goes on from page to page, which is written beside them. `tell` gets every result as it comes.
    Raises ValueError for options that make no sense and for folders or patterns without pictures, InputError where
    results of an earlier run would be replaced without `overwrite` or nothing can be written.
    """
    hints = PageHints.of(layout, mm_per_s, mm_per_mv, corners_px)
    paths = expand_images(images)
    target = _target(Path(output), paths, overwrite, formats)
    fixes = by_page(load_corrections(corrections), target.names) if corrections else {}
    joining = _Joining(target, paths[0]) if join else None
    digitize = guarding(target, correcting(digitizer or engines.load_digitizer(device, engine), fixes))
    results: list[PageResult] = []
    with tqdm(paths, desc="digitize", unit="file", file=sys.stderr) as bar:
        for result in _read(bar, digitize, hints, target, fixes, joining):
            results.append(result)
            with tqdm.external_write_mode(sys.stderr):
                tell(result)
    return results


class _Joining:
    """The pages of one recording as they come; only their signals are kept."""

    def __init__(self, target: Target, source: Path) -> None:
        """Raises ValueError where one file is to hold the result, InputError where it may not be written."""
        if not isinstance(target, PageNames):
            raise ValueError("joined pages go into a folder, beside those of each page: name one as --output")
        self._target, self._source, self._parts = target, source, list[PagePart]()
        self._name = target.claim_joined()

    def take(self, attempt: Attempt) -> None:
        place, reading = page_place(attempt.source, attempt.index), attempt.reading
        self._parts.append(PagePart(place, reading.record, reading.layout) if reading else PagePart(place))

    def result(self) -> PageResult:
        """The recording, written, or why there is none."""
        result = PageResult(self._name, self._source, is_joined=True)
        try:
            record = joined(self._parts)
            files = self._target.write_joined(record, self._name)
        except (InputError, OSError) as error:
            found = named(error, self._source)
            return replace(result, error=str(found), code=found.code)
        return replace(result, files=files, summary=f"{len(self._parts)} pages joined, {record.duration_s:g} s")


def _read(
    files: tqdm[Path],
    digitize: Digitize,
    hints: PageHints,
    target: Target,
    fixes: Mapping[PageKey, Correction],
    joining: _Joining | None,
) -> Iterator[PageResult]:
    pages: dict[str, int] = {}
    for path in files:
        files.set_postfix_str(path.name)
        for attempt in read_file(path, digitize, hints):
            if attempt.opened:
                pages[str(path.absolute())] = attempt.index + 1
            else:
                pages.pop(str(path.absolute()), None)
            if joining:
                joining.take(attempt)
            yield _write(attempt, target)
    if joining:
        yield joining.result()
    for key in unmet(fixes, pages):
        text = f"{in_words(key)}: there is a correction of this page, but the file has only {pages[key[0]]}"
        yield PageResult(target.of(*key), Path(key[0]), key[1], error=text, code="correction-unmet")


def _target(output: Path, paths: Sequence[Path], overwrite: bool, formats: Sequence[str]) -> Target:
    """The output, once it is known that it can hold the results."""
    if is_folder(output):
        return PageNames(paths, OutputFolder(output, paths, overwrite), formats=formats)
    suffix = output.suffix.lower()
    if suffix not in OUTPUT_SUFFIXES:
        raise ValueError(f"{output}: cannot write {suffix}; expected {_or(OUTPUT_SUFFIXES)}, or a folder")
    if len(paths) > 1:
        raise ValueError(f"{output}: is one file, but {len(paths)} pictures were given; name a folder instead")
    return OneFile(paths[0], output, overwrite)


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _write(attempt: Attempt, target: Target) -> PageResult:
    name = target.of(attempt.source, attempt.index)
    result = PageResult(name, attempt.source, attempt.index, error=attempt.error, code=attempt.code)
    if attempt.reading is None:
        return result
    try:
        files = target.write(attempt.reading, result.name)
    except Exception as error:  # what one reading cannot be written as must not cost the rest of the batch
        found = named(error, attempt.reading.page.place)
        return replace(result, error=f"{found} (read, but not written)", code=found.code)
    summary = f"{describe(attempt.reading)}, {attempt.seconds:.1f} s"
    return replace(result, files=files, summary=summary, notes=attempt.reading.notes)


def report_line(result: PageResult) -> None:
    """Print what became of a page at once: where it comes from, what was read and its notes; an error to stderr."""
    if result.error:
        print(result.error, file=sys.stderr, flush=True)
        return
    source = page_place(result.source, result.index)
    files = ", ".join(str(path) for path in result.files.values())
    lines = [f"{result.name}: {result.summary} <- {source} -> {files}"]
    print("\n".join([*lines, *(f"  note: {note.text}" for note in result.notes)]), flush=True)


def report_count(results: Sequence[PageResult]) -> int:
    """Print how many pages were read; 1 when one failed, else 0."""
    pages = [result for result in results if not result.is_joined]
    read = sum(result.error is None for result in pages)
    print(f"{read} of {len(pages)} pages read", file=sys.stderr)
    return int(any(result.error for result in results))
