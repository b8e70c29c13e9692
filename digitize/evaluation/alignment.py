"""Laying a digitized record over the truth, lead by lead, before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

from ecg.record import Record


@dataclass(frozen=True, eq=False)
class PrintedLead:
    """What is printed of one lead: truth and prediction [sample] in mV over the same stretch of page time.

    `truth` holds NaN in gaps that are not printed, `read` where nothing was read.
    """

    name: str
    truth: np.ndarray
    read: np.ndarray
    fs_hz: float

    def shifted(self, limit_s: float) -> tuple[np.ndarray, np.ndarray]:
        """(truth, prediction) of the printed samples, the prediction moved to where it correlates best.

        The shift is the smallest best one within `limit_s`; NaN comes in where nothing moved in.
        """
        return self.truth[self.printed], self.moved(self.read, self.lag(limit_s))

    @property
    def printed(self) -> np.ndarray:
        return np.isfinite(self.truth)

    def lag(self, limit_s: float) -> int:
        """By how many samples later the prediction fits the truth best, at most `limit_s`."""
        limit = min(round(limit_s * self.fs_hz), self.truth.size - 1)
        correlation = signal.correlate(_centred(self.truth), _centred(self.read), mode="full", method="fft")
        lags = np.arange(-limit, limit + 1)
        near = correlation[lags + self.truth.size - 1]
        best = lags[near >= near.max() - 1e-9 * max(abs(near.max()), 1.0)]
        return int(best[np.abs(best).argmin()])

    def moved(self, values: np.ndarray, lag: int) -> np.ndarray:
        """Values [sample] of the whole stretch, `lag` samples later, at the printed samples."""
        moved = np.full_like(values, np.nan)
        moved[max(lag, 0) : moved.size + min(lag, 0)] = values[max(-lag, 0) : moved.size - max(lag, 0)]
        return moved[self.printed]


def printed_leads(truth: Record, predicted: Record | None) -> list[PrintedLead]:
    """Every lead of which the truth holds anything, from its first to its last finite sample.

    The prediction is brought to the truth's rate and time line; None, or a lead that is not there, is all NaN.
    Raises ValueError when the truth holds nothing at all.
    """
    if predicted is None:
        predicted = Record(np.full((1, truth.samples), np.nan), truth.fs_hz, truth.leads[:1], truth.start_s)
    same = predicted.resample(truth.fs_hz).crop(truth.start_s, truth.duration_s).select(truth.leads)
    leads = [_cut(name, truth[name], same[name], truth.fs_hz) for name in truth.leads if np.isfinite(truth[name]).any()]
    if not leads:
        raise ValueError("the truth holds no finite sample in any lead; expected at least one printed lead")
    return leads


def offset_mv(truth: np.ndarray, read: np.ndarray) -> float:
    """How far to move `read` up for the least squared error over what was read; 0 when nothing was."""
    both = np.isfinite(read)
    return float((truth[both] - read[both]).mean()) if both.any() else 0.0


def _cut(name: str, truth: np.ndarray, read: np.ndarray, fs_hz: float) -> PrintedLead:
    first, last = np.flatnonzero(np.isfinite(truth))[[0, -1]]
    span = slice(first, last + 1)
    return PrintedLead(name, truth[span].astype(float), read[span].astype(float), fs_hz)


def _centred(values: np.ndarray) -> np.ndarray:
    """Mean 0 over what is finite, 0 where it is not."""
    finite = np.isfinite(values)
    return np.where(finite, values - values[finite].mean(), 0.0) if finite.any() else np.zeros_like(values)
