"""What the atria and the pacemaker add all the time: fibrillation, flutter, spikes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def fibrillate(rng: np.random.Generator, matrix: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Fibrillation waves, mV [8 leads, sample]: 4-9 Hz, never twice the same, clearest in V1."""
    size = rng.uniform(0.02, 0.075)
    out = np.zeros((3, len(time_s)))
    for _ in range(3):
        rate = rng.uniform(4.5, 8.0) + 0.7 * np.sin(2 * np.pi * rng.uniform(0.1, 0.6) * time_s + rng.uniform(0, 6.3))
        phase = 2 * np.pi * np.cumsum(rate) * (time_s[1] - time_s[0]) + rng.uniform(0, 6.3)
        envelope = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.1, 0.5) * time_s + rng.uniform(0, 6.3))
        direction = rng.normal(0, 1, 3) * (0.5, 0.8, 1.0)
        out += direction[:, None] * envelope * (np.sin(phase) + 0.3 * np.sin(2 * phase + 1))
    return size * 0.6 * matrix @ out


def flutter_saw(rng: np.random.Generator, matrix: np.ndarray, time_s: np.ndarray, hz: float) -> np.ndarray:
    """Flutter waves, mV [8 leads, sample]: a saw, down in the inferior leads and up in V1, or the reverse."""
    phase = 2 * np.pi * hz * time_s + rng.uniform(0, 6.3)
    saw = sum(np.sin(k * phase + 0.35 * (k - 1)) / k**1.25 for k in range(1, 6))
    lag = np.sin(phase - 0.9)
    reverse = 1.0 if rng.random() < 0.8 else -0.8
    size = rng.uniform(0.07, 0.17) * reverse
    return size * matrix @ (np.outer((0.05, -1.0, -0.15), saw) + np.outer((0.0, 0.1, -0.5), lag))


def spikes(rng: np.random.Generator, matrix: np.ndarray, time_s: np.ndarray, onsets_s: Sequence[float]) -> np.ndarray:
    """Pacing spikes, mV [8 leads, sample]: one or two samples wide; small when bipolar, large when unipolar."""
    size = rng.uniform(0.15, 0.5) if rng.random() < 0.5 else rng.uniform(0.8, 2.5)
    direction = np.array((0.5, -0.8, 0.4)) * rng.choice((-1, 1)) + rng.normal(0, 0.25, 3)
    train = np.zeros(len(time_s))
    at = np.searchsorted(time_s, np.asarray(onsets_s))
    at = at[(at > 0) & (at < len(time_s) - 2)]
    train[at], train[at + 1] = 1.0, -0.12
    return size * np.outer(matrix @ direction, train)
