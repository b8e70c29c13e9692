"""One recording or page after another, read and ready to be diagnosed: what the command lines share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from classify.weights import DEFAULT
from ecg.cli import ENGINES, add_engine, add_page_options
from ecg.formats.options import add_csv_options

if TYPE_CHECKING:
    from classify.classifier import Classifier
    from classify.diagnosis import Diagnosis
    from digitize.engines import Digitize
    from digitize.stages import PageHints
    from ecg.reading import Reading
    from ecg.record import Record


@dataclass(frozen=True, eq=False)
class Case:
    """A recording, or a page with its reading, and its free name for results; or in words why it could not be read."""

    name: str
    source: Path
    record: Record | None = None
    reading: Reading | None = None
    error: str | None = None

    def diagnose(self, classifier: Classifier) -> Diagnosis:
        if self.record is None:
            raise ValueError(self.error or f"{self.source}: nothing was read")
        return classifier.of_reading(self.reading) if self.reading else classifier(self.record)


def recordings(files: Sequence[Path], fs_hz: float | None = None, unit: str | None = None) -> Iterator[Case]:
    """Every recording of these files; `fs_hz` and `unit` are for CSVs that do not say them."""
    from digitize.batch import free_name
    from ecg.formats import read

    taken: set[str] = set()
    for path in _with_progress(files):
        name = free_name(path.stem, taken)
        taken.add(name)
        try:
            yield Case(name, path, read(path, fs_hz, unit))
        except (OSError, ValueError) as error:
            yield Case(name, path, error=_words(path, error))


def pages(files: Sequence[Path], hints: PageHints, digitizer: Digitize) -> Iterator[Case]:
    """Every page of these pictures."""
    from digitize.batch import free_name, read_file

    taken: set[str] = set()
    for path in _with_progress(files):
        for attempt in read_file(path, digitizer, hints):
            name = free_name(attempt.name, taken)
            taken.add(name)
            reading = attempt.reading
            yield Case(name, attempt.source, reading.record if reading else None, reading, attempt.error)


def cases(
    image: Sequence[str],
    record: Sequence[str],
    layout: str | None = None,
    mm_per_s: float | None = None,
    mm_per_mv: float | None = None,
    device: str = "cpu",
    engine: str = ENGINES[0],
    fs_hz: float | None = None,
    unit: str | None = None,
) -> Iterator[Case]:
    """Pages or recordings that files, folders and patterns mean; the rest is what is known of the pages or of CSVs.

    Raises ValueError for options that make no sense and for places without pages, OSError for those without recordings.
    """
    from ecg.formats import find_records

    if not image:
        return recordings(find_records(record), fs_hz, unit)
    from digitize.engines import load_digitizer
    from digitize.page.open import expand_images
    from digitize.stages import PageHints

    hints, files = PageHints.of(layout, mm_per_s, mm_per_mv), expand_images(image)
    return pages(files, hints, load_digitizer(device, engine))


def add_case_options(parser: argparse.ArgumentParser) -> None:
    """What to diagnose, with which weights, and what is known of the pages or of CSVs."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--image", nargs="+", default=[], metavar="PATH", help="pages: files, folders or patterns")
    what.add_argument("--record", nargs="+", default=[], metavar="PATH", help="recordings (WFDB, CSV, JSON) or folders")
    parser.add_argument("--output", default="out", help="folder for the results (default: out)")
    parser.add_argument("--weights", default=DEFAULT, help="a .safetensors file with its .json beside it")
    add_page_options(parser)
    add_engine(parser)
    add_csv_options(parser)


def _with_progress(files: Sequence[Path]) -> Iterable[Path]:
    from tqdm import tqdm

    return tqdm(files, desc="diagnose", unit="file", file=sys.stderr, disable=not sys.stderr.isatty())


def _words(path: Path, error: Exception) -> str:
    text = str(error)
    return text if str(path) in text else f"{path}: {text}"
