"""`Record`: a multi-lead ECG signal in mV with its rate, lead names and start on the time line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from ecg.files import JsonMapping
from ecg.leads import STANDARD, channel_name
from ecg.notes import Note
from ecg.signal.filters import resample


class Recording(Protocol):
    """What a `Record` and a recording that is read stretch by stretch have in common."""

    @property
    def leads(self) -> tuple[str, ...]: ...
    @property
    def fs_hz(self) -> float: ...
    @property
    def start_s(self) -> float: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def meta(self) -> JsonMapping: ...
    @property
    def notes(self) -> tuple[Note, ...]: ...
    def crop(self, start_s: float, duration_s: float) -> Record:
        """Exactly `duration_s` from time `start_s` on; what lies outside is NaN."""
        ...


@dataclass(frozen=True, eq=False)
class Record:
    """A recording: `signal_mv` is float32 [lead, sample]; NaN means "not printed", never zero.

    Leads are named as in `ecg.leads`; one that comes with its sign turned ("-aVR") is turned back. `start_s` is the
    time of the first sample; `meta` holds plain facts (age, sex, source, labels ...); `notes` say what was odd when it
    was read.
    """

    signal_mv: np.ndarray
    fs_hz: float
    leads: tuple[str, ...]
    start_s: float = 0.0
    meta: JsonMapping = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        signal = np.asarray(self.signal_mv, dtype=np.float32)
        named = tuple(channel_name(name) for name in self.leads)
        leads = tuple(name.removeprefix("-") for name in named)
        if signal.ndim != 2 or signal.shape[0] != len(leads):
            raise ValueError(f"signal_mv must be [lead, sample] with {len(leads)} leads, got shape {signal.shape}")
        if len(set(leads)) != len(leads):
            raise ValueError(f"a lead is named twice: {', '.join(leads)}")
        if not (np.isfinite(self.fs_hz) and self.fs_hz > 0):
            raise ValueError(f"fs_hz must be a positive sampling rate in Hz, got {self.fs_hz!r}")
        if np.isinf(signal).any():
            raise ValueError("signal_mv holds infinite values; use NaN for what is not there")
        if named != leads:
            signal = signal * np.array([-1 if name.startswith("-") else 1 for name in named], np.float32)[:, None]
        object.__setattr__(self, "signal_mv", signal)
        object.__setattr__(self, "leads", leads)
        object.__setattr__(self, "fs_hz", float(self.fs_hz))

    @property
    def samples(self) -> int:
        return self.signal_mv.shape[1]

    @property
    def duration_s(self) -> float:
        return self.samples / self.fs_hz

    @property
    def time_s(self) -> np.ndarray:
        """Time of every sample in seconds, float64 [sample]."""
        return self.start_s + np.arange(self.samples) / self.fs_hz

    def __getitem__(self, lead: str) -> np.ndarray:
        """The samples of one lead by name, mV, float32 [sample]."""
        name = channel_name(lead)
        if name.removeprefix("-") != name and name[1:] in self.leads:
            return -self[name[1:]]
        if name not in self.leads:
            raise KeyError(f"no lead {name} in this record (it has {', '.join(self.leads)})")
        return self.signal_mv[self.leads.index(name)]

    def select(self, leads: Sequence[str] = STANDARD) -> Record:
        """The same record with exactly these leads in this order; a lead that is absent becomes all NaN."""
        names = tuple(channel_name(name) for name in leads)
        signal = np.full((len(names), self.samples), np.nan, np.float32)
        for row, name in zip(signal, names, strict=True):
            if name.removeprefix("-") in self.leads:
                row[:] = self[name]
        return replace(self, signal_mv=signal, leads=names)

    def resample(self, fs_hz: float) -> Record:
        """The same record at another rate (polyphase, NaN kept as NaN)."""
        return replace(self, signal_mv=resample(self.signal_mv, self.fs_hz, fs_hz), fs_hz=float(fs_hz))

    def crop(self, start_s: float, duration_s: float) -> Record:
        """Exactly `duration_s` from time `start_s` on; what lies outside the record is NaN."""
        first = round((start_s - self.start_s) * self.fs_hz)
        count = round(duration_s * self.fs_hz)
        out = np.full((len(self.leads), count), np.nan, np.float32)
        a, b = max(first, 0), min(first + count, self.samples)
        if b > a:
            out[:, a - first : b - first] = self.signal_mv[:, a:b]
        return replace(self, signal_mv=out, start_s=float(start_s))
