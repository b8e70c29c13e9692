"""A page becomes a row: what a reading process keeps between pages, and what it does with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from archive.reference import PageReference
from archive.row import FAILED, READ, REFUSED, Row
from archive.settings import Work
from archive.sources.counting import holds_several
from archive.sources.fetch import Fetcher
from archive.storage.store import is_url
from digitize.batch import Attempt, read_page
from digitize.engines import Digitize
from digitize.errors import PageError
from digitize.page.count import count_pages
from digitize.page.open import iter_pages
from ecg.files import CRASHED, OUT_OF_MEMORY, InputError, named
from ecg.formats.counts import in_microvolts
from ecg.leads import STANDARD
from ecg.page import Page
from ecg.reading import Reading

if TYPE_CHECKING:
    from classify.classifier import Classifier
    from classify.diagnosis import Diagnosis

_BLANK_PX = (1200, 1800, 3)
NO_SUCH_PAGE, NOT_COUNTED = "no-such-page", "pages-not-counted"


@dataclass
class PageJobs:
    """Reads the pages that are asked for; networks are loaded once, and a file's pages are opened in one go."""

    work: Work

    def __post_init__(self) -> None:
        self._fetch = Fetcher()
        self._open = _OpenFile(self._fetch)

    @cached_property
    def digitizer(self) -> Digitize:
        module, _, function = self.work.loader.partition(":")
        load: Callable[[str, str], Digitize] = getattr(import_module(module), function)
        return load("cpu", self.work.engine)

    @cached_property
    def classifier(self) -> Classifier | None:
        if not self.work.diagnose:
            return None
        loaded: Classifier = import_module("classify.classifier").Classifier.load(self.work.weights or None)
        return loaded

    def __call__(self, reference: PageReference) -> Row:
        """The page's row; whatever goes wrong is a row, too."""
        started = perf_counter()
        try:
            row = self._row(reference)
        except Exception as error:  # one page that hits a bug must not cost the rest of the archive
            row = _failed(reference, named(error, reference.place))
        return replace(row, seconds=perf_counter() - started)

    def _row(self, reference: PageReference) -> Row:
        page = self._open.page(reference)
        attempt = read_page(page, self.digitizer, self.work.hints)
        if attempt.reading is None:
            return self._without_reading(reference, attempt)
        row = _of_reading(reference, attempt.reading)
        if self.classifier is not None:
            row = _with_diagnosis(row, self.classifier.of_reading(attempt.reading))
        return replace(row, codes=(*row.codes, NOT_COUNTED)) if self._open.has_more(reference) else row

    def _without_reading(self, reference: PageReference, attempt: Attempt) -> Row:
        found = InputError(self._open.in_words(str(attempt.error), reference), attempt.code)
        is_refusal = attempt.code not in (CRASHED, OUT_OF_MEMORY)
        return replace(_failed(reference, found), status=REFUSED if is_refusal else FAILED)


def make_jobs(work: Work) -> PageJobs:
    """With the networks loaded and a blank page seen, so that the first page takes no longer than the others."""
    jobs = PageJobs(work)
    read_page(Page(np.full(_BLANK_PX, 255, np.uint8)), jobs.digitizer, work.hints)
    _ = jobs.classifier
    return jobs


class _OpenFile:
    """The file that is being read: its pages come one after another without opening it anew."""

    def __init__(self, fetch: Fetcher) -> None:
        self._fetch = fetch
        self._uri, self._path = "", Path()
        self._pages: Iterator[Page] = iter(())
        self._next = 0

    def page(self, reference: PageReference) -> Page:
        """Raises InputError with words that name the address, not the copy."""
        try:
            if reference.uri != self._uri or reference.page != self._next:
                self._begin(reference)
            while True:
                page = next(self._pages, None)
                if page is None:
                    words = f"{reference.place}: the file has no such page; it has {self._next}"
                    raise PageError(words, NO_SUCH_PAGE)
                self._next = page.index + 1
                if page.index == reference.page:
                    return page
        except Exception as error:
            self._uri = ""
            found = named(error, self._path)
            raise InputError(self.in_words(str(found), reference), found.code) from error

    def _begin(self, reference: PageReference) -> None:
        self._path, self._uri = self._fetch(reference.uri), reference.uri
        self._pages, self._next = iter_pages(self._path), 0

    def in_words(self, text: str, reference: PageReference) -> str:
        return text.replace(str(self._path), reference.uri) if is_url(reference.uri) else text

    def has_more(self, reference: PageReference) -> bool:
        """Whether a file from elsewhere holds pages that its name did not let expect."""
        if reference.page or not is_url(reference.uri) or reference.uri.lower().endswith((".pdf", ".tif", ".tiff")):
            return False
        return holds_several(str(self._path)) and count_pages(self._path) > 1


def _failed(reference: PageReference, error: InputError) -> Row:
    return Row(reference, FAILED, error.code, str(error))


def failed(reference: PageReference, code: str, why: str, seconds: float) -> Row:
    """The row of a page that ended its process."""
    return Row(reference, FAILED, code, f"{reference.place}: {why}", seconds)


def _of_reading(reference: PageReference, reading: Reading) -> Row:
    """Raises InputError for a signal that int16 microvolts cannot hold."""
    record, layout = reading.record.select(STANDARD), reading.layout
    counts, printed = in_microvolts(record, reference.place)
    return Row(
        reference,
        READ,
        weights="; ".join(f"{kind} {version}" for kind, version in reading.facts.weights.items()),
        layout=layout.name,
        mm_per_s=layout.mm_per_s,
        mm_per_mv=layout.mm_per_mv,
        confidence=reading.confidence,
        codes=tuple(note.code for note in reading.notes),
        fs_hz=record.fs_hz,
        signal_uv=counts.astype(np.int16),
        printed=printed,
    )


def _with_diagnosis(row: Row, diagnosis: Diagnosis) -> Row:
    return replace(
        row,
        weights=f"{row.weights}; diagnosis {diagnosis.weights}",
        codes=tuple(note.code for note in diagnosis.notes),
        abstained=diagnosis.abstained,
        predicted=tuple(f"{label.group}:{label.name}" for label in diagnosis.predicted),
        probabilities={(label.group, label.name): label.probability for label in diagnosis.labels},
        features=dict(diagnosis.features),
    )
