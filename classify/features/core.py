"""The eight core features, in mV and ms, from the signal at its true rate and before any normalisation."""

from __future__ import annotations

import numpy as np

from ecg.beats import r_peaks
from ecg.record import Record

_LONG_S = 8.0  # a lead printed this long carries the rhythm alone
_SHORTEST_S = 2.0  # less of lead II than this says nothing about its distribution
_RR_S = (0.2, 3.0)  # intervals outside are missed or doubled beats


def core_features(record: Record) -> np.ndarray:
    """The features in the order of `NAMES`, float32 [8]; NaN where the record holds no evidence."""
    return np.array([*_distribution(record), *_rhythm(rr_intervals_s(record))], np.float32)


def rr_intervals_s(record: Record) -> np.ndarray:
    """Seconds between neighbouring beats, over printed stretches only; float64 [interval].

    Lead II carries the rhythm where it is printed long enough, else the longest printed lead, else all leads together.
    """
    printed_s = np.isfinite(record.signal_mv).sum(1) / record.fs_hz
    if not len(printed_s) or printed_s.max() == 0:
        return np.empty(0)
    leads = [record.leads[int(np.argmax(printed_s))]]
    if "II" in record.leads and printed_s[record.leads.index("II")] >= _LONG_S:
        leads = ["II"]
    elif printed_s.max() < _LONG_S:
        leads = [name for name, seconds in zip(record.leads, printed_s, strict=True) if seconds > 0]
    chosen = record.select(leads)
    peaks = np.asarray(r_peaks(chosen))
    return _intervals(peaks, np.isfinite(chosen.signal_mv).any(0), record.fs_hz)


def _intervals(peaks: np.ndarray, printed: np.ndarray, fs_hz: float) -> np.ndarray:
    """Intervals with nothing unprinted between their beats (a hole of up to 40 ms is let pass)."""
    if peaks.size < 2:
        return np.empty(0)
    holes = np.concatenate(([0], np.cumsum(~printed)))
    missing = holes[peaks[1:]] - holes[peaks[:-1]]
    seconds = np.diff(peaks) / fs_hz
    low, high = _RR_S
    return seconds[(missing <= 0.04 * fs_hz) & (seconds >= low) & (seconds <= high)]


def _distribution(record: Record) -> tuple[float, float, float, float]:
    nothing = (float("nan"),) * 4
    if "II" not in record.leads:
        return nothing
    values = record["II"][np.isfinite(record["II"])].astype(np.float64)
    if values.size < _SHORTEST_S * record.fs_hz or values.std() < 1e-9:
        return nothing
    z = (values - values.mean()) / values.std()
    return float(values.mean()), float(values.std()), float((z**3).mean()), float((z**4).mean())


def _rhythm(rr_s: np.ndarray) -> tuple[float, float, float, float]:
    nan = float("nan")
    if rr_s.size < 2:
        return nan, nan, nan, nan
    rate = 60.0 / float(np.median(rr_s))
    if rr_s.size < 3:
        return rate, nan, nan, nan
    spread = float(rr_s.std(ddof=1))
    steps = float(np.sqrt(np.mean(np.diff(rr_s) ** 2)))
    return rate, 1000 * spread, 1000 * steps, spread / float(rr_s.mean())
