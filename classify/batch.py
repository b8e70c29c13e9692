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
from classify.signal.preprocessing import DURATION_S
from digitize.batch import read_file
from digitize.engines import Digitize, load_digitizer
from digitize.output import DEFAULT_FORMATS, OutputFolder, PageNames, Target, guarding, reading_endings
from digitize.page.open import expand_images
from digitize.stages import PageHints
from ecg.cli import ENGINES
from ecg.files import check_regular, named
from ecg.formats import find_records, open_recording
from ecg.formats.rates import Rates, known_rates, rate_of
from ecg.page import page_place
from ecg.reading import Reading
from ecg.record import Record, Recording


@dataclass(frozen=True, eq=False)
class Case:
    """A recording, or a page with its reading, and its free name for results; or the reason why it was not read."""

    name: str
    source: Path
    record: Recording | None = None
    reading: Reading | None = None
    error: str | None = None
    index: int = 0

    @property
    def place(self) -> str:
        """The file, with the page's number where it is not the first."""
        return page_place(self.source, self.index)

    def diagnose(self, classifier: Classifier, stride_s: float = DURATION_S) -> Diagnosis:
        if self.record is None:
            raise ValueError(self.error or f"{self.source}: nothing was read")
        if self.reading:
            return classifier.of_reading(self.reading)
        return classifier(self.record, stride_s=stride_s)

    def first(self, seconds: float | None = None) -> Record:
        """The recording's first seconds, or all of it."""
        if self.record is None:
            raise ValueError(self.error or f"{self.source}: nothing was read")
        if seconds is None and isinstance(self.record, Record):
            return self.record
        return self.record.crop(self.record.start_s, seconds or self.record.duration_s)


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
    overwrite: bool
    formats: Sequence[str]


def cases(
    output: str | Path, endings: Sequence[str], summaries: Sequence[str] = (), **options: Unpack[CaseOptions]
) -> Iterator[Case]:
    """Every page or recording that the options mean, each under a name that is free for its files in the output.

    `endings` are those of the files that are written for each case, beside those of a page's reading; `summaries` are
    the names of files that are written for all. Before anything is read, raises ValueError for options that make no
    sense and for places without pages, OSError for those without recordings, and InputError where nothing can be
    written or results of an earlier run would be replaced without `overwrite`.
    """
    hints = PageHints.of(options.get("layout"), options.get("mm_per_s"), options.get("mm_per_mv"))
    image = options.get("image") or ()
    files = expand_images(image) if image else find_records(options.get("record") or ())
    folder = OutputFolder(output, files, options.get("overwrite", False))
    folder.reserve(summaries)
    of_reading = reading_endings(options.get("formats", DEFAULT_FORMATS)) if image else ()
    target = PageNames(files, folder, (*of_reading, *endings))
    if not image:
        return recordings(files, target, known_rates(options.get("fs_hz")), options.get("unit"))
    digitize = load_digitizer(options.get("device", "cpu"), options.get("engine", ENGINES[0]))
    return pages(files, hints, guarding(target, digitize), target)


def recordings(files: Sequence[Path], target: Target, fs_hz: Rates = None, unit: str | None = None) -> Iterator[Case]:
    """Every recording of these files; `fs_hz` and `unit` are for CSVs that do not say them."""
    for path in _with_progress(files):
        name = target.of(path, 0)
        try:
            check_regular(path)
            yield Case(name, path.absolute(), open_recording(path, rate_of(fs_hz, path), unit))
        except Exception as error:  # one file that hits a bug must not cost the rest of the batch
            yield Case(name, path.absolute(), error=str(named(error, path)))


def pages(files: Sequence[Path], hints: PageHints, digitizer: Digitize, target: Target) -> Iterator[Case]:
    """Every page of these pictures."""
    for path in _with_progress(files):
        for attempt in read_file(path, digitizer, hints):
            name, reading = target.of(attempt.source, attempt.index), attempt.reading
            yield Case(
                name, path.absolute(), reading.record if reading else None, reading, attempt.error, attempt.index
            )


def _with_progress(files: Sequence[Path]) -> Iterable[Path]:
    return tqdm(files, desc="diagnose", unit="file", file=sys.stderr, disable=not sys.stderr.isatty())
