"""Resampling and zero-phase filters that keep NaN ("not printed") as NaN and let nothing of it reach the signal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy import interpolate, ndimage, signal

_QRS_S, _BEAT_S = 0.2, 0.6  # two medians: the first removes QRS and P, the second T (de Chazal et al., 2004)


def resample(values: np.ndarray, fs_in_hz: float, fs_out_hz: float) -> np.ndarray:
    """`values` [..., sample] at another rate: polyphase, round(n * fs_out / fs_in) samples, NaN where it was NaN."""
    if fs_in_hz == fs_out_hz:
        return values.copy()
    count = round(values.shape[-1] * fs_out_hz / fs_in_hz)
    ratio = Fraction(fs_out_hz / fs_in_hz).limit_denominator(2000)
    filled, missing = _bridge(values)
    if filled.size == 0 or count == 0:
        return np.full((*values.shape[:-1], count), np.nan, values.dtype)
    out = signal.resample_poly(filled, ratio.numerator, ratio.denominator, axis=-1, padtype="antireflect")[..., :count]
    nearest = np.minimum(np.round(np.arange(count) * fs_in_hz / fs_out_hz).astype(int), values.shape[-1] - 1)
    return np.where(missing[..., nearest], np.nan, out).astype(values.dtype)


def sample_at(time_s: np.ndarray, values: np.ndarray, at_s: np.ndarray, max_gap_s: float) -> np.ndarray:
    """The values of an irregular series at other times, by a local cubic (Akima 1970, modified) per unbroken stretch.

    Times may step back slightly; NaN points are holes. NaN comes out farther than one point spacing from the series and
    from the edges of a hole longer than `max_gap_s`.
    """
    out = np.full(np.shape(at_s), np.nan)
    times, series = _merged(time_s, values)
    if times.size == 0:
        return out
    spacing_s = min(float(np.median(np.diff(times))), max_gap_s) if times.size > 1 else max_gap_s
    breaks = np.flatnonzero(np.diff(times) > max_gap_s) + 1
    for t, v in zip(np.split(times, breaks), np.split(series, breaks), strict=True):
        inside = (at_s >= t[0] - spacing_s) & (at_s <= t[-1] + spacing_s) & np.isnan(out)
        where = np.clip(at_s[inside], t[0], t[-1])
        out[inside] = v[0] if t.size == 1 else interpolate.Akima1DInterpolator(t, v, method="makima")(where)
    return out


def _merged(time_s: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finite points in order of time; points nearer than a tenth of the usual spacing become their mean."""
    finite = np.isfinite(values) & np.isfinite(time_s)
    order = np.argsort(time_s[finite], kind="stable")
    times, series = np.asarray(time_s[finite][order], float), np.asarray(values[finite][order], float)
    if times.size < 2:
        return times, series
    steps = np.diff(times)
    group = np.concatenate([[0], np.cumsum(steps > 0.1 * np.median(steps))])
    size = np.bincount(group)
    return np.bincount(group, times) / size, np.bincount(group, series) / size


def highpass(values: np.ndarray, fs_hz: float, low_hz: float, order: int = 2) -> np.ndarray:
    """Zero-phase Butterworth: what is faster than `low_hz`."""
    return _zero_phase(values, signal.butter(order, low_hz, "highpass", fs=fs_hz, output="sos"), fs_hz / low_hz)


def lowpass(values: np.ndarray, fs_hz: float, high_hz: float, order: int = 4) -> np.ndarray:
    """Zero-phase Butterworth: what is slower than `high_hz`; everything when the rate holds nothing faster."""
    if high_hz >= fs_hz / 2:
        return values.copy()
    return _zero_phase(values, signal.butter(order, high_hz, "lowpass", fs=fs_hz, output="sos"), fs_hz / high_hz)


def bandpass(values: np.ndarray, fs_hz: float, low_hz: float, high_hz: float, order: int = 2) -> np.ndarray:
    """Zero-phase Butterworth between two frequencies; a high-pass when the rate holds nothing above `high_hz`."""
    if high_hz >= fs_hz / 2:
        return highpass(values, fs_hz, low_hz, order)
    sections = signal.butter(order, [low_hz, high_hz], "bandpass", fs=fs_hz, output="sos")
    return _zero_phase(values, sections, fs_hz / low_hz)


def notch(values: np.ndarray, fs_hz: float, mains_hz: float, quality: float = 30.0) -> np.ndarray:
    """Zero-phase notch against mains hum; nothing is done when the rate cannot hold that frequency."""
    if mains_hz >= fs_hz / 2:
        return values.copy()
    sections = signal.tf2sos(*signal.iirnotch(mains_hz, quality, fs=fs_hz))
    return _zero_phase(values, sections, quality * fs_hz / mains_hz)


def remove_baseline(values: np.ndarray, fs_hz: float) -> np.ndarray:
    """Subtract the wander that two medians (200 ms, then 600 ms) leave; ST segments keep their level."""
    filled, missing = _bridge(values)
    if filled.size == 0:
        return values.copy()
    step = max(1, int(fs_hz // 125))  # wander is slow: medians at 125 Hz are as good and much quicker
    thin = filled[..., ::step]
    for span_s in (_QRS_S, _BEAT_S):
        width = 2 * round(span_s * fs_hz / step / 2) + 1
        thin = ndimage.median_filter(thin, size=(*[1] * (thin.ndim - 1), width), mode="nearest")
    samples, knots = np.arange(filled.shape[-1]), np.arange(thin.shape[-1]) * step
    wander = np.apply_along_axis(lambda row: np.interp(samples, knots, row), -1, thin)
    return np.where(missing, np.nan, filled - wander).astype(values.dtype)


def _zero_phase(values: np.ndarray, sections: np.ndarray, period_samples: float) -> np.ndarray:
    """Filter forth and back, with the ends turned over for 1.5 of the filter's slowest periods."""
    filled, missing = _bridge(values)
    pad = min(round(1.5 * period_samples), filled.shape[-1] - 1)
    if pad < 1:
        return values.copy()
    out = signal.sosfiltfilt(sections, filled, axis=-1, padlen=pad)
    return np.where(missing, np.nan, out).astype(values.dtype)


def _bridge(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(float64 copy with straight lines over the holes and held ends, where NaN was); an empty row becomes zero."""
    missing = np.isnan(values)
    filled = np.array(values, dtype=np.float64)
    if filled.size == 0:
        return filled, missing
    rows, holes = filled.reshape(-1, values.shape[-1]), missing.reshape(-1, values.shape[-1])
    samples = np.arange(values.shape[-1])
    for row, hole in zip(rows, holes, strict=True):
        if hole.all():
            row[:] = 0.0
        elif hole.any():
            row[hole] = np.interp(samples[hole], samples[~hole], row[~hole])
    return filled, missing
