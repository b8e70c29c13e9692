"""One page after another through a digitizer: what the command lines share.

A page that fails is an `Attempt` with the reason in words, and the batch goes on.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from digitize.engines import Digitize, ask
from digitize.page.open import iter_pages
from digitize.stages import PageHints
from ecg.files import CRASHED, InputError, named
from ecg.page import Page
from ecg.reading import Reading

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Attempt:
    """One page of a file: its reading, or why there is none, in words and as a code for programs.

    `index` counts the file's pages from 0; `opened` is false where the file gave no (further) page; `crashed` tells
    that the fault is the program's own.
    """

    name: str
    source: Path
    reading: Reading | None = None
    error: str | None = None
    code: str = ""
    index: int = 0
    opened: bool = True
    seconds: float = 0.0

    @property
    def crashed(self) -> bool:
        return self.code == CRASHED


def read_file(path: Path, digitize: Digitize, hints: PageHints) -> Iterator[Attempt]:
    """Every page of one file in turn; what goes wrong, whatever it is, comes as an attempt without a reading."""
    index = 0
    try:
        for page in iter_pages(path):
            yield read_page(page, digitize, hints)
            index = page.index + 1
    except Exception as error:
        found = named(error, path, (InputError,))
        yield Attempt(path.stem, path, error=str(found), code=found.code, index=index, opened=False)


def describe(reading: Reading) -> str:
    """Layout, scales and confidence in one line."""
    layout, confidence = reading.layout, reading.confidence
    mean = sum(confidence.values()) / len(confidence)
    return f"{layout.name}, {layout.mm_per_s:g} mm/s, {layout.mm_per_mv:g} mm/mV, confidence {mean:.2f}"


def read_page(page: Page, digitize: Digitize, hints: PageHints) -> Attempt:
    """One page through the digitizer; a refusal or a bug comes as an attempt without a reading."""
    start = time.perf_counter()
    attempt = Attempt(page.stem, Path(page.source), index=page.index)
    try:
        reading = ask(digitize, page, hints)
        attempt = replace(attempt, reading=reading)
    except Exception as error:  # one page that hits a bug must not cost the rest of the batch
        found = named(error, page.place, (InputError,))
        log.debug("while reading %s", page.place, exc_info=found.code == CRASHED)
        attempt = replace(attempt, error=str(found), code=found.code)
    _release()
    return replace(attempt, seconds=time.perf_counter() - start)


def _release() -> None:
    """Hand freed memory back: glibc keeps the holes between what is in use, and every page leaves others."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
