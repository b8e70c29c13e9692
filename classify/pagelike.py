"""What a page does to a recording: only stretches of each lead are printed; and small variations for training."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ecg.layout import template
from ecg.leads import STANDARD

# (layout, probability); the rhythm lead is drawn anew each time. "full" and 12x1 print every lead for ten seconds.
LAYOUTS: tuple[tuple[str, float], ...] = (
    ("full", 0.36), ("3x4+1", 0.24), ("3x4", 0.10), ("3x4+2", 0.04), ("3x4+3", 0.06), ("6x2", 0.07), ("6x2+1", 0.07),
    ("4x3", 0.02), ("6x1-limb", 0.02), ("6x1-precordial", 0.02),
)  # fmt: skip
_RHYTHM_LEADS = ("II", "V1", "V5", "II", "II", "III")


@lru_cache
def printed(layout: str, rhythm: tuple[str, ...], fs_hz: float, samples: int) -> np.ndarray:
    """Where each standard lead is printed on a page of this layout; bool [12, samples]."""
    seen = np.zeros((len(STANDARD), samples), bool)
    if layout == "full":
        return ~seen
    for box in template(layout, rhythm).place().boxes:
        row = STANDARD.index(box.lead.removeprefix("-"))
        seen[row, round(box.t0_s * fs_hz) : round(box.t1_s * fs_hz)] = True
    return seen


def draw_mask(rng: np.random.Generator, fs_hz: float, samples: int) -> np.ndarray:
    """A random page's mask, sometimes with a lead unread or the end cut off; bool [12, samples]."""
    names, weights = zip(*LAYOUTS, strict=True)
    name = names[rng.choice(len(names), p=np.array(weights) / sum(weights))]
    strips = int(name.partition("+")[2] or 0)
    seen = printed(name, tuple(rng.choice(_RHYTHM_LEADS, strips).tolist()), fs_hz, samples).copy()
    if rng.random() < 0.15:
        seen[rng.choice(len(STANDARD), rng.integers(1, 4), replace=False)] = False
    if rng.random() < 0.15:
        seen[:, samples - int(rng.uniform(0.02, 0.2) * samples) :] = False
    return seen


def vary(signal: np.ndarray, rng: np.random.Generator, fs_hz: float) -> np.ndarray:
    """Time shift, stretch, gain per lead and drift; [lead, sample] in the record's unit, NaN where it moved away."""
    out = signal
    if rng.random() < 0.5:
        out = _retime(out, rng.uniform(-0.1, 0.1), rng.uniform(0.95, 1.05))
    if rng.random() < 0.3:
        time_s = np.arange(out.shape[1]) / fs_hz
        wave = np.sin(2 * np.pi * (rng.uniform(0.1, 0.5) * time_s + rng.random()))
        out = out + wave * np.nanstd(out, 1, keepdims=True) * rng.uniform(0, 0.5)
    return out


def disturb(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise, gain and blur on the z-scored signal [lead, sample], as reading ink brings them."""
    out = z
    if rng.random() < 0.2:
        out = np.apply_along_axis(np.convolve, 1, out, np.array([0.25, 0.5, 0.25]), "same")
    if rng.random() < 0.3:
        out = out + rng.normal(0, 0.05, out.shape)
    if rng.random() < 0.2:
        out = out * rng.uniform(0.8, 1.2, (len(out), 1))
    return out.astype(np.float32)


def misread_gain(spread_mv: np.ndarray | None, rng: np.random.Generator) -> np.ndarray | None:
    """The leads' spread in mV with a common and a single error of a few per cent; None, unknown, one time in five."""
    if spread_mv is None or rng.random() < 0.2:
        return None
    error = rng.normal(0, 0.05) + rng.normal(0, 0.05, len(spread_mv))
    return spread_mv * np.exp(error)


def _retime(signal: np.ndarray, shift: float, stretch: float) -> np.ndarray:
    """Shift by a part of the length and stretch; linear interpolation, NaN outside."""
    n = signal.shape[1]
    where = (np.arange(n) - n / 2) / stretch + n / 2 - shift * n
    low = np.clip(np.floor(where).astype(int), 0, n - 2)
    part = (where - low).astype(np.float32)
    out = signal[:, low] * (1 - part) + signal[:, low + 1] * part
    out[:, (where < 0) | (where > n - 1)] = np.nan
    return out
