"""Where the power of lead II lies, and how clean the recording is."""

from __future__ import annotations

import numpy as np
from scipy.signal import welch

from classify.features.beat_evidence import Evidence
from classify.features.core import NAN, lead_ii
from ecg.leads import limb_residual_mv

_SIGNAL_HZ = (0.5, 40.0)
_BANDS_HZ = ((0.5, 5.0), (5.0, 15.0), (15.0, 40.0))
_WANDER_HZ, _NOISE_HZ = (0.05, 0.5), (40.0, 100.0)
_WINDOW_S = 4.0
_FLAT_MV, _FLAT_S = 0.005, 0.2


def spectral(evidence: Evidence) -> tuple[float, ...]:
    """Shares of 0.5-40 Hz in three bands, the strongest frequency, and what lies below and above, relative to it.

    What lies above is NaN when the recording's own rate cannot hold 100 Hz.
    """
    values = lead_ii(evidence)
    fs_hz = evidence.record.fs_hz
    if not values.size:
        return (NAN,) * 6
    hz, power = welch(values, fs_hz, nperseg=min(values.size, round(_WINDOW_S * fs_hz)), detrend="constant")
    whole = _within(hz, power, _SIGNAL_HZ)
    shares = (_within(hz, power, band) / whole for band in _BANDS_HZ)
    inside = (hz >= _SIGNAL_HZ[0]) & (hz <= _SIGNAL_HZ[1])
    noise = _within(hz, power, _NOISE_HZ) / whole if evidence.own_fs_hz >= 2 * _NOISE_HZ[1] else NAN
    return *shares, float(hz[inside][power[inside].argmax()]), _within(hz, power, _WANDER_HZ) / whole, noise


def quality(evidence: Evidence) -> tuple[float, ...]:
    """How alike the beats are (Orphanidou et al., 2015), the flat share, and how far the limb leads contradict."""
    record = evidence.record
    flat = [_flat_share(row[np.isfinite(row)], record.fs_hz) for row in record.signal_mv if np.isfinite(row).any()]
    return _likeness(evidence), float(np.mean(flat)) if flat else NAN, limb_residual_mv(record.signal_mv, record.leads)


def _within(hz: np.ndarray, power: np.ndarray, band_hz: tuple[float, float]) -> float:
    return float(power[(hz >= band_hz[0]) & (hz < band_hz[1])].sum())


def _likeness(evidence: Evidence) -> float:
    """The median correlation of the beats with the usual one, from 0.2 s before to 0.4 s after R, over the leads."""
    beat = evidence.beat
    if beat is None or evidence.peaks.size < 3:
        return NAN
    near = slice(beat.r - round(0.2 * evidence.record.fs_hz), beat.r + round(0.4 * evidence.record.fs_hz))
    found = [
        np.corrcoef(one[lead, near], beat.values_mv[lead, near])[0, 1]
        for one in evidence.beats_mv
        for lead in range(len(beat.leads))
        if np.isfinite(one[lead, near]).all() and np.ptp(one[lead, near]) > 0
    ]
    return float(np.median(found)) if found else NAN


def _flat_share(values: np.ndarray, fs_hz: float) -> float:
    """The share of stretches of 0.2 s in which nothing moves."""
    width = round(_FLAT_S * fs_hz)
    whole = values[: values.size // width * width].reshape(-1, width)
    return float((np.ptp(whole, axis=1) < _FLAT_MV).mean()) if len(whole) else NAN
