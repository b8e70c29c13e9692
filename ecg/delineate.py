"""Where the waves of each beat begin, peak and end, from one or many leads together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy import linalg, ndimage, signal

from ecg.beats import r_peaks
from ecg.filters import bandpass
from ecg.record import Record

_FS_HZ = 500.0
_BAND_HZ = (0.5, 40.0)
_QRS_SMOOTH_S = 0.005
_QRS_BEFORE_S, _QRS_AFTER_S = 0.12, 0.18  # the farthest that a QRS reaches from its R peak
_QRS_EDGE = 0.09  # of the steepest slope
_CALM = 2.0  # times the slope of the calmest part nearby
_DIP_S = 0.03  # shorter rests between Q, R and S belong to the QRS
_LONGEST_PR_S = 0.32
_T_FROM_S, _T_TO_S = 0.06, 0.52  # after the QRS; after R, times the root of RR in seconds (Bazett)
_PR_STEADY_S, _PR_SHARE = 0.015, 0.6  # in fibrillation fewer beats keep this near to their usual PR
_PR_WANDERS_S = 0.05
_SHORTEST_WINDOW_S = 0.04
_RIDGE = 0.2  # of the leads' mean power: keeps a lead without noise from carrying all


@dataclass(frozen=True)
class _Kind:
    """How a kind of wave looks: smoothing, the edge's share of the flank's steepest slope, reach, least height."""

    smooth_s: float
    on: float
    off: float
    reach_s: float
    least_mv: float
    before_qrs: bool


_P = _Kind(0.01, 0.4, 0.5, 0.1, 0.015, before_qrs=True)
_T = _Kind(0.016, 0.4, 0.35, 0.2, 0.01, before_qrs=False)


@dataclass(frozen=True, eq=False)
class Waves:
    """Times in seconds after the record's first sample, float64 [beat]; NaN where a wave or its edge was not found."""

    r_s: np.ndarray
    p_on_s: np.ndarray
    p_peak_s: np.ndarray
    p_off_s: np.ndarray
    qrs_on_s: np.ndarray
    qrs_off_s: np.ndarray
    t_on_s: np.ndarray
    t_peak_s: np.ndarray
    t_off_s: np.ndarray

    def __len__(self) -> int:
        return len(self.r_s)


def delineate(record: Record, peaks: np.ndarray | None = None) -> Waves:
    """P, QRS and T of every beat; `peaks` are sample indices of the R peaks where they are known already.

    All leads that are there around a beat are looked at together: the QRS by the size of their slopes, P and T in the
    mixture of leads that shows them best in the record's usual beat. An edge lies where the slope of a wave's flank has
    fallen to a fraction of its steepest (after Martinez et al., 2004).
    """
    peaks = r_peaks(record) if peaks is None else np.asarray(peaks)
    at = record if record.fs_hz == _FS_HZ else record.resample(_FS_HZ)
    r = np.round(peaks / record.fs_hz * _FS_HZ).astype(int)
    if not r.size:
        return Waves(*(np.empty(0) for _ in fields(Waves)))
    values = bandpass(at.signal_mv.astype(np.float64), _FS_HZ, *_BAND_HZ)
    qrs = _qrs(values, r)
    t = _t_waves(values, r, qrs)
    p = _p_waves(values, r, qrs, t[:, 2])
    return Waves(r / _FS_HZ, *(p.T / _FS_HZ), *(qrs.T / _FS_HZ), *(t.T / _FS_HZ))


def _samples(seconds: float) -> int:
    return round(seconds * _FS_HZ)


def _qrs(values: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Onset and end in samples, [beat, 2]."""
    slope = _slope_size(values)
    return np.array([(_qrs_edge(slope, at, -1), _qrs_edge(slope, at, +1)) for at in r], float)


def _slope_size(values: np.ndarray) -> np.ndarray:
    """Root mean square slope of the leads that are there, with the rests inside a QRS filled; [sample]."""
    there = ndimage.binary_erosion(np.isfinite(values), np.ones((1, 2 * _samples(0.015) + 1)), border_value=1)
    steep = ndimage.gaussian_filter1d(np.nan_to_num(values), _QRS_SMOOTH_S * _FS_HZ, order=1) ** 2
    size = np.sqrt((steep * there).sum(0) / np.maximum(there.sum(0), 1))
    return ndimage.grey_closing(size, 2 * _samples(_DIP_S / 2) + 1)


def _qrs_edge(slope: np.ndarray, r: int, way: int) -> float:
    """The first sample, going backward (-1) or forward (+1) from R, where the slope is no more than a rest's."""
    reach = _samples(_QRS_BEFORE_S if way < 0 else _QRS_AFTER_S)
    along = slope[r - reach if r > reach else 0 : r + 1][::-1] if way < 0 else slope[r : r + reach + 1]
    if along.size < _samples(0.03):
        return np.nan
    steepest = along[: _samples(0.06)].max()
    edge = np.clip(_CALM * along.min(), _QRS_EDGE * steepest, 0.4 * steepest)
    below = np.flatnonzero(along < edge)
    below = below[below > along[: _samples(0.06)].argmax() * 0.5]
    return float(r + way * below[0]) if below.size else float(r + way * (along.size - 1))


def _t_waves(values: np.ndarray, r: np.ndarray, qrs: np.ndarray) -> np.ndarray:
    """Onset, peak and end in samples, [beat, 3]."""
    rr = np.diff(r, append=r[-1] + (np.median(np.diff(r)) if r.size > 1 else _FS_HZ))
    first = qrs[:, 1] + _samples(_T_FROM_S)
    last = np.minimum(r + _T_TO_S * np.sqrt(rr * _FS_HZ), r + 0.7 * rr)
    last[:-1] = np.minimum(last[:-1], qrs[1:, 0] - _samples(0.04))
    return _waves(values, first, last, _T)


def _p_waves(values: np.ndarray, r: np.ndarray, qrs: np.ndarray, t_off: np.ndarray) -> np.ndarray:
    """Onset, peak and end in samples, [beat, 3]."""
    first = qrs[:, 0] - _samples(_LONGEST_PR_S - 0.04)
    first[1:] = np.fmax(first[1:], t_off[:-1] + _samples(0.01))
    last = qrs[:, 0] - _samples(0.01)
    found = _waves(values, first, last, _P)
    return np.where(_conducted(qrs[:, 0] - found[:, 1])[:, None], found, np.nan)


def _conducted(pr: np.ndarray) -> np.ndarray:
    """Which P waves stand as far before their QRS as most; none when there is no such distance (fibrillation)."""
    if np.isnan(pr).all():
        return np.zeros(pr.size, bool)
    away = np.abs(pr - np.nanmedian(pr))
    steady = (away <= _samples(_PR_STEADY_S)).sum() >= _PR_SHARE * pr.size
    return steady & (away <= _samples(_PR_WANDERS_S))


def _waves(values: np.ndarray, first: np.ndarray, last: np.ndarray, kind: _Kind) -> np.ndarray:
    """The bump of each beat between two samples, [beat, 3]; beats that show the same leads share one mixture."""
    smooth = ndimage.gaussian_filter1d(np.nan_to_num(values), kind.smooth_s * _FS_HZ)
    out = np.full((first.size, 3), np.nan)
    alike: dict[tuple[bool, ...], list[tuple[int, int, int]]] = {}
    for beat, (a, b) in enumerate(zip(first, last, strict=True)):
        if np.isfinite(a) and np.isfinite(b) and a >= 0 and a + _samples(_SHORTEST_WINDOW_S) <= b < values.shape[1]:
            there = np.isfinite(values[:, int(a) : int(b) + 1]).all(1)
            alike.setdefault(tuple(there.tolist()), []).append((beat, int(a), int(b) + 1))
    for there, beats in alike.items():
        if any(there):
            rows = smooth[np.array(there)]
            mixture = _mixture([rows[:, a:b] for _, a, b in beats], kind)
            for beat, a, b in beats:
                out[beat] = np.array(_bump(mixture @ rows[:, a:b], kind)) + a
    return out


def _mixture(stretches: Sequence[np.ndarray], kind: _Kind) -> np.ndarray:
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


def _bump(values: np.ndarray, kind: _Kind) -> tuple[float, float, float]:
    """Onset, peak and end of the most prominent bump, up or down, in samples; NaN when it is too low."""
    peak, height, sign = max(((*_tallest(sign * values), sign) for sign in (1, -1)), key=lambda found: found[1])
    if height < kind.least_mv:
        return np.nan, np.nan, np.nan
    reach, slope = _samples(kind.reach_s), sign * np.gradient(values)
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
