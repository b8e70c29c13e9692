"""What an artefact is, and what it knows of the page it befalls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ecg.layout import Layout
from simulate.wear.layers import RGB, Box, Layer

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Ground:
    """The sheet's extent in mm, what is printed where, and the colour that shows through its holes."""

    extent_mm: Box
    layout: Layout
    under_rgb: RGB = (0.2, 0.2, 0.2)

    def anywhere(self, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(rng.uniform(self.extent_mm[:2], self.extent_mm[2:]))

    def among_traces(self, rng: np.random.Generator) -> np.ndarray:
        x0, y0, x1, y1 = self.layout.extent_mm
        return np.asarray(rng.uniform((x0, y0), (x1, y1)))

    def on_edge(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A point on the sheet's edge, and the direction into the sheet."""
        side, (x0, y0, x1, y1) = int(rng.integers(4)), self.extent_mm
        x, y = self.anywhere(rng)
        at = ((x0, y), (x1, y), (x, y0), (x, y1))[side]
        inward = ((1, 0), (-1, 0), (0, 1), (0, -1))[side]
        return np.array(at, float), np.array(inward, float)


Artefact = Callable[[Ground, float, np.random.Generator], list[Layer]]


def some(rng: np.random.Generator, strength: float, most: int) -> range:
    """At least one, at most one more than `most` at full strength."""
    return range(1 + int(rng.integers(0, 1 + round(most * strength))))


def pick(rng: np.random.Generator, things: Sequence[Kind]) -> Kind:
    return things[int(rng.integers(len(things)))]


def turned(shape_mm: np.ndarray, angle: float, at_mm: np.ndarray) -> np.ndarray:
    """A shape [point, (x, y)] turned by an angle in radians about the origin and moved to `at_mm`."""
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(shape_mm @ np.array([[c, s], [-s, c]]) + at_mm)


def block(width_mm: float, height_mm: float) -> np.ndarray:
    """The corners of a rectangle around the origin, [4, (x, y)]."""
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([width_mm, height_mm]) / 2
