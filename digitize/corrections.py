"""Corrections by hand as a small JSON file, replayed whenever the pages are read.

    {"scan": {"layout": "6x2", "mm_per_s": 25, "mm_per_mv": 10,
              "curves": [{"lead": "II", "points_px": [[410, 822.5], [431, 801], [446, null]]}]}}

Pages go by the names of their results; every key may be left out. A null height hides what lies around it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitize.engines import Digitize
from digitize.errors import Refusal
from digitize.stages import PageHints
from ecg.layout import Template
from ecg.page import Page
from ecg.reading import Reading

_HINTS = ("layout", "mm_per_s", "mm_per_mv")


@dataclass(frozen=True, eq=False)
class Correction:
    """What is known better about one page: how to read it, and the stretches (lead, points_px) to draw anew."""

    hints: PageHints
    curves: tuple[tuple[str, np.ndarray], ...] = ()

    def __call__(self, reading: Reading) -> Reading:
        """The reading with its curves put right. Raises Refusal where one does not fit the page."""
        try:
            for lead, points in self.curves:
                reading = reading.correct(lead, points)
        except ValueError as error:
            raise Refusal(str(error)) from error
        return reading


def load_corrections(path: str | Path) -> dict[str, Correction]:
    """The corrections by page name. Raises ValueError with words for a file that is not as above."""
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: the corrections cannot be read ({error})") from error
    if not isinstance(data, dict):
        raise ValueError(f"{path}: expected an object with the pages' names as keys, got {type(data).__name__}")
    try:
        return {name: _correction(item) for name, item in data.items()}
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def _correction(item: object) -> Correction:
    if not isinstance(item, dict):
        raise ValueError(f"expected an object for every page, got {item!r}")
    unknown = [key for key in item if key not in (*_HINTS, "curves")]
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}: expected some of {', '.join(_HINTS)}, curves")
    hints = PageHints.of(item.get("layout"), item.get("mm_per_s"), item.get("mm_per_mv"))
    curves = item.get("curves", [])
    if not isinstance(curves, list):
        raise ValueError(f"curves must be a list, got {curves!r:.60}")
    return Correction(hints, tuple(_curve(curve) for curve in curves))


def _curve(item: object) -> tuple[str, np.ndarray]:
    if not isinstance(item, dict) or set(item) != {"lead", "points_px"}:
        raise ValueError(f"a curve holds lead and points_px, got {item!r}")
    try:
        return str(item["lead"]), np.array(item["points_px"], dtype=np.float64)  # null becomes NaN
    except (TypeError, ValueError) as error:
        raise ValueError(f"points_px of {item['lead']} must be a list of [x, y] ({error})") from error


def correcting(digitize: Digitize, corrections: Mapping[str, Correction]) -> Digitize:
    """The digitizer with the corrections after it; what a correction says of a page counts more than what is given."""

    def read(page: Page, layout: Template | None, mm_per_s: float | None, mm_per_mv: float | None) -> Reading:
        fix = corrections.get(page.stem)
        if fix is None:
            return digitize(page, layout, mm_per_s, mm_per_mv)
        known = fix.hints
        return fix(digitize(page, known.layout or layout, known.mm_per_s or mm_per_s, known.mm_per_mv or mm_per_mv))

    return read


def check_names(corrections: Mapping[str, Correction], files: Sequence[Path]) -> None:
    """Raises ValueError for a correction whose page is none of the files."""
    stems = {path.stem for path in files}
    strays = [name for name in corrections if name not in stems and name.rpartition("-p")[0] not in stems]
    if strays:
        raise ValueError(f"no page is named {', '.join(strays)}; corrections go by the pages' names without suffix")
