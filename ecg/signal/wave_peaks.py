"""P and T waves: the most prominent bump in a stretch of every beat, in the mixture of leads that shows it best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, ndimage, signal

FS_HZ = 500.0
_SHORTEST_WINDOW_S = 0.04
_RIDGE = 0.2  # of the leads' mean power: keeps a lead without noise from carrying all


@dataclass(frozen=True)
class Kind:
    """How a kind of wave looks: smoothing, the edge's share of the flank's steepest slope, reach, least height."""

    smooth_s: float
    on: float
    off: float
    reach_s: float
    least_mv: float
    before_qrs: bool


P_WAVE = Kind(0.01, 0.4, 0.5, 0.1, 0.015, before_qrs=True)
T_WAVE = Kind(0.016, 0.4, 0.35, 0.2, 0.01, before_qrs=False)


def samples(seconds: float) -> int:
    return round(seconds * FS_HZ)


def bumps(values: np.ndarray, first: np.ndarray, last: np.ndarray, kind: Kind) -> np.ndarray:
    """The bump of each beat between two samples, [beat, 3]; beats that show the same leads share one mixture."""
    smooth = ndimage.gaussian_filter1d(np.nan_to_num(values), kind.smooth_s * FS_HZ)
    out = np.full((first.size, 3), np.nan)
    alike: dict[tuple[bool, ...], list[tuple[int, int, int]]] = {}
    for beat, (a, b) in enumerate(zip(first, last, strict=True)):
        if np.isfinite(a) and np.isfinite(b) and a >= 0 and a + samples(_SHORTEST_WINDOW_S) <= b < values.shape[1]:
            there = np.isfinite(values[:, int(a) : int(b) + 1]).all(1)
            alike.setdefault(tuple(there.tolist()), []).append((beat, int(a), int(b) + 1))
    for there, beats in alike.items():
        if any(there):
            rows = smooth[np.array(there)]
            mixture = _mixture([rows[:, a:b] for _, a, b in beats], kind)
            for beat, a, b in beats:
                out[beat] = np.array(_bump(mixture @ rows[:, a:b], kind)) + a
    return out


def _mixture(stretches: Sequence[np.ndarray], kind: Kind) -> np.ndarray:
    """Weights of the leads, of unit length, that best show what repeats in the stretches [lead, sample]."""
    length = min(each.shape[1] for each in stretches)
    cut = np.stack([each[:, -length:] if kind.before_qrs else each[:, :length] for each in stretches])
    cut = cut - cut.mean(-1, keepdims=True)
    usual = np.median(cut, axis=0)
    rest = cut - usual
    repeats, varies = usual @ usual.T, np.einsum("bls,bms->lm", rest, rest) / len(cut)
    ridge = _RIDGE * np.trace(repeats + varies) / len(usual) + 1e-12
    weights = linalg.eigh(repeats, varies + ridge * np.eye(len(usual)))[1][:, -1]
    return weights / np.linalg.norm(weights)


def _bump(values: np.ndarray, kind: Kind) -> tuple[float, float, float]:
    """Onset, peak and end of the most prominent bump, up or down, in samples; NaN when it is too low."""
    peak, height, sign = max(((*_tallest(sign * values), sign) for sign in (1, -1)), key=lambda found: found[1])
    if height < kind.least_mv:
        return np.nan, np.nan, np.nan
    reach, slope = samples(kind.reach_s), sign * np.gradient(values)
    on = _flank(slope[max(peak - reach, 0) : peak + 1][::-1], kind.on)
    off = _flank(-slope[peak : peak + reach + 1], kind.off)
    return peak - on, float(peak), peak + off


def _tallest(values: np.ndarray) -> tuple[int, float]:
    found, how = signal.find_peaks(values, prominence=0.0)
    if not found.size:
        return 0, -1.0
    k = int(how["prominences"].argmax())
    return int(found[k]), float(how["prominences"][k])


def _flank(fall: np.ndarray, edge: float) -> int:
    """How many samples from the peak the slope, after its steepest, has fallen below a fraction of it."""
    steepest = int(fall.argmax())
    below = np.flatnonzero(fall[steepest:] < edge * fall[steepest])
    return steepest + int(below[0]) if below.size else fall.size - 1
