"""Corrections by hand as a small JSON file, replayed whenever the pages are read.

    {"scan": {"layout": "6x2", "mm_per_s": 25, "mm_per_mv": 10,
              "corners_px": [[92, 60], [1710, 71], [1702, 1120], [88, 1104]],
              "curves": [{"lead": "II", "points_px": [[410, 822.5], [431, 801], [446, null]]}],
              "steps": [{"box": 3, "lead": "V1"}, {"mm_per_mv": 5}]}}

With layout, speed, gain and corners the page is read; curves, then steps (`ecg.review.steps`) put the reading right.

Pages go by the names of their results; every key may be left out. A null height hides what lies around it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from digitize.engines import Digitize, ask
from digitize.errors import Refusal
from digitize.grid.corners import Corners
from digitize.stages import PageHints
from ecg.layout import Template
from ecg.page import Page
from ecg.reading import Reading
from ecg.review.steps import Step, apply, parse_step

_HINTS = ("layout", "mm_per_s", "mm_per_mv", "corners_px")


@dataclass(frozen=True, eq=False)
class Correction:
    """What is known better about one page: how to read it, and what to put right in the reading."""

    hints: PageHints
    steps: tuple[Step, ...] = ()

    def __call__(self, reading: Reading) -> Reading:
        """The reading with its steps done. Raises Refusal where one does not fit the page."""
        try:
            return apply(reading, self.steps)
        except ValueError as error:
            raise Refusal(str(error)) from error


def load_corrections(path: str | Path) -> dict[str, Correction]:
    """The corrections by page name. Raises ValueError with words for a file that is not as above."""
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
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
    unknown = [key for key in item if key not in (*_HINTS, "curves", "steps")]
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}: expected some of {', '.join(_HINTS)}, curves, steps")
    hints = PageHints.of(*(item.get(name) for name in _HINTS))
    curves, steps = item.get("curves", []), item.get("steps", [])
    if not (isinstance(curves, list) and isinstance(steps, list)):
        raise ValueError("curves and steps are lists")
    return Correction(hints, (*map(_curve, curves), *map(parse_step, steps)))


def _curve(item: object) -> Step:
    if not isinstance(item, dict) or set(item) != {"lead", "points_px"}:
        raise ValueError(f"a curve holds lead and points_px, got {item!r}")
    return parse_step(item)


def correcting(digitize: Digitize, corrections: Mapping[str, Correction]) -> Digitize:
    """The digitizer with the corrections after it; what a correction says of a page counts more than what is given."""

    def read(
        page: Page,
        layout: Template | None,
        mm_per_s: float | None,
        mm_per_mv: float | None,
        corners_px: Corners | None = None,
    ) -> Reading:
        given = PageHints(layout, mm_per_s, mm_per_mv, corners_px)
        fix = corrections.get(page.stem)
        return ask(digitize, page, given) if fix is None else fix(ask(digitize, page, fix.hints.or_else(given)))

    return read


def check_names(corrections: Mapping[str, Correction], files: Sequence[Path]) -> None:
    """Raises ValueError for a correction whose page is none of the files."""
    stems = {path.stem for path in files}
    strays = [name for name in corrections if name not in stems and name.rpartition("-p")[0] not in stems]
    if strays:
        raise ValueError(f"no page is named {', '.join(strays)}; corrections go by the pages' names without suffix")
