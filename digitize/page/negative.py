"""Dark pages with light lines (scanners set to negative, microfilm, dark screens) turned to ink on paper."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ecg.notes import Note
from ecg.page import Page


@dataclass(frozen=True)
class NegativeThresholds:
    """What is a negative; by what paper is: lighter than what is printed on it."""

    seen_px: int = 1600  # longer side of the picture in which it is decided
    around_px: int = 31  # the ground is the median of so much around; lines cover less than half of it
    noise: int = 12  # levels of grey that are still ground
    max_ground: int = 200  # the ground of a negative is darker,
    min_lead: float = 2.0  # and its light lines outweigh dark ones by this factor


_NEGATIVE = NegativeThresholds()


def positive(page: Page) -> Page:
    """The page itself, or its negative with a note where its lines are lighter than a dark ground."""
    if not is_negative(page.pixels):
        return page
    text = "the page is dark with light lines: it was read with black and white exchanged"
    return replace(page, pixels=255 - page.pixels, notes=(*page.notes, Note("negative-inverted", text)), drawing=None)


def is_negative(pixels: np.ndarray) -> bool:
    """Whether a picture, uint8 [row, col, RGB], shows light lines on a dark ground."""
    shrink = max(1, max(pixels.shape[:2]) // _NEGATIVE.seen_px)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    if np.median(grey) > _NEGATIVE.max_ground:
        return False
    off = grey.astype(np.int16) - cv2.medianBlur(grey, _NEGATIVE.around_px)
    light, dark = (float(np.maximum(side - _NEGATIVE.noise, 0).sum(dtype=np.int64)) for side in (off, -off))
    return light > _NEGATIVE.min_lead * dark
