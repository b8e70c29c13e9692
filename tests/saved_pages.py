"""The plain page of `drawn_page` as a file, and a whole recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from drawn_page import drawn
from PIL import Image

from ecg.leads import STANDARD
from ecg.record import Record

WHOLE = Record(np.random.default_rng(2).normal(0, 0.3, (12, 5000)).astype(np.float32), 500.0, STANDARD)


def save_page(path: Path, colour: tuple[int, int, int] = (255, 255, 255), **options: object) -> Path:
    """The page with a first pixel of this colour, which makes the stand-in for the digitizer refuse or crash."""
    path.parent.mkdir(exist_ok=True)
    image = Image.fromarray(drawn().page.pixels)
    image.putpixel((0, 0), colour)
    image.save(path, **options)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
