"""What time, liquids, folders and staplers do to paper."""

from __future__ import annotations

import numpy as np

from simulate.wear.artefact import Ground, block, pick, some, turned
from simulate.wear.layers import Blot, Cut, Fibre, Layer, Mark


def fibre(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """The paper's own grain."""
    return [Fibre(0.045 * strength, float(rng.uniform(0.12, 0.5)), int(rng.integers(2**31)))]


def creases(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Lines where the paper was folded: lighter where ink broke off, or darker where dirt came in."""
    low, high = np.array(ground.extent_mm[:2]), np.array(ground.extent_mm[2:])
    layers: list[Layer] = []
    for _ in some(rng, strength, 4):
        angle = rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)]) + rng.normal(0, 0.02)
        straight = np.linspace(-1, 1, 40) * np.hypot(*(high - low))
        shape = np.stack([straight, np.cumsum(rng.normal(0, 0.12, 40))], -1)
        tone = float(rng.choice([rng.uniform(0.85, 1.0), rng.uniform(0.3, 0.6)], p=[0.65, 0.35]))
        opacity, pen = float(strength * rng.uniform(0.15, 0.7)), float(rng.uniform(0.15, 0.7))
        line = turned(shape, angle, rng.uniform(low, high))
        layers.append(Mark(line, pen, (tone, tone, tone), opacity, float(rng.uniform(0.05, 0.6))))
    return layers


def quilting(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Broad lighter lines at even distances in one direction or two: a sheet that was folded again and again."""
    low, high = np.array(ground.extent_mm[:2]), np.array(ground.extent_mm[2:])
    reach, first = float(np.hypot(*(high - low))), rng.uniform(0, np.pi)
    layers: list[Layer] = []
    for angle in (first, first + rng.uniform(0.5, 2.6))[: 1 + int(rng.random() < 0.7)]:
        pace, width, opacity = (
            rng.uniform(18, 60),
            float(rng.uniform(0.6, 2.5)),
            float(strength * rng.uniform(0.15, 0.6)),
        )
        for off in np.arange(-reach / 2 + rng.uniform(0, pace), reach / 2, pace):
            line = turned(np.array([[-reach, off], [reach, off]]), angle, (low + high) / 2)
            layers.append(Mark(line, width, (1.0, 1.0, 1.0), opacity, float(rng.uniform(0.3, 0.8))))
    return layers


def stains(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Coffee, water, yellowing: a few tinted blots, some with a rim."""
    return [
        _blot(ground.anywhere(rng), float(rng.uniform(6, 60)), strength * rng.uniform(0.05, 0.4), rng)
        for _ in some(rng, strength, 3)
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


def tape(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Strips of clear tape, yellowed, with a duller view of what is below."""
    layers: list[Layer] = []
    for _ in some(rng, strength, 2):
        strip = turned(block(rng.uniform(25, 90), rng.uniform(10, 20)), rng.normal(0, 0.9), ground.anywhere(rng))
        layers.append(Mark(strip, 0.0, (0.93, 0.87, 0.68), float(rng.uniform(0.15, 0.45))))
        layers += [Mark(strip[[a, b]], 0.3, (1.0, 1.0, 0.95), 0.35) for a, b in ((0, 1), (3, 2))]
    return layers


def staples(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Metal clips near a corner, each with its shadow."""
    x0, y0, x1, y1 = ground.extent_mm
    corner = np.array([rng.choice([x0 + 9, x1 - 9]), rng.choice([y0 + 7, y1 - 7])])
    layers: list[Layer] = []
    for _ in some(rng, strength, 2):
        wire = turned(np.array([[-6.0, 0.0], [6.0, 0.0]]), rng.normal(0, 0.6), rng.normal(corner, 2.5))
        layers.append(Mark(wire + 0.35, 0.7, (0.2, 0.2, 0.2), 0.5, 0.3))
        layers.append(Mark(wire, 0.55, (0.62, 0.62, 0.64)))
    return layers


def holes(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Punched holes at the distances of a binder, or a single one somewhere."""
    (x, y), inward = ground.on_edge(rng)
    along, radius = np.abs(inward[::-1]), float(rng.uniform(2.4, 3.4))
    places = rng.choice([-40.0, 40.0], 2, replace=False) if rng.random() < 0.7 else np.array([0.0])
    turns = np.linspace(0, 2 * np.pi, 25)[:-1]
    ring = radius * np.stack([np.cos(turns), np.sin(turns)], -1)
    middle = np.array([x, y]) + inward * rng.uniform(8, 14)
    layers: list[Layer] = []
    for place in places:
        edge = ring + middle + along * place
        layers += [Mark(edge - 0.2, 0.4, (0.3, 0.3, 0.3), 0.4, 0.3), Cut(edge, ground.under_rgb)]
    return layers


def tears(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Pieces torn from the edge, with a white ragged rim."""
    layers: list[Layer] = []
    for _ in some(rng, strength, 2):
        at, inward = ground.on_edge(rng)
        along, steps = np.abs(inward[::-1]), int(rng.integers(9, 25))
        deep = rng.uniform(4, 8 + 26 * strength) * np.sin(np.linspace(0, np.pi, steps)) ** rng.uniform(0.4, 2)
        deep[1:-1] += np.abs(rng.normal(0, 0.8, steps - 2))
        deep[[0, -1]] = -2.0
        across = np.linspace(-0.5, 0.5, steps) * rng.uniform(3, 50)
        rim = at + deep[:, None] * inward + across[:, None] * along
        tone = pick(rng, (0.97, 0.9))
        layers += [Mark(rim, float(rng.uniform(0.6, 2.4)), (tone, tone, tone), 0.9, 0.15), Cut(rim, ground.under_rgb)]
    return layers
