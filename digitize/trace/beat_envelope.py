"""How much QRS there is at every moment, and how alike two such curves are."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ecg.signal.filters import bandpass

ENVELOPE_HZ = 250.0  # rate at which beats are compared
_QRS_HZ = (8.0, 30.0)  # band of the beats
_BLUR_S = 0.015  # rows and columns may lie so far off that their beats do not quite meet


def qrs_power(signal_mv: np.ndarray) -> np.ndarray:
    """Power of the beats in their band, mV^2 [lead, sample], of a signal [lead, sample] at `ENVELOPE_HZ`; 0 for NaN."""
    power: np.ndarray = np.nan_to_num(bandpass(signal_mv, ENVELOPE_HZ, *_QRS_HZ)) ** 2
    return power


def envelope(power: np.ndarray) -> np.ndarray:
    """Root of the smoothed power, mV [..., sample]: a beat becomes one bump."""
    smoothed: np.ndarray = np.sqrt(ndimage.gaussian_filter1d(power, _BLUR_S * ENVELOPE_HZ, axis=-1))
    return smoothed


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation of two curves [sample] over what is not NaN, -1..1; 0 where one is flat."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known] - a[known].mean(), b[known] - b[known].mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0
