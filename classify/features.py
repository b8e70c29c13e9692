"""The eight core features, in mV and ms, from the signal at its true rate and before any normalisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecg.beats import r_peaks
from ecg.record import Record

_LONG_S = 8.0  # a lead printed this long carries the rhythm alone
_SHORTEST_S = 2.0  # less of lead II than this says nothing about its distribution
_RR_S = (0.2, 3.0)  # intervals outside are missed or doubled beats


@dataclass(frozen=True)
class FeatureInfo:
    """A feature's name, unit and usual adult range; `centre` and `spread` scale it for a network."""

    name: str
    unit: str
    normal: tuple[float, float] | None
    centre: float
    spread: float
    title: str


# Ranges: resting heart rate 60-100 bpm; the spread of RR in a 10 s strip is wide even in health (Nunan et al. 2010).
FEATURES: tuple[FeatureInfo, ...] = (
    FeatureInfo("mean_mv", "mV", None, 0.0, 0.1, "Mean of lead II"),
    FeatureInfo("std_mv", "mV", None, 0.2, 0.1, "Standard deviation of lead II"),
    FeatureInfo("skewness", "", None, 1.5, 2.0, "Skewness of lead II"),
    FeatureInfo("kurtosis", "", None, 12.0, 10.0, "Kurtosis of lead II"),
    FeatureInfo("heart_rate_bpm", "bpm", (60.0, 100.0), 75.0, 20.0, "Heart rate"),
    FeatureInfo("sdnn_ms", "ms", (5.0, 120.0), 50.0, 60.0, "SDNN"),
    FeatureInfo("rmssd_ms", "ms", (5.0, 120.0), 50.0, 80.0, "RMSSD"),
    FeatureInfo("rr_cv", "", (0.005, 0.12), 0.06, 0.06, "Variation of RR"),
)
NAMES = tuple(info.name for info in FEATURES)


def core_features(record: Record) -> np.ndarray:
    """The features in the order of `NAMES`, float32 [8]; NaN where the record holds no evidence."""
    return np.array([*_distribution(record), *_rhythm(rr_intervals_s(record))], np.float32)


def for_network(features: np.ndarray) -> np.ndarray:
    """Features [..., 8] centred and scaled by fixed constants; what is missing becomes 0, the usual value."""
    centre = np.array([info.centre for info in FEATURES], np.float32)
    spread = np.array([info.spread for info in FEATURES], np.float32)
    scaled = np.clip((features - centre) / spread, -5, 5)
    return np.where(np.isfinite(scaled), scaled, 0.0).astype(np.float32)


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
