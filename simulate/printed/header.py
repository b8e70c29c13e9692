"""The print above and below the traces: text in columns, rules, boxes, logos, barcodes."""

from __future__ import annotations

import numpy as np

from ecg.layout import Layout
from simulate.printed.paper import Paper
from simulate.printed.sheet import Label, Stroke
from simulate.raster.text import Scales, header_lines, text_size

Box = tuple[float, float, float, float]


def headers(
    layout: Layout, paper: Paper, height_mm: float, font: int, rng: np.random.Generator
) -> tuple[list[Label], list[Stroke]]:
    """Text and drawings in the free strip above the traces and along the foot; letters are `height_mm` high."""
    x0, y0, x1, y1 = paper.extent_mm
    top, bottom = layout.extent_mm[1], layout.extent_mm[3]
    lines, strokes = header_lines(rng, _scales(layout)), []
    labels = _columns(lines, (x0 + 4, y0 + 3, x1 - 2, top), height_mm, font, rng)
    if y1 - bottom > height_mm * 2:
        labels.append(Label(lines[-1], x0 + 6, bottom + 0.3 * (y1 - bottom), height_mm, font))
    if top - y0 > 12:
        free = (_right_of(labels, top) + 5, y0 + 2, x1 - 2, top - 2)
        strokes += _emblem(free, rng) + _rules(labels, (x0, y0, x1, top), rng)
    return labels, strokes


def _scales(layout: Layout) -> Scales:
    chest = min((box.gain for box in layout.boxes), default=1.0)
    return Scales(layout.mm_per_s, layout.mm_per_mv, layout.mm_per_mv * chest)


def _columns(lines: list[str], room_mm: Box, height_mm: float, font: int, rng: np.random.Generator) -> list[Label]:
    """Lines in one to three columns, none over another; what finds no room is left out."""
    x0, y0, x1, y1 = room_mm
    columns, step = int(rng.integers(1, 4)), height_mm * rng.uniform(1.6, 2.2)
    most, x, labels = max(0, int((y1 - y0) / step)), x0, []
    count = min(most, -(-len(lines) // columns))
    for first in range(0, len(lines), max(count, 1)):
        part = lines[first : first + count]
        wide = max((text_size(line, height_mm * 8, font)[1] / 8 for line in part), default=0.0)
        if x + wide > x1:
            break
        labels += [Label(line, x, y0 + r * step, height_mm, font) for r, line in enumerate(part)]
        x = max(x + wide + 4, x0 + (first // max(count, 1) + 1) * (x1 - x0) / columns)
    return labels


def _right_of(labels: list[Label], top_mm: float) -> float:
    """The right end of all text above `top_mm`, mm."""
    ends = [b.x_mm + text_size(b.text, b.height_mm * 8, b.font)[1] / 8 for b in labels if b.y_mm < top_mm]
    return max(ends, default=0.0)


def _rules(labels: list[Label], room_mm: Box, rng: np.random.Generator) -> list[Stroke]:
    """A line across the page under the header, or a frame around it."""
    x0, y0, x1, y1 = room_mm
    kind, pen = rng.choice(["none", "rule", "rules", "frame"], p=[0.7, 0.14, 0.08, 0.08]), float(rng.uniform(0.15, 0.7))
    under = max((b.y_mm + 1.8 * b.height_mm for b in labels if b.y_mm < y1), default=y0 + 4) + 1
    if kind == "none" or under > y1:
        return []
    inset = rng.uniform(0, 6)
    levels = [under] if kind == "rule" else [y0 + 1.5, under]
    lines = [np.array([[x0 + inset, y], [x1 - inset, y]]) for y in levels]
    if kind == "frame":
        lines += [np.array([[x, levels[0]], [x, levels[1]]]) for x in (x0 + inset, x1 - inset)]
    return [Stroke(line, pen, "rule") for line in lines]


def _emblem(room_mm: Box, rng: np.random.Generator) -> list[Stroke]:
    """A barcode or a logo at the right of the header, if there is room."""
    x0, y0, x1, y1 = room_mm
    size = min(float(rng.uniform(6, 14)), y1 - y0)
    chance = rng.random()
    if size < 5 or x1 - x0 < 40 or chance > 0.3:
        return []
    x = float(rng.uniform(x0, x1 - 36))
    return _barcode(x, y0, size, rng) if chance < 0.15 else _logo(x, y0, size, rng)


def _barcode(x_mm: float, y_mm: float, high_mm: float, rng: np.random.Generator) -> list[Stroke]:
    widths = rng.integers(1, 4, 60) * 0.3
    at = x_mm + np.cumsum(widths)
    bars = [(x, float(wide)) for x, wide in zip(at[::2], widths[::2], strict=True) if x < x_mm + 35]
    return [Stroke(np.array([[x, y_mm], [x, y_mm + high_mm]]), wide, "emblem") for x, wide in bars]


def _logo(x_mm: float, y_mm: float, size_mm: float, rng: np.random.Generator) -> list[Stroke]:
    """Two closed curves inside each other, round or cornered."""
    turns = np.linspace(0, 2 * np.pi, int(rng.choice([4, 5, 7, 33])))
    ring = np.stack([np.cos(turns), np.sin(turns)], -1) * size_mm / 2 + (x_mm + size_mm / 2, y_mm + size_mm / 2)
    inner = (ring - ring.mean(0)) * rng.uniform(0.2, 0.8) + ring.mean(0)
    return [Stroke(points, float(rng.uniform(0.3, 1.2)), "emblem") for points in (ring, inner)]
