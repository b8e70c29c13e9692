"""What people write, stick and stamp on a page."""

from __future__ import annotations

import numpy as np

from simulate.raster.text import patient_lines
from simulate.wear.artefact import Ground, block, pick, some, turned
from simulate.wear.handwriting import arrow, loop, tick, word
from simulate.wear.layers import RGB, Layer, Lettering, Mark

_PENS: tuple[RGB, ...] = ((0.1, 0.15, 0.55), (0.08, 0.08, 0.1), (0.75, 0.1, 0.12), (0.1, 0.4, 0.2), (0.3, 0.3, 0.32))
_FELTS: tuple[RGB, ...] = ((1.0, 0.95, 0.25), (1.0, 0.6, 0.75), (0.6, 0.95, 0.5), (0.5, 0.85, 1.0), (1.0, 0.75, 0.35))
_STAMPS: tuple[RGB, ...] = ((0.2, 0.2, 0.65), (0.7, 0.15, 0.2), (0.4, 0.15, 0.5), (0.15, 0.15, 0.18))
_WORDS = ("RECEIVED", "COPY", "REVIEWED", "CARDIOLOGY", "SCANNED", "URGENT", "FILED", "KOPIE", "12.03.", "Dr.")
_STAMP_FONT, _LABEL_FONT = 3, 0


def handwriting(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Words, circles, arrows and ticks of a pen, beside the traces and across them."""
    rgb, pen = pick(rng, _PENS), float(rng.uniform(0.25, 0.7))
    drawn = []
    for _ in some(rng, strength, 5):
        at = ground.among_traces(rng) if rng.random() < 0.7 else ground.anywhere(rng)
        drawn += pick(rng, (word, word, word, loop, arrow, tick))(at, rng)
    return [Mark(points, pen, rgb, float(rng.uniform(0.7, 0.98))) for points in drawn]


def calipers(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Dots or strokes at even distances along a row, left by who measured."""
    layers: list[Layer] = []
    for _ in some(rng, strength, 2):
        row = pick(rng, ground.layout.rows())
        x = rng.uniform(row[0].box_mm[0], row[-1].box_mm[2]) + rng.uniform(8, 35) * np.arange(rng.integers(2, 9))
        y, high = row[0].baseline_mm + rng.uniform(-12, 8), float(rng.choice([0.0, rng.uniform(1, 4)]))
        pen, rgb = float(rng.uniform(0.4, 1.0)), pick(rng, _PENS)
        layers += [Mark(np.array([[a, y], [a, y + high]]), pen, rgb, 0.9) for a in x]
    return layers


def highlighter(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Broad see-through strokes."""
    layers: list[Layer] = []
    for _ in some(rng, strength, 2):
        start, length = ground.anywhere(rng), rng.uniform(15, 80)
        stroke = start + np.stack([length * np.linspace(0, 1, 3), np.cumsum(rng.normal(0, 0.5, 3))], -1)
        pen, opacity = float(rng.uniform(3, 6)), float(rng.uniform(0.5, 0.95))
        layers.append(Mark(stroke, pen, pick(rng, _FELTS), opacity, 0.2, stains=True))
    return layers


def stamps(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """A ring or a frame with a word in it, a little turned."""
    rgb, at, opacity = pick(rng, _STAMPS), ground.anywhere(rng), float(rng.uniform(0.35, 0.85) * (0.4 + 0.6 * strength))
    height, angle, text = float(rng.uniform(3, 6)), rng.normal(0, 0.2), pick(rng, _WORDS)
    size = np.array([0.84 * height * len(text) + 4, 2.2 * height])
    turns = np.linspace(0, 2 * np.pi, 49)
    ring = np.stack([np.cos(turns), np.sin(turns)], -1) * (size[0] / 2 + 1)
    frame = ring if rng.random() < 0.4 else block(*size)[[0, 1, 2, 3, 0]]
    (corner,) = turned(np.array([[2 - size[0] / 2, -0.8 * height]]), angle, at).tolist()
    return [
        Mark(turned(frame, angle, at), float(rng.uniform(0.4, 1.2)), rgb, opacity),
        Lettering(text, (corner[0], corner[1]), height, _STAMP_FONT, rgb, opacity, float(np.degrees(angle))),
    ]


def stickers(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """A patient's label glued onto the page; what is below cannot be read."""
    wide, high, angle = float(rng.uniform(35, 75)), float(rng.uniform(12, 30)), rng.normal(0, 0.06)
    x0, y0, x1, _ = ground.extent_mm
    top = rng.uniform((x0, y0), (x1, max(ground.layout.extent_mm[1], y0 + 10)))
    at = top if rng.random() < 0.7 else ground.anywhere(rng)
    layers: list[Layer] = [Mark(turned(block(wide, high), angle, at), 0.0, (0.97, 0.97, 0.95), hides=True)]
    for i, line in enumerate(patient_lines(rng)[: int(high / 5)]):
        (corner,) = turned(np.array([[3 - wide / 2, 2 + 4.5 * i - high / 2]]), angle, at).tolist()
        turn = float(np.degrees(angle))
        layers.append(Lettering(line[: int(wide / 2)], (corner[0], corner[1]), 2.0, _LABEL_FONT, (0.1,) * 3, 0.9, turn))
    return layers


def redaction(ground: Ground, strength: float, rng: np.random.Generator) -> list[Layer]:
    """Black or white bars over names and numbers, now and then over a trace."""
    layers: list[Layer] = []
    for _ in some(rng, strength, 3):
        size = rng.uniform((12, 3), (60, 9))
        x0, y0, x1, _ = ground.extent_mm
        above = rng.uniform((x0, y0), (x1, max(ground.layout.extent_mm[1], y0 + 8)))
        at = above if rng.random() < 0.7 else ground.among_traces(rng)
        tone = float(rng.choice([rng.uniform(0, 0.12), rng.uniform(0.93, 1.0)]))
        layers.append(Mark(at + block(*size), 0.0, (tone, tone, tone), hides=True))
    return layers
