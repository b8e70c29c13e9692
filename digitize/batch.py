"""One page after another through a digitizer: what the command lines share.

A page that fails is an `Attempt` with the reason in words, and the batch goes on.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from digitize.engines import Digitize, ask
from digitize.errors import NotAnEcg, PageError, Refusal
from digitize.page.open import DRAWN_SUFFIX, iter_pages
from digitize.stages import PageHints
from ecg import formats
from ecg.page import Page
from ecg.reading import Reading

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Attempt:
    """One page of a file: its reading, or why there is none; `crashed` when the fault is the program's own."""

    name: str
    source: Path
    reading: Reading | None = None
    error: str | None = None
    crashed: bool = False
    seconds: float = 0.0


def read_file(path: Path, digitize: Digitize, hints: PageHints) -> Iterator[Attempt]:
    """Every page of one file in turn; what goes wrong comes as an attempt without a reading."""
    try:
        for page in iter_pages(path):
            yield read_page(page, digitize, hints)
    except PageError as error:
        yield Attempt(path.stem, path, error=str(error))


def write_reading(reading: Reading, folder: str | Path, stem: str) -> dict[str, Path]:
    """Write csv, hea with dat, json and overlay of a reading; their paths by kind. Each file is whole or absent."""
    folder = Path(folder)
    files = {kind: folder / f"{stem}.{kind}" for kind in ("csv", "hea", "json")}
    files["overlay"] = folder / f"{stem}{DRAWN_SUFFIX}"
    formats.write(reading.record, files["csv"])
    formats.write(reading.record, files["hea"])
    files["dat"] = folder / f"{files['hea'].read_text().split()[0]}.dat"  # WFDB allows fewer letters than file systems
    reading.save_json(files["json"])
    reading.overlay(files["overlay"])
    return files


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or name_2, name_3 ... where another folder held a file of the same name."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def describe(reading: Reading) -> str:
    """Layout, scales and confidence in one line."""
    layout, confidence = reading.layout, reading.confidence
    mean = sum(confidence.values()) / len(confidence)
    return f"{layout.name}, {layout.mm_per_s:g} mm/s, {layout.mm_per_mv:g} mm/mV, confidence {mean:.2f}"


def read_page(page: Page, digitize: Digitize, hints: PageHints) -> Attempt:
    """One page through the digitizer; a refusal or a bug comes as an attempt without a reading."""
    start = time.perf_counter()
    attempt = Attempt(page.stem, Path(page.source))
    try:
        reading = ask(digitize, page, hints)
        attempt = replace(attempt, reading=reading)
    except Exception as error:  # one page that hits a bug must not cost the rest of the batch
        crashed = not isinstance(error, NotAnEcg | Refusal)
        log.debug("while reading %s", _where(page), exc_info=crashed)
        words = f"an error inside the program, please report it ({type(error).__name__}: {error})"
        attempt = replace(attempt, error=f"{_where(page)}: {words if crashed else error}", crashed=crashed)
    _release()
    return replace(attempt, seconds=time.perf_counter() - start)


def _release() -> None:
    """Hand freed memory back: glibc keeps the holes between what is in use, and every page leaves others."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def _where(page: Page) -> str:
    return page.source if page.index == 0 else f"{page.source}, page {page.index + 1}"
