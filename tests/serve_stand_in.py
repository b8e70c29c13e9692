"""A server with a stand-in for the digitizer, whose pages tell by the colour of their first pixel what befalls."""

from __future__ import annotations

import io
import os
import time
from dataclasses import dataclass, replace

import numpy as np
from drawn_page import CRASH_COLOUR, REFUSED_COLOUR, FakeDigitizer, drawn
from PIL import Image

from digitize.grid.corners import Corners
from ecg.layout import Template
from ecg.page import Page
from ecg.reading import Reading
from serve.settings import Limits, Settings

HANG_COLOUR, HUNGRY_COLOUR, DEADLY_COLOUR = (20, 0, 0), (30, 0, 0), (40, 0, 0)
GIGABYTE = 2**30
LIMITS = Limits(job_s=60.0, memory_bytes=6 * GIGABYTE, waiting=64, pages=4, pixels=20e6, body_bytes=12 * 2**20)


@dataclass
class StandIn:
    """Reads every page as the drawn one, and moves it when it is given corners."""

    fake: FakeDigitizer

    def __call__(
        self,
        page: Page,
        layout: Template | None,
        mm_per_s: float | None,
        mm_per_mv: float | None,
        corners_px: Corners | None = None,
    ) -> Reading:
        colour = tuple(page.pixels[0, 0].tolist())
        if colour == HANG_COLOUR:
            time.sleep(600)
        if colour == HUNGRY_COLOUR:
            np.ones(20 * GIGABYTE, np.uint8)
        if colour == DEADLY_COLOUR:
            os._exit(9)
        reading = self.fake(page, layout, mm_per_s, mm_per_mv)
        if layout is not None or mm_per_s or mm_per_mv:
            reading = reading.with_layout(layout, mm_per_s=mm_per_s, mm_per_mv=mm_per_mv)
        if corners_px is not None:
            (x, y), *_ = corners_px
            shift = np.array([[1, 0, x - 20.0], [0, 1, y - 20.0], [0, 0, 1]])
            reading = replace(reading, geometry=reading.geometry.after(shift))
        return reading


def load(device: str, engine: str) -> StandIn:
    """What the workers load."""
    return StandIn(FakeDigitizer())


def settings(**changes: object) -> Settings:
    limits = {key: changes.pop(key) for key in list(changes) if hasattr(LIMITS, key)}
    return Settings(**{"loader": "serve_stand_in:load", "workers": 1, "limits": replace(LIMITS, **limits), **changes})


def png(colour: tuple[int, int, int] | None = None, size_px: tuple[int, int] | None = None) -> bytes:
    """The drawn page as a file, or a plain one of a size; with a first pixel of a colour."""
    picture = Image.fromarray(drawn().page.pixels) if size_px is None else Image.new("RGB", size_px, "white")
    if colour is not None:
        picture.putpixel((0, 0), colour)
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


__all__ = ["CRASH_COLOUR", "REFUSED_COLOUR", "load", "png", "settings"]
