"""Conditions: how disease changes the beat. A table of small functions `(rng, heart) -> heart`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from simulate.heart.dipole import Heart, Wave, lobe, plateau, turned

Change = Callable[[np.random.Generator, Heart], Heart]
Axes = tuple[float, float, float]

# mV in I, II, V1..V6 for an injury of strength 1; III, aVR, aVL and aVF follow from I and II.
TERRITORIES = {
    "anterior": (0.02, -0.05, 0.12, 0.30, 0.36, 0.26, 0.10, 0.02),
    "septal": (0.00, -0.02, 0.20, 0.28, 0.14, 0.03, 0.00, -0.02),
    "inferior": (-0.10, 0.16, -0.02, -0.10, -0.10, -0.04, 0.02, 0.05),
    "lateral": (0.16, -0.02, -0.06, -0.08, 0.00, 0.08, 0.18, 0.18),
    "anterolateral": (0.13, 0.00, 0.03, 0.16, 0.28, 0.30, 0.24, 0.16),
    "posterior": (0.02, 0.04, -0.14, -0.22, -0.18, -0.08, 0.02, 0.06),
    "subendocardial": (-0.08, -0.10, 0.04, -0.02, -0.12, -0.18, -0.18, -0.12),
}


def right_bundle_branch_block(rng: np.random.Generator, heart: Heart) -> Heart:
    """A slow terminal force to the right and front; T turns away from it."""
    old, new = heart.qrs_s, rng.uniform(0.122, 0.155)
    early = tuple(_moved(w, old / new).scaled((1.0, 1.0, 0.7)) for w in heart.qrs)
    late = lobe(np.array((-0.55, -0.05, -0.62)) * rng.uniform(0.7, 1.4), 0.73, 0.10, 0.115)
    t = _turned_t(heart.t, (1.0, 1.0, -0.4))
    return replace(heart, qrs=(*early, late), t=t, qrs_s=new, qtc_s=heart.qtc_s + 0.03)


def incomplete_right_block(rng: np.random.Generator, heart: Heart) -> Heart:
    """A small r' in V1 within a QRS of less than 120 ms."""
    new = rng.uniform(0.098, 0.116)
    early = tuple(_moved(w, heart.qrs_s / new) for w in heart.qrs)
    late = lobe(np.array((-0.25, -0.02, -0.45)) * rng.uniform(0.7, 1.2), 0.83, 0.075)
    return replace(heart, qrs=(*early, late), qrs_s=new)


def left_bundle_branch_block(rng: np.random.Generator, heart: Heart) -> Heart:
    """No septal force; slow notched depolarisation to the left and back; ST and T point the other way."""
    turn = turned(rng.uniform(-45, 20), rng.normal(0, 8))
    size = rng.uniform(0.8, 1.35)
    qrs = (
        lobe(turn @ (0.25, 0.10, -0.12) * size, 0.20, 0.07),
        lobe(turn @ (0.85, 0.40, 0.75) * size, 0.40, 0.105),
        lobe(turn @ (0.95, 0.35, 1.05) * size, 0.66, 0.12),
        lobe(turn @ (0.15, -0.05, 0.40) * size, 0.85, 0.065),
    )
    t = (
        lobe(turn @ (-0.12, -0.05, -0.16) * size, 0.10, 0.10, 0.35),
        lobe(turn @ (-0.33, -0.12, -0.42) * size * rng.uniform(0.7, 1.2), 0.69, 0.22, 0.14),
    )
    return replace(heart, qrs=qrs, t=t, qrs_s=rng.uniform(0.126, 0.165), qtc_s=heart.qtc_s + 0.04)


def left_anterior_block(rng: np.random.Generator, heart: Heart) -> Heart:
    """Starts down and right, ends up and left: qR in aVL, rS in the inferior leads, axis beyond -45 degrees."""
    rise = rng.uniform(0.75, 1.05)
    changed = ((0.6, 0.0, 1.0), (0.8, 0.0, 1.0), (1.0, 0.0, 1.0), (1.0, 0.0, 0.8), (1.0, 0.0, 1.0))
    extra = (0.22, 0.02, -0.65 * rise, -0.62 * rise, -0.1)
    return replace(heart, qrs=_reshaped(heart.qrs, changed, extra), qrs_s=_widened(heart, 0.012))


def left_posterior_block(rng: np.random.Generator, heart: Heart) -> Heart:
    """Starts up and left, ends down and right: rS in I and aVL, qR in III, axis beyond +100 degrees."""
    fall = rng.uniform(0.85, 1.15)
    changed = ((-0.9, 0.0, 1.0), (0.7, 0.0, 1.0), (0.42, 0.0, 1.0), (-0.4, 0.0, 1.0), (1.0, 0.0, 1.0))
    extra = (-0.22, 0.15, 1.5 * fall, 0.8 * fall, 0.05)
    return replace(heart, qrs=_reshaped(heart.qrs, changed, extra), qrs_s=_widened(heart, 0.010))


def left_hypertrophy(rng: np.random.Generator, heart: Heart) -> Heart:
    """Forces to the left and back nearly double; often with strain: ST down and T inverted in the lateral leads."""
    large = np.array((1.5, 1.25, 1.75)) * rng.uniform(1.0, 1.35)
    qrs = tuple(w.scaled(large) if i in (2, 3) else w for i, w in enumerate(heart.qrs))
    t = heart.t
    if rng.random() < 0.6:
        t = (*_turned_t(t, (-1.1, -0.4, 1.0)), lobe(np.array((-0.15, -0.05, -0.12)) * rng.uniform(0.6, 1.4), 0.22, 0.2))
    return replace(heart, qrs=qrs, t=t, qrs_s=_widened(heart, 0.010))


def right_hypertrophy(rng: np.random.Generator, heart: Heart) -> Heart:
    """The main force points right and front: tall R in V1, deep S in V6, right axis."""
    size = rng.uniform(0.8, 1.25)
    changed = ((0.3, 1.0, 0.5), (0.3, 1.0, 1.0), (0.0, 1.0, 0.0), (0.0, 0.8, 0.0), (1.0, 1.0, 0.5))
    qrs = _reshaped(heart.qrs, changed, (0.0, 0.0, 0.15, 0.0, 0.0))
    right = (
        lobe(np.array((-0.15, 0.3, -0.75)) * size, 0.50, 0.10),
        lobe(np.array((-0.6, 0.1, -0.1)) * size, 0.68, 0.09),
    )
    return replace(heart, qrs=(*qrs, *right), t=_turned_t(heart.t, (1.0, 0.7, -0.8)))


def low_voltage(rng: np.random.Generator, heart: Heart) -> Heart:
    """All forces small: no limb lead reaches 0.5 mV."""
    factor = rng.uniform(0.22, 0.36)
    shrink = tuple(w.scaled(factor) for w in heart.qrs)
    return replace(heart, qrs=shrink, t=tuple(w.scaled(factor + 0.15) for w in heart.t))


def long_qt(rng: np.random.Generator, heart: Heart) -> Heart:
    """QTc of 480-570 ms, by a late or a broad T."""
    late = rng.random() < 0.5
    t = tuple(replace(w, start=w.start + 0.03, stop=w.stop + 0.03, rise=w.rise * 0.6) if late else w for w in heart.t)
    return replace(heart, t=t, qtc_s=rng.uniform(0.48, 0.57))


def hyperkalaemia(rng: np.random.Generator, heart: Heart) -> Heart:
    """Tall narrow T waves, flat P, QRS that widens."""
    grade = rng.uniform(0, 1)
    tall = lobe(np.array((0.75, 0.5, -0.7)) * rng.uniform(0.8, 1.3), 0.79, 0.10, 0.09)
    p = tuple(w.scaled(0.7 - 0.6 * grade) for w in heart.p)
    return replace(heart, p=p, t=(tall,), qrs_s=heart.qrs_s * (1.05 + 0.55 * grade), pr_s=heart.pr_s + 0.04 * grade)


def preexcitation(rng: np.random.Generator, heart: Heart) -> Heart:
    """A short PR and a slurred start: the delta wave."""
    new = rng.uniform(0.115, 0.14)
    moved = tuple(_moved(w, heart.qrs_s / new, 1 - heart.qrs_s / new) for w in heart.qrs[1:])
    delta = lobe(rng.uniform((0.15, -0.3, -0.45), (0.45, 0.4, 0.2)), 0.30, 0.12, 0.14)
    t = _turned_t(heart.t, rng.uniform(-0.3, 0.9, 3))
    return replace(heart, qrs=(delta, *moved), t=t, qrs_s=new, pr_s=rng.uniform(0.085, 0.115))


def pericarditis(rng: np.random.Generator, heart: Heart) -> Heart:
    """ST raised and concave nearly everywhere, down in aVR."""
    local = np.array((0.09, 0.14, -0.02, 0.10, 0.14, 0.15, 0.13, 0.10)) * rng.uniform(0.6, 1.5)
    return replace(heart, t=(*heart.t, plateau(local, 0.03, 0.3, 0.05, 0.3)))


def infarct(q_mv: Axes, early: Axes, main: Axes, t: Axes) -> Change:
    """An old scar: a Q wave of 35-45 ms away from it; factors per axis for the early and main forces and for T."""

    def change(rng: np.random.Generator, heart: Heart) -> Heart:
        grade = rng.uniform(0.55, 1.0)
        q = lobe(np.array(q_mv) * rng.uniform(0.8, 1.4), 0.26, 0.09, 0.10)
        lost = [1 + grade * (np.array(f) - 1) for f in (early, early, main)]
        qrs = (*(w.scaled(f) for w, f in zip(heart.qrs, lost, strict=False)), *heart.qrs[3:], q)
        flip = 1 + rng.uniform(0.2, 1.2) * (np.array(t) - 1)
        return replace(heart, qrs=qrs, t=_turned_t(heart.t, flip))

    return change


def st_shift(territory: str, sign: float = 1.0) -> Change:
    """ST raised (sign 1) or lowered (-1) over a territory, with the mirror image opposite; T goes along or turns."""

    def change(rng: np.random.Generator, heart: Heart) -> Heart:
        local = np.array(TERRITORIES[territory]) * sign * rng.uniform(0.6, 1.9) * np.exp(rng.normal(0, 0.15, 8))
        raised = plateau(local, 0.03, rng.uniform(0.15, 0.5), 0.05, rng.uniform(0.15, 0.28))
        with_t = plateau(local * rng.uniform(-0.9, 1.2), 0.72, 0.74, 0.17, 0.12)
        return replace(heart, t=(*heart.t, raised, with_t))

    return change


CONDITIONS: dict[str, Change] = {
    "CRBBB": right_bundle_branch_block,
    "IRBBB": incomplete_right_block,
    "CLBBB": left_bundle_branch_block,
    "LAFB": left_anterior_block,
    "LPFB": left_posterior_block,
    "LVH": left_hypertrophy,
    "RVH": right_hypertrophy,
    "LVOLT": low_voltage,
    "LNGQT": long_qt,
    "HYPERK": hyperkalaemia,
    "WPW": preexcitation,
    "PERI": pericarditis,
    "IMI": infarct((0.05, -0.45, -0.05), (1.0, -0.3, 1.0), (1.0, 0.45, 1.0), (1.0, -0.8, 1.0)),
    "AMI": infarct((-0.08, 0.02, 0.25), (0.2, 1.0, -0.4), (0.6, 1.0, 1.2), (-0.3, 1.0, -1.2)),
    "LMI": infarct((-0.5, 0.02, 0.0), (0.2, 1.0, 1.0), (0.55, 1.0, 1.0), (-0.5, 1.0, 1.0)),
    **{f"STE_{name}": st_shift(name) for name in ("anterior", "septal", "inferior", "lateral", "anterolateral")},
    **{f"STD_{name}": st_shift(name) for name in ("posterior", "subendocardial")},
    "STD_inferior": st_shift("inferior", -1.0),
    "STD_lateral": st_shift("lateral", -1.0),
}


_SHIFTS = tuple(name for name in CONDITIONS if name.startswith(("STE", "STD")))
# At most one of each group can be true of one heart, or be told apart on paper.
EXCLUSIVE = (
    ("CRBBB", "IRBBB", "CLBBB", "WPW"),
    ("LAFB", "LPFB", "CLBBB", "RVH"),
    ("LVH", "RVH", "LVOLT", "CLBBB"),
    ("IMI", "AMI", "LMI", "CLBBB"),
    ("PERI", "HYPERK", "CLBBB", *_SHIFTS),
)


def contradiction(names: Sequence[str]) -> tuple[str, ...]:
    """The first conditions among these that exclude each other; empty when all can go together."""
    clashes = (tuple(name for name in names if name in group) for group in EXCLUSIVE)
    return next((clash for clash in clashes if len(clash) > 1), ())


def _widened(heart: Heart, by_s: float) -> float:
    """QRS a little longer, short of a bundle branch block unless there is one already."""
    return max(heart.qrs_s, min(heart.qrs_s + by_s, 0.116))


def _moved(wave: Wave, scale: float, shift: float = 0.0) -> Wave:
    """A wave at `scale` times its phase, plus a shift: the same milliseconds in a longer segment."""
    start, stop = wave.start * scale + shift, wave.stop * scale + shift
    return replace(wave, start=start, stop=stop, rise=wave.rise * scale, fall=wave.fall * scale)


def _turned_t(waves: tuple[Wave, ...], factors: Axes | np.ndarray) -> tuple[Wave, ...]:
    return tuple(w.scaled(factors) for w in waves)


def _reshaped(
    waves: tuple[Wave, ...], factors: tuple[tuple[float, float, float], ...], down_mv: tuple[float, ...]
) -> tuple[Wave, ...]:
    """The first waves scaled per axis, with so much more pointing to the feet; the others as they were."""
    changed = (
        replace(w, dipole_mv=w.dipole_mv * np.array(f) + (0.0, d, 0.0))
        for w, f, d in zip(waves, factors, down_mv, strict=False)
    )
    return (*changed, *waves[len(factors) :])
