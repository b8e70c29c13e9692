"""Beats that do not come down the His bundle: ventricular ectopic, escape and paced ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulate.heart.dipole import Heart, Wave, lobe


def ventricular(rng: np.random.Generator, heart: Heart) -> Heart:
    """A wide beat from a random place in either ventricle; its T points the other way."""
    from_right = rng.random() < 0.5  # then V1 is negative, as in left bundle branch block; else the reverse
    left, back = (0.75, 0.95) if from_right else (-0.55, -0.8)
    main = np.array((left * rng.uniform(-0.2, 1.2), rng.uniform(-0.9, 0.9), back))
    return _wide(rng, heart, main * rng.uniform(0.85, 1.5), rng.uniform(0.128, 0.17))


def paced_beat(rng: np.random.Generator, heart: Heart) -> Heart:
    """Paced from the apex of the right ventricle: left bundle branch block with a superior axis."""
    main = np.array((rng.uniform(0.1, 0.8), rng.uniform(-1.2, -0.5), rng.uniform(0.6, 1.1)))
    return _wide(rng, heart, main * rng.uniform(0.9, 1.3), rng.uniform(0.13, 0.17))


def ectopic_p(rng: np.random.Generator, waves: tuple[Wave, ...]) -> tuple[Wave, ...]:
    """A P wave from elsewhere in the atria."""
    return tuple(w.scaled(rng.uniform((-0.8, -0.6, -1.0), (1.0, 0.8, 1.2))) for w in waves)


def _wide(rng: np.random.Generator, heart: Heart, main_mv: np.ndarray, qrs_s: float) -> Heart:
    swirl = np.cross(main_mv, rng.normal(0, 0.25, 3))
    qrs = (
        lobe(main_mv * 0.45 + swirl, rng.uniform(0.26, 0.34), 0.11),
        lobe(main_mv, rng.uniform(0.48, 0.56), 0.12),
        lobe(main_mv * rng.uniform(0.15, 0.5) - swirl, 0.74, 0.10),
    )
    t = (lobe(-0.12 * main_mv, 0.1, 0.1, 0.3), lobe(-main_mv * rng.uniform(0.28, 0.45), 0.67, 0.22, 0.15))
    return replace(heart, qrs=qrs, t=t, qrs_s=qrs_s, qtc_s=heart.qtc_s + 0.05)
