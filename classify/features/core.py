"""The eight core features and the eight that extend them, in mV and ms."""

from __future__ import annotations

import numpy as np
from scipy.signal import lombscargle

from classify.features.beat_evidence import Evidence

_SHORTEST_S = 2.0  # less of lead II than this says nothing about its distribution
_LF_HZ, _HF_HZ = (0.04, 0.15), (0.15, 0.4)
_RR_JUMP_S = 0.05
NAN = float("nan")


def core(evidence: Evidence) -> tuple[float, ...]:
    """Mean, SD, skewness and kurtosis of lead II; heart rate (60 over the mean RR), SDNN, RMSSD and variation of RR."""
    return *_distribution(evidence), *rhythm(evidence.rr_s)


def extended(evidence: Evidence) -> tuple[float, ...]:
    """log LF, log HF, LF/HF; maximum, minimum, range, zero crossings per second of lead II; pNN50."""
    low, high = (band_power_ms2(evidence.rr_s, band) for band in (_LF_HZ, _HF_HZ))
    jumps = np.abs(np.diff(evidence.rr_s))
    pnn50 = float(np.mean(jumps > _RR_JUMP_S)) if jumps.size >= 2 else NAN
    return _log(low), _log(high), low / high if high > 0 else NAN, *_extent(evidence), pnn50


def lead_ii(evidence: Evidence) -> np.ndarray:
    """What is printed of lead II, float64; empty when that is too little."""
    if "II" not in evidence.record.leads:
        return np.empty(0)
    values = evidence.record["II"]
    values = values[np.isfinite(values)].astype(np.float64)
    enough = values.size >= _SHORTEST_S * evidence.record.fs_hz and values.std() > 1e-9
    return values if enough else np.empty(0)


def _distribution(evidence: Evidence) -> tuple[float, float, float, float]:
    values = lead_ii(evidence)
    if not values.size:
        return NAN, NAN, NAN, NAN
    z = (values - values.mean()) / values.std()
    return float(values.mean()), float(values.std()), float((z**3).mean()), float((z**4).mean())


def _extent(evidence: Evidence) -> tuple[float, float, float, float]:
    values = lead_ii(evidence)
    if not values.size:
        return NAN, NAN, NAN, NAN
    above = values > values.mean()
    crossings = float((above[1:] != above[:-1]).sum() * evidence.record.fs_hz / values.size)
    return float(values.max()), float(values.min()), float(np.ptp(values)), crossings


def rhythm(rr_s: np.ndarray) -> tuple[float, float, float, float]:
    """Heart rate, SDNN, RMSSD and variation of intervals in seconds."""
    if rr_s.size < 2:
        return NAN, NAN, NAN, NAN
    rate = 60.0 / float(rr_s.mean())
    if rr_s.size < 3:
        return rate, NAN, NAN, NAN
    spread = float(rr_s.std(ddof=1))
    steps = float(np.sqrt(np.mean(np.diff(rr_s) ** 2)))
    return rate, 1000 * spread, 1000 * steps, spread / float(rr_s.mean())


def band_power_ms2(rr_s: np.ndarray, band_hz: tuple[float, float]) -> float:
    """Power of the RR series in a band, from its periodogram (Lomb, 1976); NaN unless the slowest wave fits once."""
    if rr_s.size < 4 or rr_s.sum() < 1 / band_hz[0]:
        return NAN
    at_s = np.cumsum(rr_s)
    step_hz = 1 / (at_s[-1] - at_s[0])
    steps = max(2, round((band_hz[1] - band_hz[0]) / step_hz) + 1)
    frequencies = np.linspace(*band_hz, steps)
    varying = 1000 * (rr_s - rr_s.mean())
    power = lombscargle(at_s, varying, 2 * np.pi * frequencies) / rr_s.size
    return float(2 * power.mean() * (band_hz[1] - band_hz[0]) / step_hz)


def _log(power: float) -> float:
    return float(np.log(power)) if power > 0 else NAN
