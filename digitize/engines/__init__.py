"""What reads the pages: the networks run by torch or by ONNX Runtime, or the engine that does without them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from digitize.grid.corners import Corners
from digitize.stages import PageHints
from ecg.layout import Template
from ecg.page import Page
from ecg.reading import Reading

# Each module has load(device) -> Digitize; only the one that is asked for is imported.
ENGINES = {
    "torch": "digitize.engines.pytorch",
    "onnx": "digitize.engines.onnx",
    "classical": "digitize.engines.classical",
}


class Digitize(Protocol):
    """What a `Digitizer` is to the command lines: page in, reading out, NotAnEcg or Refusal with words if refused."""

    def __call__(
        self,
        page: Page,
        layout: Template | None,
        mm_per_s: float | None,
        mm_per_mv: float | None,
        corners_px: Corners | None = None,
    ) -> Reading: ...


def ask(digitize: Digitize, page: Page, hints: PageHints) -> Reading:
    """The digitizer's reading of a page with what is known of it."""
    known = (hints.layout, hints.mm_per_s, hints.mm_per_mv)
    return digitize(page, *known) if hints.corners_px is None else digitize(page, *known, hints.corners_px)


def asking(read: Callable[[Page, PageHints], Reading]) -> Digitize:
    """The digitizer that a function of a page and what is known of it makes."""

    def digitize(
        page: Page,
        layout: Template | None,
        mm_per_s: float | None,
        mm_per_mv: float | None,
        corners_px: Corners | None = None,
    ) -> Reading:
        return read(page, PageHints(layout, mm_per_s, mm_per_mv, corners_px))

    return digitize


def load_digitizer(device: str = "cpu", engine: str = "torch") -> Digitize:
    """The shipped weights on a device, or the plain engine without networks. Raises ValueError with the known names."""
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r} is not known: expected one of {', '.join(ENGINES)}")
    loaded: Digitize = import_module(ENGINES[engine]).load(device)
    return loaded
