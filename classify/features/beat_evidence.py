"""What the features of a record are made from, each found once: beats, intervals, waves and the usual beat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ecg.leads import LIMB_WEIGHTS
from ecg.record import Record
from ecg.signal.beats import beat_windows, r_peaks
from ecg.signal.delineate import Waves, delineate

_SHORTEST_RR_S = 0.16  # less than any two beats that are found
_PAUSE_S, _PAUSE = 3.0, 2.5  # an interval longer than both, the second in usual intervals, is a pause, not the rhythm's
_HOLE_S = 0.04
_BEFORE_S, _AFTER_S = 0.4, 0.7
_LEVEL_S = (0.02, 0.004)  # before the QRS: the level that amplitudes are measured from
_FS_HZ = 500.0
EDGES = ("p_on", "p_peak", "p_off", "qrs_on", "qrs_off", "t_on", "t_peak", "t_off")


@dataclass(frozen=True, eq=False)
class UsualBeat:
    """The median of all beats, [lead, sample] in mV above the level before the QRS; the R peak is at `r`.

    Edges are samples of the same axis, NaN where a wave was not found.
    """

    values_mv: np.ndarray
    leads: tuple[str, ...]
    r: int
    edges: dict[str, float]

    def span(self, first: str, last: str) -> slice:
        """From one edge to another."""
        return slice(round(self.edges[first]), round(self.edges[last]) + 1)

    def has(self, *edges: str) -> bool:
        return all(np.isfinite(self.edges[name]) for name in edges)

    def lead(self, name: str) -> np.ndarray:
        """The samples of a lead, a limb lead also from I and II; all NaN when it cannot be known."""
        if name in self.leads:
            return self.values_mv[self.leads.index(name)]
        if name in LIMB_WEIGHTS and {"I", "II"} <= set(self.leads):
            return np.array(LIMB_WEIGHTS[name]) @ np.stack([self.lead("I"), self.lead("II")])
        return np.full(self.values_mv.shape[1], np.nan)


class Evidence:
    """A record with its beats and waves, at 500 Hz whatever its own rate."""

    def __init__(self, record: Record) -> None:
        self.own_fs_hz = record.fs_hz
        self.record = record if record.fs_hz == _FS_HZ else record.resample(_FS_HZ)

    @cached_property
    def rr_s(self) -> np.ndarray:
        """Seconds between neighbouring beats, over printed stretches only; float64 [interval].

        All leads together tell where the beats are: on a page the strip goes on where the columns change.
        """
        return _intervals(self.peaks, np.isfinite(self.record.signal_mv).any(0), self.record.fs_hz)

    @cached_property
    def peaks(self) -> np.ndarray:
        """Samples of the R peaks, from all leads together; int [beat]."""
        return r_peaks(self.record)

    @cached_property
    def waves(self) -> Waves:
        return delineate(self.record, self.peaks)

    @cached_property
    def beats_mv(self) -> np.ndarray:
        """Every beat above the level before its QRS, [beat, lead, sample]; NaN outside of the record."""
        fs_hz = self.record.fs_hz
        cut = beat_windows(self.record.signal_mv, self.peaks, fs_hz, _BEFORE_S, _AFTER_S)
        return cut - _level(cut, self._edge("qrs_on"), fs_hz)

    @cached_property
    def beat(self) -> UsualBeat | None:
        """The usual beat; None without a beat."""
        if not self.peaks.size:
            return None
        edges = {name: self._edge(name) for name in EDGES}
        return UsualBeat(_median_beat(self.beats_mv), self.record.leads, round(_BEFORE_S * self.record.fs_hz), edges)

    def _edge(self, name: str) -> float:
        """The sample of the beat's window at which an edge usually stands."""
        return (_BEFORE_S + _median(getattr(self.waves, f"{name}_s") - self.waves.r_s)) * self.record.fs_hz


def _intervals(peaks: np.ndarray, printed: np.ndarray, fs_hz: float) -> np.ndarray:
    """Intervals with nothing unprinted between their beats (a hole of up to 40 ms is let pass), without pauses."""
    if peaks.size < 2:
        return np.empty(0)
    holes = np.concatenate(([0], np.cumsum(~printed)))
    missing = holes[peaks[1:]] - holes[peaks[:-1]]
    seconds = (np.diff(peaks) / fs_hz)[missing <= _HOLE_S * fs_hz]
    seconds = seconds[seconds >= _SHORTEST_RR_S]
    return seconds[seconds <= max(_PAUSE_S, _PAUSE * _median(seconds))] if seconds.size else seconds


def _level(cut: np.ndarray, qrs_on: float, fs_hz: float) -> np.ndarray:
    """The level just before the QRS of every beat and lead, [beat, lead, 1]."""
    if not np.isfinite(qrs_on):
        return np.full((*cut.shape[:2], 1), np.nan)
    early, late = (max(round(qrs_on - seconds * fs_hz), 0) for seconds in _LEVEL_S)
    return cut[..., early : late + 1].mean(-1, keepdims=True)


def _median_beat(values: np.ndarray) -> np.ndarray:
    """Median over the beats [beat, lead, sample] that show a sample; NaN where none does."""
    ordered, count = np.sort(values, axis=0), np.isfinite(values).sum(0)
    low, high = ((np.maximum(count - 1, 0) + extra) // 2 for extra in (0, 1))
    both = [np.take_along_axis(ordered, np.minimum(k, len(values) - 1)[None], 0)[0] for k in (low, high)]
    return np.where(count > 0, (both[0] + both[1]) / 2, np.nan)


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
