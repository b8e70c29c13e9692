"""`LabelGroup`: a named set of labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LabelGroup:
    """Labels that may be present together, or of which exactly one holds; `titles` says each name in words."""

    name: str
    titles: Mapping[str, str]
    exclusive: bool = False

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.titles)
