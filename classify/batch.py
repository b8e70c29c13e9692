"""One recording or page after another, read and ready to be diagnosed: what infer and explain share."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from tqdm import tqdm

from classify.classifier import Classifier
from classify.diagnosis import Diagnosis
from digitize.batch import free_name, read_file
from digitize.engines import Digitize, load_digitizer
from digitize.page.open import expand_images
from digitize.stages import PageHints
from ecg.cli import ENGINES
from ecg.formats import find_records, read
from ecg.formats.rates import Rates, known_rates, rate_of
from ecg.reading import Reading
from ecg.record import Record


@dataclass(frozen=True, eq=False)
class Case:
    """A recording, or a page with its reading, and its free name for results; or the reason why it was not read."""

    name: str
    source: Path
    record: Record | None = None
    reading: Reading | None = None
    error: str | None = None

    def diagnose(self, classifier: Classifier) -> Diagnosis:
        if self.record is None:
            raise ValueError(self.error or f"{self.source}: nothing was read")
        return classifier.of_reading(self.reading) if self.reading else classifier(self.record)


class CaseOptions(TypedDict, total=False):
    """Pages or recordings by files, folders and patterns; the rest is what is known of the pages or of CSVs."""

    image: Sequence[str]
    record: Sequence[str]
    layout: str | None
    mm_per_s: float | None
    mm_per_mv: float | None
    device: str
    engine: str
    fs_hz: str | Rates
    unit: str | None


def cases(**options: Unpack[CaseOptions]) -> Iterator[Case]:
    """Every page or recording that the options mean.

    Raises ValueError for options that make no sense and for places without pages, OSError for those without recordings.
    """
    image = options.get("image") or ()
    if not image:
        return recordings(
            find_records(options.get("record") or ()), known_rates(options.get("fs_hz")), options.get("unit")
        )
    hints = PageHints.of(options.get("layout"), options.get("mm_per_s"), options.get("mm_per_mv"))
    digitize = load_digitizer(options.get("device", "cpu"), options.get("engine", ENGINES[0]))
    return pages(expand_images(image), hints, digitize)


def recordings(files: Sequence[Path], fs_hz: Rates = None, unit: str | None = None) -> Iterator[Case]:
    """Every recording of these files; `fs_hz` and `unit` are for CSVs that do not say them."""
    taken: set[str] = set()
    for path in _with_progress(files):
        name = free_name(path.stem, taken)
        taken.add(name)
        try:
            yield Case(name, path, read(path, rate_of(fs_hz, path), unit))
        except (OSError, ValueError) as error:
            reason = str(error)
            yield Case(name, path, error=reason if str(path) in reason else f"{path}: {reason}")


def pages(files: Sequence[Path], hints: PageHints, digitizer: Digitize) -> Iterator[Case]:
    """Every page of these pictures."""
    taken: set[str] = set()
    for path in _with_progress(files):
        for attempt in read_file(path, digitizer, hints):
            name = free_name(attempt.name, taken)
            taken.add(name)
            reading = attempt.reading
            yield Case(name, attempt.source, reading.record if reading else None, reading, attempt.error)


def _with_progress(files: Sequence[Path]) -> Iterable[Path]:
    return tqdm(files, desc="diagnose", unit="file", file=sys.stderr, disable=not sys.stderr.isatty())
