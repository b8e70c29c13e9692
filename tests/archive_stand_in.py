"""A digitizer that costs nothing, for archives: a page's first pixels tell what befalls, and shape its signal."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from drawn_page import drawn
from PIL import Image

from digitize.errors import NotAnEcg
from ecg.layout import Template
from ecg.page import Page
from ecg.reading import Reading
from ecg.record import Record

REFUSED, HANGS, CRASHES, DIES, HUNGRY = range(1, 6)
_GIGABYTE = 2**30


@dataclass
class StandIn:
    """Reads every page as the drawn one, as many uV higher as the second pixel's red says."""

    reading: Reading

    def __call__(self, page: Page, layout: Template | None, mm_per_s: float | None, mm_per_mv: float | None) -> Reading:
        fate, number, waits = (int(page.pixels[0, k, 0]) for k in range(3))
        time.sleep(waits / 1000)
        if fate == REFUSED:
            raise NotAnEcg("no grid and no traces were found")
        if fate == HANGS:
            time.sleep(600)
        if fate == CRASHES:
            raise ZeroDivisionError("division by zero")
        if fate == DIES:
            os._exit(9)
        if fate == HUNGRY:
            np.ones(20 * _GIGABYTE, np.uint8)
        record = self.reading.record
        return replace(
            self.reading, page=page, record=Record(record.signal_mv + number / 1000, record.fs_hz, record.leads)
        )


@cache
def _drawn() -> Reading:
    return drawn()


def load(device: str, engine: str) -> StandIn:
    return StandIn(_drawn())


def write_page(path: Path, number: int = 0, fate: int = 0, waits_ms: int = 0) -> Path:
    """A small picture that the stand-in takes for a page."""
    pixels = np.full((80, 96, 3), 255, np.uint8)
    pixels[0, :3] = np.array([fate, number % 200, waits_ms])[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, compress_level=1)
    return path
