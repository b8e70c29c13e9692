"""What happens to a printed page: each artefact (pens, stamps, bars, creases, stains ...) is one small function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ecg.layout import Layout
from simulate.handwriting import arrow, loop, tick, word
from simulate.layers import RGB, Blot, Box, Layer, Lettering, Mark


@dataclass(frozen=True)
class Ground:
    """What an artefact needs to know of a page: the sheet's extent in mm and what is printed where."""

    extent_mm: Box
    layout: Layout

    def anywhere(self, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(rng.uniform(self.extent_mm[:2], self.extent_mm[2:]))

    def among_traces(self, rng: np.random.Generator) -> np.ndarray:
        x0, y0, x1, y1 = self.layout.extent_mm
        return np.asarray(rng.uniform((x0, y0), (x1, y1)))


Artefact = Callable[[Ground, float, np.random.Generator], list[Layer]]

_PENS: tuple[RGB, ...] = ((0.1, 0.15, 0.55), (0.08, 0.08, 0.1), (0.75, 0.1, 0.12), (0.1, 0.4, 0.2), (0.3, 0.3, 0.32))
_FELTS: tuple[RGB, ...] = ((1.0, 0.95, 0.25), (1.0, 0.6, 0.75), (0.6, 0.95, 0.5), (0.5, 0.85, 1.0), (1.0, 0.75, 0.35))
_STAMPS: tuple[RGB, ...] = ((0.2, 0.2, 0.65), (0.7, 0.15, 0.2), (0.4, 0.15, 0.5), (0.15, 0.15, 0.18))
_WORDS = ("RECEIVED", "COPY", "REVIEWED", "CARDIOLOGY", "SCANNED", "URGENT", "FILED", "KOPIE", "12.03.", "Dr.")


def _some(rng: np.random.Generator, strength: float, most: int) -> range:
    return range(1 + int(rng.integers(0, 1 + round(most * strength))))


def _pick(rng: np.random.Generator, colours: tuple[RGB, ...]) -> RGB:
    return colours[int(rng.integers(len(colours)))]


def handwriting(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Words, circles, arrows and ticks of a pen, beside the traces and across them."""
    rgb, pen = _pick(rng, _PENS), float(rng.uniform(0.25, 0.7))
    drawn = []
    for _ in _some(rng, strength, 5):
        at = ground.among_traces(rng) if rng.random() < 0.7 else ground.anywhere(rng)
        draw = (word, word, word, loop, arrow, tick)[rng.integers(6)]
        drawn += draw(at, rng)
    return [Mark(points, pen, rgb, float(rng.uniform(0.7, 0.98))) for points in drawn]


def calipers(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Dots or strokes at even distances along a row, left by who measured."""
    layers: list[Layer] = []
    for _ in _some(rng, strength, 2):
        row = ground.layout.rows()[int(rng.integers(len(ground.layout.rows())))]
        step, count = rng.uniform(8, 35), int(rng.integers(2, 9))
        x = rng.uniform(row[0].box_mm[0], row[-1].box_mm[2]) + step * np.arange(count)
        y, high = row[0].baseline_mm + rng.uniform(-12, 8), float(rng.choice([0.0, rng.uniform(1, 4)]))
        pen, rgb = float(rng.uniform(0.4, 1.0)), _pick(rng, _PENS)
        layers += [Mark(np.array([[a, y], [a, y + high]]), pen, rgb, 0.9) for a in x]
    return layers


def highlighter(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Broad see-through strokes."""
    layers: list[Layer] = []
    for _ in _some(rng, strength, 2):
        start, length = ground.anywhere(rng), rng.uniform(15, 80)
        ends = start + np.array([[0, 0], [0.5, rng.normal(0, 0.01)], [1, rng.normal(0, 0.02)]]) * length
        ends[1:, 1] = start[1] + rng.normal(0, 0.8, 2)
        layers.append(
            Mark(ends, float(rng.uniform(3, 6)), _pick(rng, _FELTS), float(rng.uniform(0.5, 0.95)), 0.2, True)
        )
    return layers


def stamps(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """A ring or a frame with a word in it, a little turned."""
    rgb, opacity, at = (
        _pick(rng, _STAMPS),
        float(rng.uniform(0.35, 0.85) * (0.4 + 0.6 * strength)),
        ground.anywhere(rng),
    )
    height, angle = float(rng.uniform(3, 6)), float(rng.normal(0, 12))
    text = _WORDS[rng.integers(len(_WORDS))]
    half = np.array([0.42 * height * len(text) + 2, 1.1 * height])
    if rng.random() < 0.4:
        turns = np.linspace(0, 2 * np.pi, 49)
        shape = np.stack([np.cos(turns), np.sin(turns)], -1) * (half[0] + 1)
    else:
        shape = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * half
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array([[c, s], [-s, c]])
    corner = at + np.array([-half[0] + 2, -0.8 * height]) @ turn
    frame = Mark(shape @ turn + at, float(rng.uniform(0.4, 1.2)), rgb, opacity)
    return [frame, Lettering(text, (float(corner[0]), float(corner[1])), height, 3, rgb, opacity, angle)]


def redaction(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Black or white bars over names and numbers, now and then over a trace."""
    layers: list[Layer] = []
    for _ in _some(rng, strength, 3):
        size = rng.uniform((12, 3), (60, 9))
        x0, y0, x1, _ = ground.extent_mm
        above = rng.uniform((x0, y0), (x1, max(ground.layout.extent_mm[1], y0 + 8)))
        corner = above if rng.random() < 0.75 else ground.among_traces(rng)
        shape = corner + np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
        tone = float(rng.choice([rng.uniform(0, 0.12), rng.uniform(0.93, 1.0)]))
        layers.append(Mark(shape, 0.0, (tone, tone, tone), hides=True))
    return layers


def creases(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Lines where the paper was folded: lighter where ink broke off, or darker where dirt came in."""
    low, high = np.array(ground.extent_mm[:2]), np.array(ground.extent_mm[2:])
    layers: list[Layer] = []
    for _ in _some(rng, strength, 4):
        angle = rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)]) + rng.normal(0, 0.02)
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        t = np.linspace(-1, 1, 40)[:, None] * np.hypot(*(high - low))
        points = rng.uniform(low, high) + t * along + np.cumsum(rng.normal(0, 0.12, (40, 1)), 0) * across
        tone = float(rng.choice([rng.uniform(0.85, 1.0), rng.uniform(0.3, 0.6)], p=[0.65, 0.35]))
        opacity = float(strength * rng.uniform(0.15, 0.7))
        layers.append(
            Mark(points, float(rng.uniform(0.15, 0.7)), (tone, tone, tone), opacity, float(rng.uniform(0.05, 0.6)))
        )
    return layers


def stains(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Coffee, water, yellowing: a few tinted blots, some with a rim."""
    return [
        _blot(ground.anywhere(rng), float(rng.uniform(6, 60)), strength * rng.uniform(0.05, 0.5), rng)
        for _ in _some(rng, strength, 3)
    ]


def mould(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Foxing: many small brown spots around a place."""
    centre, spread = ground.anywhere(rng), rng.uniform(8, 50)
    return [
        _blot(rng.normal(centre, spread), float(rng.uniform(0.4, 2.5)), strength * rng.uniform(0.1, 0.7), rng)
        for _ in range(int(8 + 30 * strength))
    ]


def _blot(centre_mm: np.ndarray, radius_mm: float, depth: float, rng: np.random.Generator) -> Blot:
    hue = np.array([0.35, 0.65, 1.0]) if rng.random() < 0.8 else np.array([1.0, 0.6, 0.35])
    r, g, b = np.clip(1 - depth * hue, 0, 1).tolist()
    ragged = np.stack([rng.normal(0, 0.18 / (1 + np.arange(5))), rng.uniform(0, 2 * np.pi, 5)])
    return Blot((float(centre_mm[0]), float(centre_mm[1])), radius_mm, (r, g, b), float(rng.uniform(0, 0.9)), ragged)


# In the order in which they come onto the page.
WEAR: Mapping[str, Artefact] = {
    "stamps": stamps, "handwriting": handwriting, "calipers": calipers, "highlighter": highlighter, "stains": stains,
    "mould": mould, "creases": creases, "redaction": redaction,
}  # fmt: skip


def wear(ground: Ground, strengths: Mapping[str, float], seed: int) -> tuple[Layer, ...]:
    """The layers of every artefact with a strength above zero; none changes what another one does."""
    layers: list[Layer] = []
    for number, (name, artefact) in enumerate(WEAR.items()):
        if strengths.get(name, 0.0) > 0:
            layers += artefact(ground, float(strengths[name]), np.random.default_rng([seed, 16, number]))
    return tuple(layers)
