"""Rows that show the same seconds show the same beats: a row whose beats stand beside the others' was misplaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from digitize.stages import Leads
from digitize.trace.beat_envelope import ENVELOPE_HZ, envelope, likeness, qrs_power
from ecg.notes import Note
from ecg.page import traces_to_record


@dataclass(frozen=True)
class StepThresholds:
    """When a row's beats stand beside those of the others; by how far the QRS of one beat spreads over the leads."""

    window_s: float = 2.5  # length of the stretches that are compared
    min_shown: float = 0.9  # a row is compared in a stretch of which more than this share was read
    reach_s: float = 0.2  # a map that is bent is off by no more
    sure_lag_s: float = 0.1  # how long a usual QRS lasts: the leads of one beat may peak anywhere in it
    min_lag_s: float = 0.06  # a lag from here up to `sure_lag_s` counts only when a row shows it again,
    min_times: int = 2  # to the same side in this many stretches
    min_alike: float = 0.8  # a lag is seen when the shifted beats correlate so well with the other rows'
    min_margin: float = 0.3  # and by so much better than the unshifted ones
    min_others: int = 2  # rows that a row is compared with


_STEP = StepThresholds()


def in_step(leads: Leads) -> Leads:
    """The leads with a note where rows of the same seconds show their beats at different places."""
    lags_s: dict[int, list[float]] = {}
    for box, lag_s in _lags(_beats(leads)):
        lags_s.setdefault(box, []).append(lag_s)
    off = {leads.layout.boxes[box].lead: found for box, found in lags_s.items() if _is_off(np.array(found))}
    if not off:
        return leads
    most_s = max(abs(lag_s) for found in off.values() for lag_s in found)
    text = (
        f"the beats of {', '.join(off)} stand up to {most_s:.2f} s beside those of the rows around: the "
        "paper was not followed there, or rows of another ECG were taken in"
    )
    return replace(leads, notes=(*leads.notes, Note("rows-out-of-step", text)))


def _beats(leads: Leads) -> list[np.ndarray]:
    """How much QRS there is in every box [sample] of the page's time line; NaN where the box shows nothing."""
    found = []
    for trace, box in zip(leads.traces, leads.layout.boxes, strict=True):
        alone = replace(leads.layout, boxes=(box,))
        record = traces_to_record((trace,), leads.geometry, alone, ENVELOPE_HZ, leads.layout.duration_s)
        mv = record[box.lead.removeprefix("-")].astype(np.float64)
        found.append(np.where(np.isfinite(mv), envelope(qrs_power(mv[None])[0]), np.nan))
    return found


def _is_off(lags_s: np.ndarray) -> bool:
    """Whether the lags of a row's stretches are more than those between the leads of one beat."""
    return bool(
        (np.abs(lags_s) >= _STEP.sure_lag_s).any() or max((lags_s > 0).sum(), (lags_s < 0).sum()) >= _STEP.min_times
    )


def _lags(beats: Sequence[np.ndarray]) -> Iterator[tuple[int, float]]:
    """(box, lag in s) of every stretch in which a row is out of step."""
    width, reach = (round(seconds * ENVELOPE_HZ) for seconds in (_STEP.window_s, _STEP.reach_s))
    for begin in range(0, max(len(row) for row in beats) - width + 1, width):
        inner = slice(begin + reach, begin + width - reach)
        shown = [i for i, row in enumerate(beats) if np.isfinite(row[begin : begin + width]).mean() > _STEP.min_shown]
        scaled = {
            i: np.nan_to_num(beats[i] / max(float(np.nanmax(beats[i][begin : begin + width])), 1e-6)) for i in shown
        }
        for i in shown:
            others = [scaled[k][inner] for k in shown if k != i]
            if len(others) < _STEP.min_others:
                continue
            usual = np.median(others, axis=0)
            alike = [likeness(usual, scaled[i][inner.start + k : inner.stop + k]) for k in range(-reach, reach + 1)]
            best = int(np.argmax(alike))
            lag_s = (best - reach) / ENVELOPE_HZ
            is_clear = alike[best] > _STEP.min_alike and alike[best] - alike[reach] > _STEP.min_margin
            if is_clear and abs(lag_s) >= _STEP.min_lag_s:
                yield i, lag_s
