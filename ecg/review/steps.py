"""What a person puts right in a reading, step by step: plain JSON that can be kept, and replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecg.paper import MAX_SCALE, MIN_SCALE
from ecg.reading import Reading

_RELAYOUT_KEYS = {"layout", "mm_per_s", "mm_per_mv"}


@dataclass(frozen=True, eq=False)
class Redraw:
    """A stretch of a lead drawn anew; `points_px` [point, (x, y)], NaN as y hides what lies around it."""

    lead: str
    points_px: np.ndarray

    def __call__(self, reading: Reading) -> Reading:
        return reading.correct(self.lead, self.points_px)


@dataclass(frozen=True)
class Relayout:
    """The same curves under another layout, speed or gain; None leaves it as it is."""

    layout: str | None = None
    mm_per_s: float | None = None
    mm_per_mv: float | None = None

    def __call__(self, reading: Reading) -> Reading:
        return reading.with_layout(self.layout, mm_per_s=self.mm_per_s, mm_per_mv=self.mm_per_mv)


@dataclass(frozen=True)
class Rename:
    """The box of a number, counted from 0, under another lead's name."""

    box: int
    lead: str

    def __call__(self, reading: Reading) -> Reading:
        return reading.rename(self.box, self.lead)


Step = Redraw | Relayout | Rename


def parse_step(item: object) -> Step:
    """A step from plain JSON: its keys tell which it is. Raises ValueError with words.

    {"lead": "II", "points_px": [[410, 822.5], [431, null]]}, {"box": 3, "lead": "V1"}, or some of layout, mm_per_s
    and mm_per_mv.
    """
    if not isinstance(item, dict):
        raise ValueError(f"a step is an object, got {type(item).__name__}")
    if set(item) == {"lead", "points_px"}:
        return Redraw(_name("lead", item["lead"]), parse_points(item["lead"], item["points_px"]))
    if set(item) == {"box", "lead"} and type(item["box"]) is int:
        return Rename(item["box"], _name("lead", item["lead"]))
    if item and set(item) <= _RELAYOUT_KEYS:
        layout = None if item.get("layout") is None else _name("layout", item["layout"])
        return Relayout(layout, *(_scale(key, item.get(key)) for key in ("mm_per_s", "mm_per_mv")))
    raise ValueError(
        f"a step holds lead and points_px, box (a number from 0) and lead, or some of layout, mm_per_s, mm_per_mv; "
        f"got {', '.join(map(str, item)) or 'nothing'}"
    )


def apply(reading: Reading, steps: Sequence[Step]) -> Reading:
    """The reading after all steps, in their order. Raises ValueError, naming the step that does not fit."""
    for number, step in enumerate(steps, start=1):
        try:
            reading = step(reading)
        except ValueError as error:
            raise ValueError(f"step {number}: {error}") from error
    return reading


def parse_points(lead: object, points: object) -> np.ndarray:
    """Points [point, (x, y)] in page px from lists; null becomes NaN. Raises ValueError with words."""
    try:
        found = np.array(points, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"points_px of {lead} must be a list of [x, y] ({error})") from error
    if found.ndim != 2 or found.shape[1] != 2 or np.isinf(found).any():
        raise ValueError(f"points_px of {lead} must be a list of [x, y] in page px")
    return found


def _name(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a name, got {type(value).__name__}")
    return value


def _scale(key: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not MIN_SCALE <= value <= MAX_SCALE:
        raise ValueError(f"{key} must be a number between {MIN_SCALE:g} and {MAX_SCALE:g} (usual: 25 mm/s, 10 mm/mV)")
    return float(value)
