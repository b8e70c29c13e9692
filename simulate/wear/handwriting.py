"""Pen strokes of a hand: words that cannot be read, loops, arrows and ticks; each [point, (x, y)] in paper mm."""

from __future__ import annotations

import numpy as np

Strokes = list[np.ndarray]


def word(at_mm: np.ndarray, rng: np.random.Generator) -> Strokes:
    """A few words in joined-up writing: loops that wander to the right, some high, some deep."""
    height, slant = rng.uniform(1.2, 4.0), rng.normal(0.25, 0.2)
    turn = _turn(rng.normal(0, 0.12))
    strokes, x = [], 0.0
    for letters in rng.integers(2, 9, int(rng.integers(1, 4))):
        t = np.linspace(0, letters, 9 * int(letters) + 1)
        tall = np.interp(t, np.arange(letters + 1), rng.choice([0.5, 0.5, 0.6, 1.3, 1.0], letters + 1))
        deep = np.interp(t, np.arange(letters + 1), rng.choice([0, 0, 0, 0.7], letters + 1))
        swing = 2 * np.pi * t + np.cumsum(rng.normal(0, 0.12, t.size))
        y = -(tall * (1 - np.cos(swing)) / 2 - deep * (1 + np.cos(swing)) / 4)
        across = 0.75 * t - 0.28 * np.sin(swing) - slant * y
        strokes.append((np.stack([x + across, y], -1) * height) @ turn + at_mm)
        x += 0.75 * float(letters) + 0.8
    return strokes


def loop(at_mm: np.ndarray, rng: np.random.Generator) -> Strokes:
    """An ellipse drawn by hand around something; its ends need not meet."""
    t = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.2), 60) + rng.uniform(0, 6)
    size = rng.uniform(3, 18, 2) * np.linspace(1, rng.uniform(0.9, 1.15), 60)[:, None]
    return [np.stack([np.cos(t), np.sin(t)], -1) * size @ _turn(rng.normal(0, 0.4)) + at_mm]


def arrow(at_mm: np.ndarray, rng: np.random.Generator) -> Strokes:
    """A bowed shaft with a head."""
    length, turn = rng.uniform(6, 30), _turn(rng.uniform(0, 2 * np.pi))
    t = np.linspace(0, 1, 20)
    shaft = np.stack([t, rng.normal(0, 0.15) * t * (1 - t)], -1) * length
    head = np.array([[-0.15, 0.08], [0, 0], [-0.15, -0.09]]) * length + shaft[-1]
    return [shaft @ turn + at_mm, head @ turn + at_mm]


def tick(at_mm: np.ndarray, rng: np.random.Generator) -> Strokes:
    """A check mark, or a long line struck across the page."""
    if rng.random() < 0.5:
        shape = np.array([[0, 0], [0.3, 0.4], [1, -0.8]]) * rng.uniform(3, 10)
        return [shape + at_mm]
    ends = rng.uniform(10, 90) * np.array([[0, 0], [np.cos(angle := rng.normal(0, 0.5)), np.sin(angle)]])
    t = np.linspace(0, 1, 30)[:, None]
    return [at_mm + t * ends[1] + np.cumsum(rng.normal(0, 0.05, (30, 2)), 0)]


def _turn(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s], [-s, c]])
