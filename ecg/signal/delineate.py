"""Where the waves of each beat begin, peak and end, from one or many leads together."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy import ndimage

from ecg.record import Record
from ecg.signal.beats import r_peaks
from ecg.signal.filters import bandpass
from ecg.signal.wave_peaks import FS_HZ, P_WAVE, T_WAVE, bumps, samples

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
    at = record if record.fs_hz == FS_HZ else record.resample(FS_HZ)
    r = np.round(peaks / record.fs_hz * FS_HZ).astype(int)
    if not r.size:
        return Waves(*(np.empty(0) for _ in fields(Waves)))
    values = bandpass(at.signal_mv.astype(np.float64), FS_HZ, *_BAND_HZ)
    qrs = _qrs(values, r)
    first, last = _t_window(r, qrs)
    t = bumps(values, first, last, T_WAVE)
    p = _pbumps(values, qrs, np.where(np.isfinite(t[:, 2]), t[:, 2], last))
    return Waves(r / FS_HZ, *(p.T / FS_HZ), *(qrs.T / FS_HZ), *(t.T / FS_HZ))


def _qrs(values: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Onset and end in samples, [beat, 2]."""
    slope = _slope_size(values)
    return np.array([(_qrs_edge(slope, at, -1), _qrs_edge(slope, at, +1)) for at in r], float)


def _slope_size(values: np.ndarray) -> np.ndarray:
    """Root mean square slope of the leads that are there, with the rests inside a QRS filled; [sample]."""
    there = ndimage.binary_erosion(np.isfinite(values), np.ones((1, 2 * samples(0.015) + 1)), border_value=1)
    steep = ndimage.gaussian_filter1d(np.nan_to_num(values), _QRS_SMOOTH_S * FS_HZ, order=1) ** 2
    size = np.sqrt((steep * there).sum(0) / np.maximum(there.sum(0), 1))
    return ndimage.grey_closing(size, 2 * samples(_DIP_S / 2) + 1)


def _qrs_edge(slope: np.ndarray, r: int, way: int) -> float:
    """The first sample, going backward (-1) or forward (+1) from R, where the slope is no more than a rest's."""
    reach = samples(_QRS_BEFORE_S if way < 0 else _QRS_AFTER_S)
    along = slope[r - reach if r > reach else 0 : r + 1][::-1] if way < 0 else slope[r : r + reach + 1]
    if along.size < samples(0.03):
        return np.nan
    steepest = along[: samples(0.06)].max()
    edge = np.clip(_CALM * along.min(), _QRS_EDGE * steepest, 0.4 * steepest)
    below = np.flatnonzero(along < edge)
    below = below[below > along[: samples(0.06)].argmax() * 0.5]
    return float(r + way * below[0]) if below.size else float(r + way * (along.size - 1))


def _t_window(r: np.ndarray, qrs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(first, last) sample of where the T wave of each beat may be."""
    rr = np.diff(r, append=r[-1] + (np.median(np.diff(r)) if r.size > 1 else FS_HZ))
    first = qrs[:, 1] + samples(_T_FROM_S)
    last = np.minimum(r + _T_TO_S * np.sqrt(rr * FS_HZ), r + 0.7 * rr)
    last[:-1] = np.minimum(last[:-1], qrs[1:, 0] - samples(0.04))
    return first, last


def _pbumps(values: np.ndarray, qrs: np.ndarray, t_off: np.ndarray) -> np.ndarray:
    """Onset, peak and end in samples, [beat, 3]; `t_off` is where the T wave before ends, or where it would at last."""
    first = qrs[:, 0] - samples(_LONGEST_PR_S - 0.04)
    first[1:] = np.fmax(first[1:], t_off[:-1] + samples(0.01))
    last = qrs[:, 0] - samples(0.01)
    found = bumps(values, first, last, P_WAVE)
    return np.where(_conducted(qrs[:, 0] - found[:, 1])[:, None], found, np.nan)


def _conducted(pr: np.ndarray) -> np.ndarray:
    """Which P waves stand as far before their QRS as most; none when there is no such distance (fibrillation)."""
    if np.isnan(pr).all():
        return np.zeros(pr.size, bool)
    away = np.abs(pr - np.nanmedian(pr))
    steady = (away <= samples(_PR_STEADY_S)).sum() >= _PR_SHARE * pr.size
    return steady & (away <= samples(_PR_WANDERS_S))
