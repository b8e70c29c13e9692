"""One page after another through a digitizer: what the command lines share.

A page that fails is an `Attempt` with the reason in words, and the batch goes on.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from digitize.page.open import DRAWN_SUFFIX, PageError, iter_pages
from ecg import formats
from ecg.cli import CLASSICAL, ENGINES
from ecg.errors import InputError
from ecg.layout import Template, load_template, template
from ecg.reading import Page, Reading

LAYOUT_SUFFIXES = (".yaml", ".yml")

log = logging.getLogger(__name__)


class Refusal(InputError):
    """A page that is not read for a reason outside the digitizer; the message says which."""


class Digitize(Protocol):
    """What a `Digitizer` is to the command lines: page in, reading out, NotAnEcg or Refusal with words if refused."""

    def __call__(
        self, page: Page, layout: Template | None, mm_per_s: float | None, mm_per_mv: float | None
    ) -> Reading: ...


@dataclass(frozen=True)
class Given:
    """What the user knows about the pages; None is left to the program to find."""

    layout: Template | None = None
    mm_per_s: float | None = None
    mm_per_mv: float | None = None

    def __post_init__(self) -> None:
        for name in ("mm_per_s", "mm_per_mv"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 200:
                raise ValueError(f"{name} must lie between 1 and 200 (usual: 25 mm/s, 10 mm/mV), got {value:g}")


@dataclass(frozen=True, eq=False)
class Attempt:
    """One page of a file: its reading, or why there is none; `crashed` when the fault is the program's own."""

    name: str
    source: Path
    reading: Reading | None = None
    error: str | None = None
    crashed: bool = False
    seconds: float = 0.0


def load_digitizer(device: str = "cpu", engine: str = ENGINES[0]) -> Digitize:
    """The shipped weights on a device (this is where torch is imported), or the plain engine without networks."""
    if engine == CLASSICAL:
        from digitize.engines.classical import Classical

        return Classical()
    # oneDNN keeps what it compiles for every size of picture, by default 1,024 times: memory grows with the pages read
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    from digitize.pipeline import Digitizer

    digitizer = Digitizer.load(device=device)
    if engine == "torch":
        return digitizer
    from digitize.engines.onnx import with_onnx

    return with_onnx(digitizer)


def find_template(layout: Template | str | None) -> Template | None:
    """A template by name or from a YAML file. Raises ValueError with the known names."""
    if layout is None or isinstance(layout, Template):
        return layout
    try:
        return load_template(layout) if layout.lower().endswith(LAYOUT_SUFFIXES) else template(layout)
    except OSError as error:
        raise ValueError(f"{layout}: the layout cannot be read ({error.strerror or error})") from error


def read_file(path: Path, digitize: Digitize, given: Given) -> Iterator[Attempt]:
    """Every page of one file in turn; what goes wrong comes as an attempt without a reading."""
    try:
        for page in iter_pages(path):
            yield read_page(page, digitize, given)
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


def read_page(page: Page, digitize: Digitize, given: Given) -> Attempt:
    """One page through the digitizer; a refusal or a bug comes as an attempt without a reading."""
    start = time.perf_counter()
    attempt = Attempt(page.stem, Path(page.source))
    try:
        reading = digitize(page, given.layout, given.mm_per_s, given.mm_per_mv)
        attempt = replace(attempt, reading=reading)
    except Exception as error:  # one page that hits a bug must not cost the rest of the batch
        crashed = not _is_refusal(error)
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


def _is_refusal(error: Exception) -> bool:
    from digitize.pipeline import NotAnEcg

    return isinstance(error, NotAnEcg | Refusal)


def _where(page: Page) -> str:
    return page.source if page.index == 0 else f"{page.source}, page {page.index + 1}"
