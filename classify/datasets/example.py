"""`Example`: a labelled recording, or a stretch of one, and the part of the split that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Part = Literal["train", "validation", "test", "unused"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")  # those that are used


@dataclass(frozen=True)
class Example:
    """Where a recording lies and what is known of it; a group that is None in `found` was not assessed.

    `window_s` is (start, duration) of the stretch that is meant, None for the whole recording; `measured` are features
    that the reader knows better than the signal does; `name` tells stretches of one file apart;
    `male` is 1 or 0, NaN when it is not known; `fold` is 1 to 10 where the split is one of ten folds, else 0.
    """

    path: Path
    source: str
    patient: str
    part: Part
    found: Mapping[str, frozenset[str] | None]
    in_mv: bool = True
    name: str = ""
    window_s: tuple[float, float] | None = None
    measured: tuple[float, ...] | None = None
    age_years: float = float("nan")
    male: float = float("nan")
    fold: int = 0

    @property
    def id(self) -> str:
        return self.name or self.path.stem
