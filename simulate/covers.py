"""What lies on the page while the picture is taken, and reaches beyond it."""

from __future__ import annotations

import numpy as np

from simulate.ground import Ground, block, pick, some, turned
from simulate.layers import RGB, Cover, Layer

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
    layers: list[Layer] = []
    for _ in some(rng, strength, 2):
        at, inward = ground.on_edge(rng)
        angle = np.arctan2(inward[1], inward[0]) + rng.normal(0, 0.35)
        tip, wide = float(rng.uniform(6, 10 + 16 * strength)), float(rng.uniform(13, 19))
        turns = np.linspace(-np.pi / 2, np.pi / 2, 17)
        end = np.stack([0.7 * np.cos(turns), np.sin(turns)], -1) * wide / 2 + (tip - 0.35 * wide, 0)
        hand = np.array([[-320, 2.8], [-75, 2.4], [-48, 0.56]]) * [1, wide]
        finger = np.vstack([hand * [1, -1], end, hand[::-1]])
        layers.append(Cover(turned(finger, angle, at), skin))
    return layers


def papers(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Another sheet whose corner lies over this one."""
    at, inward = ground.on_edge(rng)
    tone = rng.uniform(0.8, 1.0) * np.array([1.0, rng.uniform(0.93, 1.0), rng.uniform(0.85, 1.0)])
    r, g, b = tone.tolist()
    size = rng.uniform(70, 200, 2)
    overlap = rng.uniform(2, 5 + 25 * strength)
    centre = at - inward * (size.min() / 2 - overlap)
    return [Cover(turned(block(*size), rng.normal(0, 0.5), centre), (r, g, b))]
