"""Rows that show the same seconds show the same beats: a row whose beats stand beside the others' was misplaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from digitize.stages import Leads
from ecg.notes import Note
from ecg.page import traces_to_record
from ecg.signal.filters import bandpass


@dataclass(frozen=True)
class StepThresholds:
    """When a row's beats stand beside those of the others; by how far the QRS of one beat spreads over the leads."""

    fs_hz: float = 250.0  # at which beats are compared
    qrs_hz: tuple[float, float] = (8.0, 30.0)  # band of the beats
    blur_s: float = 0.015  # of how much QRS there is
    window_s: float = 2.5  # stretches that are compared
    reach_s: float = 0.2  # a map that is bent is off by no more
    min_lag_s: float = 0.06  # leads of one beat peak within this
    min_alike: float = 0.8  # correlation with the other rows' beats once shifted,
    min_lead: float = 0.3  # and so much more than unshifted
    min_others: int = 2  # rows that a row is compared with


_STEP = StepThresholds()


def in_step(leads: Leads) -> Leads:
    """The leads with a note where rows of the same seconds show their beats at different places."""
    beats = _beats(leads)
    off: dict[str, float] = {}
    for name, lag_s in _lags(leads, beats):
        off[name] = max(abs(lag_s), off.get(name, 0.0))
    if not off:
        return leads
    text = (
        f"the beats of {', '.join(off)} stand up to {max(off.values()):.2f} s beside those of the rows around: the "
        "paper was not followed there, or rows of another ECG were taken in"
    )
    return replace(leads, notes=(*leads.notes, Note("rows-out-of-step", text)))


def _beats(leads: Leads) -> list[np.ndarray]:
    """How much QRS there is in every box [sample] of the page's time line; NaN where the box shows nothing."""
    found = []
    for trace, box in zip(leads.traces, leads.layout.boxes, strict=True):
        alone = replace(leads.layout, boxes=(box,))
        record = traces_to_record((trace,), leads.geometry, alone, _STEP.fs_hz, leads.layout.duration_s)
        mv = record[box.lead.removeprefix("-")].astype(np.float64)
        power = np.nan_to_num(bandpass(mv[None], _STEP.fs_hz, *_STEP.qrs_hz)[0]) ** 2
        beats = np.sqrt(ndimage.gaussian_filter1d(power, _STEP.blur_s * _STEP.fs_hz))
        found.append(np.where(np.isfinite(mv), beats, np.nan))
    return found


def _lags(leads: Leads, beats: Sequence[np.ndarray]) -> Iterator[tuple[str, float]]:
    """(lead, lag in s) of every row that is out of step in some stretch."""
    width, reach = (round(seconds * _STEP.fs_hz) for seconds in (_STEP.window_s, _STEP.reach_s))
    for begin in range(0, max(len(row) for row in beats) - width + 1, width):
        inner = slice(begin + reach, begin + width - reach)
        shown = [i for i, row in enumerate(beats) if np.isfinite(row[begin : begin + width]).mean() > 0.9]
        scaled = {
            i: np.nan_to_num(beats[i] / max(float(np.nanmax(beats[i][begin : begin + width])), 1e-6)) for i in shown
        }
        for i in shown:
            others = [scaled[k][inner] for k in shown if k != i]
            if len(others) < _STEP.min_others:
                continue
            usual = np.median(others, axis=0)
            alike = [_likeness(usual, scaled[i][inner.start + k : inner.stop + k]) for k in range(-reach, reach + 1)]
            best = int(np.argmax(alike))
            lag_s = (best - reach) / _STEP.fs_hz
            is_clear = alike[best] > _STEP.min_alike and alike[best] - alike[reach] > _STEP.min_lead
            if is_clear and abs(lag_s) >= _STEP.min_lag_s:
                yield leads.layout.boxes[i].lead, lag_s


def _likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation; 0 where one is flat."""
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0
