"""The heart as a moving dipole: waves, one patient's anatomy, and the body that projects it onto the leads.

Axes in mV as Frank (1956) drew them: x to the patient's left, y to the feet, z to the back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

# Rows I, II, V1..V6 over x, y, z: Dower, Machado & Osborne 1980.
DOWER = np.array(
    [
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)
_NO_DIPOLE, _NO_LOCAL = np.zeros(3), np.zeros(8)


@dataclass(frozen=True, eq=False)
class Wave:
    """A flat-topped Gaussian in the phase of its segment: flat from `start` to `stop`, then `rise` and `fall` (sigma).

    `dipole_mv` is [x, y, z]; `local_mv` adds to I, II, V1..V6 what no single dipole explains.
    """

    dipole_mv: np.ndarray
    start: float
    stop: float
    rise: float
    fall: float
    local_mv: np.ndarray = field(default_factory=lambda: _NO_LOCAL)

    def scaled(self, factor: float | Sequence[float] | np.ndarray) -> Wave:
        """The same wave with its dipole times a factor, or times one factor per axis."""
        return replace(self, dipole_mv=self.dipole_mv * np.asarray(factor))


def lobe(xyz_mv: Iterable[float], at: float, width: float, fall: float | None = None) -> Wave:
    """A bump of the dipole at one phase."""
    return Wave(np.asarray(tuple(xyz_mv), float), at, at, width, width if fall is None else fall)


def plateau(local_mv: np.ndarray, start: float, stop: float, rise: float, fall: float) -> Wave:
    """A flat-topped wave seen by the eight leads directly."""
    return Wave(_NO_DIPOLE, start, stop, rise, fall, local_mv)


@dataclass(frozen=True, eq=False)
class Heart:
    """Waves of one kind of beat. P waves in phases of the P, QRS waves of the QRS, ST-T waves of J point to T end."""

    p: tuple[Wave, ...]
    qrs: tuple[Wave, ...]
    t: tuple[Wave, ...]
    p_s: float
    pr_s: float
    qrs_s: float
    qtc_s: float

    def qt_s(self, rr_s: float) -> float:
        """QT at an RR interval (Fridericia 1920), for a QRS of any width."""
        return self.qtc_s * float(np.cbrt(np.clip(rr_s, 0.3, 2.0)))


def normal_heart(rng: np.random.Generator) -> Heart:
    """A healthy adult: septal, anterior, free-wall, posterior and basal forces; a T wave that follows the QRS."""
    turn = turned(rng.normal(-15, 22), rng.normal(3, 13))
    half = turned(rng.normal(0, 8), rng.normal(0, 10))
    size = float(np.exp(rng.normal(0, 0.2)))
    vary = np.exp(rng.normal(0, 0.18, 12))
    qrs = (
        lobe(turn @ (-0.17, 0.00, -0.23) * size * vary[0] ** 2, 0.21, 0.080),
        lobe(turn @ (0.35, 0.25, -0.35) * size * vary[1], 0.35, 0.085),
        lobe(turn @ (1.05, 0.75, 0.25) * size * vary[2], 0.49, 0.100),
        lobe(turn @ (0.40, 0.30, 0.80) * size * vary[3], 0.66, 0.090),
        lobe(turn @ (-0.32, -0.24, 0.38) * size * vary[4] ** 2, 0.81, 0.080),
        *(lobe(rng.normal(0, 0.07, 3), at, 0.05) for at in rng.uniform(0.3, 0.85, rng.integers(0, 4))),
    )
    tall = 0.72 * size**0.5 * float(np.exp(rng.normal(0, 0.3)))
    t = (
        lobe(half @ (0.35, 0.24, -0.20) * tall, rng.uniform(0.71, 0.77), rng.uniform(0.20, 0.26), 0.115),
        lobe(half @ (0.05, 0.04, -0.06) * rng.uniform(-0.3, 1.0), 0.2, 0.12, 0.25),
        lobe((0.02, 0.02, -0.02) * vary[5:8] * rng.integers(0, 2), 1.22, 0.06),
    )
    p = (
        lobe(half @ (0.05, 0.13, -0.06) * vary[8] * 0.85, 0.36, 0.17),
        lobe(half @ (0.06, 0.07, 0.05) * vary[9] * 0.85, 0.63, 0.17),
    )
    pr_s, p_s, qrs_s, qtc_s = rng.uniform((0.13, 0.09, 0.078, 0.385), (0.19, 0.115, 0.102, 0.435))
    return Heart(p, qrs, t, p_s, pr_s, qrs_s, qtc_s)


def torso(rng: np.random.Generator) -> np.ndarray:
    """One body's lead matrix [8 leads, 3]: Dower's, with electrodes a little off their places."""
    return DOWER * np.exp(rng.normal(0, 0.1, (8, 1))) + rng.normal(0, 0.05, (8, 3))


def turned(frontal_deg: float, horizontal_deg: float) -> np.ndarray:
    """Rotation [3, 3]: clockwise in the frontal plane (axis to the right), then from front to back."""
    a, b = np.deg2rad(frontal_deg), np.deg2rad(horizontal_deg)
    frontal = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    horizontal = np.array([[np.cos(b), 0, -np.sin(b)], [0, 1, 0], [np.sin(b), 0, np.cos(b)]])
    return horizontal @ frontal
