"""A digitizer that costs nothing, for archives: a page's first pixels tell what befalls, and shape its signal."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from digitize.errors import NotAnEcg
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template, template
from ecg.notes import Note
from ecg.page import Page, Trace, traces_to_record
from ecg.reading import Reading, ReadingFacts
from ecg.record import Record

REFUSED, HANGS, CRASHES, DIES, HUNGRY = range(1, 6)
LOADER = "archive.studies.stand_in:load"
_GIGABYTE, _PX_PER_MM = 2**30, 4.0


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
    """Beats at 75 a minute on a blank page."""
    layout = template("3x4+1").place(row_mm=25)
    geometry = PageGeometry.flat(_PX_PER_MM, (20, 20))
    traces = tuple(_trace(box, layout, geometry) for box in layout.boxes)
    page = Page(np.full((80, 96, 3), 255, np.uint8))
    notes = (Note("speed-assumed", "speed assumed"),)
    facts = ReadingFacts(weights={"page": "none", "row": "none"})
    return Reading(traces_to_record(traces, geometry, layout), page, geometry, layout, traces, notes, facts)


def _trace(box: LeadBox, layout: Layout, geometry: PageGeometry) -> Trace:
    time_s = np.arange(box.t0_s, box.t1_s, 0.004)
    beat_s = time_s % 0.8
    mv = np.exp(-(((beat_s - 0.4) / 0.016) ** 2)) + 0.2 * np.exp(-(((beat_s - 0.66) / 0.05) ** 2))
    x_mm = box.box_mm[0] + (time_s - box.t0_s) * layout.mm_per_s
    points_px = geometry.to_px(np.stack([x_mm, box.baseline_mm - mv * layout.mm_per_mv], axis=-1))
    return Trace(box.lead, points_px[:, 0], points_px[:, 1], np.linspace(0.6, 1.0, len(points_px)))


def load(device: str, engine: str) -> StandIn:
    """What the reading processes load."""
    return StandIn(_drawn())


def write_page(path: Path, number: int = 0, fate: int = 0, waits_ms: int = 0) -> Path:
    """A small picture that the stand-in takes for a page."""
    pixels = np.full((80, 96, 3), 255, np.uint8)
    pixels[0, :3] = np.array([fate, number % 200, waits_ms])[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, compress_level=1)
    return path
