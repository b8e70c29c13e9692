"""Variations of training signals: a table of small functions, each applied by chance. Leads are never turned over,
because axis and infarct labels hang on their sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """A variation `apply(signal [lead, sample], rng, fs_hz)` and how often it happens."""

    name: str
    chance: float
    apply: Callable[[np.ndarray, np.random.Generator, float], np.ndarray]


def augment(signal: np.ndarray, rng: np.random.Generator, fs_hz: float, rows: Sequence[Augmentation]) -> np.ndarray:
    """The signal after each row of a table that chance picks; its shape stays."""
    for row in rows:
        if rng.random() < row.chance:
            signal = row.apply(signal, rng, fs_hz)
    return signal


def random_crop(signal: np.ndarray, rng: np.random.Generator, samples: int) -> tuple[np.ndarray, int]:
    """A stretch of that many samples from anywhere, and its first sample; everything when there are no more."""
    first = int(rng.integers(0, max(signal.shape[1] - samples, 0) + 1))
    return signal[:, first : first + samples], first


@dataclass(frozen=True)
class Retiming:
    """A shift by a part of the length, and a stretch around the middle."""

    shift: float = 0.0
    stretch: float = 1.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Retiming:
        """By up to a tenth and a twentieth every second time, else none."""
        return cls(rng.uniform(-0.1, 0.1), rng.uniform(0.95, 1.05)) if rng.random() < 0.5 else cls()

    def of_signal(self, signal: np.ndarray) -> np.ndarray:
        """The signal [lead, sample] moved; NaN where it moved away."""
        if self == Retiming():
            return signal
        n = signal.shape[1]
        where = (np.arange(n) - n / 2) / self.stretch + n / 2 - self.shift * n
        low = np.clip(np.floor(where).astype(int), 0, n - 2)
        part = (where - low).astype(np.float32)
        out = signal[:, low] * (1 - part) + signal[:, low + 1] * part
        out[:, (where < 0) | (where > n - 1)] = np.nan
        return out

    def of_places(self, places: np.ndarray, n: int) -> np.ndarray:
        """Where samples of a signal of `n` samples come to lie."""
        return (places - n / 2 + self.shift * n) * self.stretch + n / 2


def misread_gain(spread_mv: np.ndarray | None, rng: np.random.Generator) -> np.ndarray | None:
    """The leads' spread in mV with a common and a single error of a few per cent; None, unknown, one time in five."""
    if spread_mv is None or rng.random() < 0.2:
        return None
    error = rng.normal(0, 0.05) + rng.normal(0, 0.05, len(spread_mv))
    return spread_mv * np.exp(error)


def _drift(signal: np.ndarray, rng: np.random.Generator, fs_hz: float) -> np.ndarray:
    time_s = np.arange(signal.shape[1]) / fs_hz
    wave = np.sin(2 * np.pi * (rng.uniform(0.1, 0.5) * time_s + rng.random()))
    return signal + wave * _spread(signal) * rng.uniform(0, 0.5)


def _spread(signal: np.ndarray) -> np.ndarray:
    """Standard deviation [lead, 1] over what is there; 0 where nothing is."""
    there = np.isfinite(signal)
    count = np.maximum(there.sum(1, keepdims=True), 1)
    centred = np.where(there, signal - np.where(there, signal, 0).sum(1, keepdims=True) / count, 0)
    return np.sqrt((centred**2).sum(1, keepdims=True) / count)


def _mask_leads(signal: np.ndarray, rng: np.random.Generator, fs_hz: float) -> np.ndarray:
    """One to a quarter of the leads not there; a single lead stays."""
    hidden = rng.choice(len(signal), rng.integers(1, max(len(signal) // 4, 1) + 1), replace=False)
    out = signal.copy()
    out[hidden[: len(signal) - 1]] = np.nan
    return out


def _mask_end(signal: np.ndarray, rng: np.random.Generator, fs_hz: float) -> np.ndarray:
    out = signal.copy()
    out[:, signal.shape[1] - int(rng.uniform(0.02, 0.2) * signal.shape[1]) :] = np.nan
    return out


def _blur(signal: np.ndarray, rng: np.random.Generator, fs_hz: float) -> np.ndarray:
    return np.apply_along_axis(np.convolve, 1, signal, np.array([0.25, 0.5, 0.25]), "same")


def _noise(signal: np.ndarray, rng: np.random.Generator, fs_hz: float) -> np.ndarray:
    return signal + rng.normal(0, 0.05, signal.shape)


def _scale(signal: np.ndarray, rng: np.random.Generator, fs_hz: float) -> np.ndarray:
    return signal * rng.uniform(0.8, 1.2, (len(signal), 1))


def _lift(signal: np.ndarray, rng: np.random.Generator, fs_hz: float) -> np.ndarray:
    return signal + rng.normal(0, 0.05, (len(signal), 1))


# On the recording, in its unit, with NaN where nothing is; then on what preparation made of it, as reading ink does.
RECORDED = (
    Augmentation("drift", 0.3, _drift),
    Augmentation("mask_leads", 0.15, _mask_leads),
    Augmentation("mask_end", 0.15, _mask_end),
)
PREPARED = (
    Augmentation("blur", 0.2, _blur),
    Augmentation("noise", 0.3, _noise),
    Augmentation("scale", 0.2, _scale),
    Augmentation("lift", 0.2, _lift),
)
