"""What is asked of a synthetic heart: checked by name, and drawn where it was left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulate.heart.conditions import CONDITIONS, contradiction
from simulate.heart.noise import NOISES
from simulate.heart.rhythms import RHYTHMS

_NOISE_CHANCE = {"muscle": 0.7, "mains": 0.3, "wander": 0.7, "motion": 0.08, "tremor": 0.06}


@dataclass(frozen=True)
class Order:
    """A rhythm at a rate, with conditions and noise strengths."""

    rhythm: str
    bpm: float
    conditions: tuple[str, ...]
    noise: Mapping[str, float]


def draw(
    rng: np.random.Generator,
    rhythm: str | None,
    bpm: float | None,
    conditions: Sequence[str] | None,
    noise: Mapping[str, float] | None,
) -> Order:
    """The order with every None drawn; always the same number of draws, so that one choice does not change another."""
    weights = np.array([entry.weight for entry in RHYTHMS.values()])
    drawn_rhythm = str(rng.choice(list(RHYTHMS), p=weights / weights.sum()))
    some = tuple(str(name) for name in rng.choice(list(CONDITIONS), 2, replace=False))
    some = some[: int(rng.choice(3, p=(0.5, 0.36, 0.14)))]
    some = some[:1] if contradiction(some) else some
    share, rhythm = rng.random(), rhythm or drawn_rhythm
    low, high = RHYTHMS[rhythm].bpm
    return Order(
        rhythm,
        low + share * (high - low) if bpm is None else float(bpm),
        some if conditions is None else tuple(conditions),
        _some_noise(rng) if noise is None else dict(noise),
    )


def check_signal(seed: int, duration_s: float, fs_hz: float) -> None:
    """Raises ValueError for a seed, length or rate that cannot be drawn."""
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    if not (0 < duration_s < np.inf):
        raise ValueError(f"duration_s must be a positive number of seconds, got {duration_s}")
    if not (100 <= fs_hz < np.inf):
        raise ValueError(f"fs_hz must be at least 100 Hz, got {fs_hz}: below that a QRS is not drawn; resample instead")


def check_order(
    rhythm: str | None, bpm: float | None, conditions: Sequence[str] | None, noise: Mapping[str, float] | None
) -> None:
    """Raises ValueError for a name that is in no table, a rate outside its rhythm, conditions that contradict."""
    _check_names("rhythm", [rhythm] if rhythm else [], RHYTHMS)
    _check_names("condition", conditions or (), CONDITIONS)
    _check_names("noise", noise or (), NOISES)
    if clash := contradiction(conditions or ()):
        raise ValueError(f"conditions {' and '.join(clash)} exclude each other: ask for one of them")
    if bpm is not None and rhythm is None:
        raise ValueError("heart_rate_bpm needs a rhythm to go with it")
    if bpm is not None and rhythm is not None:
        low, high = RHYTHMS[rhythm].bpm
        if not low <= bpm <= high:
            raise ValueError(f"{rhythm} beats at {low:g}-{high:g} per minute, got heart_rate_bpm={bpm:g}")


def _check_names(what: str, given: Sequence[str] | Mapping[str, float], table: Mapping[str, object]) -> None:
    if unknown := [name for name in given if name not in table]:
        raise ValueError(f"unknown {what} {unknown[0]!r}: expected one of {', '.join(table)}")


def _some_noise(rng: np.random.Generator) -> dict[str, float]:
    chosen = [(kind, rng.gamma(1.2, 0.35), rng.random() < chance) for kind, chance in _NOISE_CHANCE.items()]
    return {kind: round(float(strength), 3) for kind, strength, present in chosen if present}
