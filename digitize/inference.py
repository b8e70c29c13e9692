"""Every page of pictures read, and what was read written: signal, WFDB record, JSON and an overlay."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from digitize import engines
from digitize.batch import Attempt, describe, free_name, read_file, write_reading
from digitize.corrections import check_names, correcting, load_corrections
from digitize.engines import Digitize
from digitize.grid.corners import Corners
from digitize.page.open import expand_images
from digitize.stages import PageHints
from ecg import formats
from ecg.layout import Template
from ecg.notes import Note
from ecg.reading import Reading

OUTPUT_SUFFIXES = (".csv", ".hea", ".json")  # an output that ends so is one file for one page


@dataclass(frozen=True)
class PageResult:
    """What became of one page: the files written and a line about it, or the error in words."""

    name: str
    source: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    summary: str = ""
    notes: tuple[Note, ...] = ()
    error: str | None = None


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
    digitizer: Digitize | None = None,
) -> list[PageResult]:
    """Read every page of the images (files, folders, patterns) and write what was read; a bad page does not stop it.

    `output` is a folder, or one .csv, .hea or .json file for one page. `layout` is a template, its name or a YAML file.
    `corners_px` are as a `Digitizer` takes them, the same for every page. `corrections` is a file as
    `digitize.corrections` describes it.
    Raises ValueError for options that make no sense and for folders or patterns without pictures.
    """
    paths = expand_images(images)
    target = _target(Path(output), paths)
    hints = PageHints.of(layout, mm_per_s, mm_per_mv, corners_px)
    fixes = load_corrections(corrections) if corrections else {}
    check_names(fixes, paths)
    digitize = correcting(digitizer or engines.load_digitizer(device, engine), fixes)
    results: list[PageResult] = []
    with tqdm(paths, desc="digitize", unit="file", file=sys.stderr) as bar:
        for path in bar:
            bar.set_postfix_str(path.name)
            for attempt in read_file(path, digitize, hints):
                result = _write(attempt, target, {r.name for r in results})
                results.append(result)
                if result.error:
                    bar.write(result.error, file=sys.stderr)
    return results


def _target(output: Path, paths: Sequence[Path]) -> Path:
    """The output, once it is known that it can hold the results."""
    suffix = output.suffix.lower()
    blocked = next((place for place in output.parents if place.is_file()), None)
    if blocked or (output.is_file() and not suffix):
        raise ValueError(
            f"{blocked or output}: is a file; expected a folder, or a name that ends in {_or(OUTPUT_SUFFIXES)}"
        )
    if output.is_dir() or not suffix:
        return output
    if suffix not in OUTPUT_SUFFIXES:
        raise ValueError(f"{output}: cannot write {suffix}; expected {_or(OUTPUT_SUFFIXES)}, or a folder")
    if len(paths) > 1:
        raise ValueError(f"{output}: is one file, but {len(paths)} pictures were given; name a folder instead")
    return output


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _write(attempt: Attempt, target: Path, taken: set[str]) -> PageResult:
    name = free_name(attempt.name, taken)
    result = PageResult(name, attempt.source, error=attempt.error)
    if attempt.reading is None:
        return result
    try:
        files = _write_to(attempt.reading, target, name)
    except (OSError, ValueError) as error:
        return replace(result, error=f"{attempt.source}: read, but not written ({error})")
    summary = f"{describe(attempt.reading)}, {attempt.seconds:.1f} s"
    return replace(result, files=files, summary=summary, notes=attempt.reading.notes)


def _write_to(reading: Reading, target: Path, name: str) -> dict[str, Path]:
    if target.is_dir() or not target.suffix:
        return write_reading(reading, target, name)
    if reading.page.index > 0:
        raise ValueError(f"{target} holds one page; name a folder to get page {reading.page.index + 1} too")
    if target.suffix.lower() == ".json":
        reading.save_json(target)
    else:
        formats.write(reading.record, target)
    return {target.suffix.lower()[1:]: target}


def report(results: Sequence[PageResult]) -> int:
    """Print a line for each page that was read, and how many were; 1 when one failed, else 0."""
    for result in results:
        if not result.error:
            print(f"{result.name}: {result.summary} -> {', '.join(str(path) for path in result.files.values())}")
            print(*(f"  note: {note.text}\n" for note in result.notes), sep="", end="")
    failed = sum(result.error is not None for result in results)
    print(f"{len(results) - failed} of {len(results)} pages read", file=sys.stderr)
    return int(failed > 0)
