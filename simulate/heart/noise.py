"""Noise of skin, muscle, mains and cables, added at the nine electrodes so that the limb-lead laws still hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

# I, II, V1..V6 from the potentials of RA, LA, LL, C1..C6 (Wilson's terminal as the chest reference).
_TO_LEADS = np.zeros((8, 9))
_TO_LEADS[0, [0, 1]], _TO_LEADS[1, [0, 2]] = (-1, 1), (-1, 1)
_TO_LEADS[2:, :3] = -1 / 3
_TO_LEADS[2:, 3:] = np.eye(6)

Noise = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def muscle(rng: np.random.Generator, time_s: np.ndarray) -> np.ndarray:
    """Tense muscle: coloured noise, in bursts, stronger on some electrodes; mV [9 electrodes, sample]."""
    white = rng.standard_normal((9, len(time_s) + 3))
    coloured = 0.5 * (white[:, 3:] + white[:, 2:-1] - white[:, 1:-2] - white[:, :-3])  # strongest at a sixth of fs
    burst = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.05, 0.4) * time_s + rng.uniform(0, 6.3))
    return coloured * burst * rng.gamma(2.0, 0.006, (9, 1))


def mains(rng: np.random.Generator, time_s: np.ndarray) -> np.ndarray:
    """Hum at 50 or 60 Hz, one phase and strength per electrode."""
    hz = rng.choice((50.0, 60.0))
    sway = 1 + 0.3 * np.sin(2 * np.pi * 0.3 * time_s + rng.uniform(0, 6.3))
    return rng.gamma(1.5, 0.008, (9, 1)) * np.sin(2 * np.pi * hz * time_s + rng.uniform(0, 0.6, (9, 1))) * sway


def wander(rng: np.random.Generator, time_s: np.ndarray) -> np.ndarray:
    """Baseline drift: breath and slower."""
    rates = (0.05, 0.13, rng.uniform(0.2, 0.4))
    size = rng.gamma(1.5, 0.035, (3, 9, 1))
    return sum(
        s * np.sin(2 * np.pi * hz * time_s + rng.uniform(0, 6.3, (9, 1))) for s, hz in zip(size, rates, strict=True)
    )


def motion(rng: np.random.Generator, time_s: np.ndarray) -> np.ndarray:
    """One to three sudden shifts of single electrodes that decay in about half a second."""
    out = np.zeros((9, len(time_s)))
    for _ in range(rng.integers(1, 4)):
        since = time_s - rng.uniform(time_s[0], time_s[-1])
        jump = np.where(since > 0, np.exp(-np.maximum(since, 0) / rng.uniform(0.15, 0.8)), 0.0)
        out[rng.integers(9)] += rng.normal(0, 0.5) * np.convolve(jump, np.ones(15) / 15, "same")
    return out


def tremor(rng: np.random.Generator, time_s: np.ndarray) -> np.ndarray:
    """Shaking arms or legs, as in Parkinson's disease: 4-8 Hz, on the limb electrodes alone."""
    out = np.zeros((9, len(time_s)))
    phase = 2 * np.pi * rng.uniform(4, 8) * time_s + np.sin(2 * np.pi * rng.uniform(0.2, 0.8) * time_s)
    swell = 1 + 0.6 * np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * time_s + rng.uniform(0, 6.3))
    out[:3] = rng.gamma(1.5, 0.03, (3, 1)) * swell * (np.sin(phase) + 0.3 * np.sin(2 * phase + rng.uniform(0, 6.3)))
    return out


NOISES: dict[str, Noise] = {"muscle": muscle, "mains": mains, "wander": wander, "motion": motion, "tremor": tremor}


def add_noise(
    rng: np.random.Generator, leads_mv: np.ndarray, time_s: np.ndarray, kinds: Mapping[str, float]
) -> np.ndarray:
    """Eight leads [8, sample] with each kind of noise at its strength (1 = plainly visible)."""
    for kind, strength in kinds.items():
        leads_mv = leads_mv + strength * (_TO_LEADS @ NOISES[kind](rng, time_s))
    return leads_mv


def lead_off(rng: np.random.Generator, leads_mv: np.ndarray) -> tuple[np.ndarray, str]:
    """One electrode fallen off: its lead is a flat line; also says which ("LA", "LL", "V1" ...)."""
    row = int(rng.choice(8, p=(0.1, 0.1, *[0.8 / 6] * 6)))
    out = leads_mv.copy()
    out[row] = 0.0
    return out, ("LA", "LL", *(f"V{k}" for k in range(1, 7)))[row]
