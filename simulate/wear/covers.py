"""What lies on the page while the picture is taken, and reaches beyond it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulate.wear.artefact import Ground, block, pick, some, turned
from simulate.wear.layers import RGB, Cover, Layer, Mark

_SKINS: tuple[RGB, ...] = (
    (0.87, 0.68, 0.57),
    (0.76, 0.55, 0.43),
    (0.55, 0.37, 0.27),
    (0.38, 0.25, 0.19),
    (0.3, 0.55, 0.8),
)


def fingers(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Fingertips (some in a glove) that hold the page at its edge."""
    skin = pick(rng, _SKINS)
    has_nails = skin != _SKINS[-1] and rng.random() < 0.7
    layers: list[Layer] = []
    for _ in some(rng, strength, 2):
        at, inward = ground.on_edge(rng)
        angle = np.arctan2(inward[1], inward[0]) + rng.normal(0, 0.35)
        tip, wide = float(rng.uniform(6, 10 + 16 * strength)), float(rng.uniform(13, 19))
        turns = np.linspace(-np.pi / 2, np.pi / 2, 17)
        end = np.stack([0.7 * np.cos(turns), np.sin(turns)], -1) * wide / 2 + (tip - 0.35 * wide, 0)
        hand = np.array([[-320, 2.8], [-75, 2.4], [-48, 0.56]]) * [1, wide]
        finger = np.vstack([hand * [1, -1], end, hand[::-1]])
        marks = _finger_marks(tip, wide, skin, has_nails, rng)
        placed = tuple(replace(mark, points_mm=turned(mark.points_mm, angle, at)) for mark in marks)
        layers.append(Cover(turned(finger, angle, at), skin, placed))
    return layers


def _finger_marks(tip: float, wide: float, skin: RGB, has_nails: bool, rng: np.random.Generator) -> list[Mark]:
    """What makes a finger along x round: darker sides, a lighter back, creases over the joints, and its nail."""
    dark, pale = _toned(skin, 0.55), _toned(skin, 1.25)
    side, lit = rng.uniform(0.3, 0.42) * wide * rng.choice([-1, 1]), rng.uniform(0.05, 0.2)
    rims = [np.array([[-70, y], [tip - 0.7 * wide, y], [tip - 0.4 * wide, 0.6 * y]]) for y in (side, -side)]
    marks = [Mark(rim, 0.2 * wide, dark, opacity, 0.09 * wide) for rim, opacity in zip(rims, (0.55, 0.25), strict=True)]
    back = np.array([[-70, -lit * side], [tip - 0.75 * wide, -lit * side]])
    marks.append(Mark(back, 0.25 * wide, pale, 0.35, 0.12 * wide))
    for joint in (1.7, 1.85, 3.3):
        across = np.array([[0.0, -0.3], [0.05, 0.0], [0.0, 0.3]]) + rng.normal(0, 0.02, (3, 2))
        marks.append(Mark(across * wide + (tip - joint * wide, 0), 0.4, dark, 0.4, 0.3))
    if has_nails:
        turns = np.linspace(0, 2 * np.pi, 25)[:-1]
        nail = np.stack([0.36 * np.cos(turns), 0.3 * np.sin(turns)], -1) * wide + (tip - 0.5 * wide, 0)
        marks.append(Mark(nail, 0.0, _toned((0.95, 0.78, 0.74), 0.4 + 0.6 * max(skin)), 0.6, 0.25))
        marks.append(Mark(nail[:13], 0.35, _toned(skin, 0.7), 0.5, 0.2))
    return marks


def _toned(rgb: RGB, share: float) -> RGB:
    r, g, b = np.clip(np.array(rgb) * share, 0, 1).tolist()
    return r, g, b


def papers(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Another sheet with lines of print, whose corner lies over this one."""
    at, inward = ground.on_edge(rng)
    tone = rng.uniform(0.8, 1.0) * np.array([1.0, rng.uniform(0.93, 1.0), rng.uniform(0.85, 1.0)])
    r, g, b = tone.tolist()
    size = rng.uniform(70, 200, 2)
    overlap = rng.uniform(2, 5 + 25 * strength)
    centre = at - inward * (size.min() / 2 - overlap)
    angle, (wide, high) = rng.normal(0, 0.5), (size / 2 - 8).tolist()
    ink, lines = float(rng.uniform(0.1, 0.6)), np.arange(-high, high, rng.uniform(5, 14))[: int(rng.integers(2, 16))]
    print_ = tuple(
        Mark(turned(np.array([[-wide, y], [rng.uniform(-wide, wide), y]]), angle, centre), 1.6, (ink,) * 3, 0.4, 0.3)
        for y in lines
    )
    return [Cover(turned(block(*size), angle, centre), (r, g, b), print_)]
