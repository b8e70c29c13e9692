"""`Drawing`: the lines and words that a file draws a page with, where it holds them beside the pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Stroke:
    """An unbroken line as it was drawn: `points_px` [point, (x, y)] in page px; `style` is (width in px, R, G, B)."""

    points_px: np.ndarray
    style: tuple[float, int, int, int]


@dataclass(frozen=True)
class Word:
    """A printed word, the middle of its box in page px, and its direction in degrees clockwise as seen."""

    text: str
    middle_px: tuple[float, float]
    angle_deg: float = 0.0


@dataclass(frozen=True, eq=False)
class Drawing:
    """All strokes in the order in which they are drawn, and all words in the order of the text."""

    strokes: tuple[Stroke, ...]
    words: tuple[Word, ...] = ()
