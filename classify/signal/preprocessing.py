"""From a Record to what a network sees: one preparation for training and for use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import signal as dsp

from ecg.leads import STANDARD
from ecg.record import Record

DURATION_S = 10.0
SHORTEST_S = 0.8  # a shorter stretch says nothing after a 0.5 Hz high-pass
BRIDGE_S = 0.12  # a shorter gap is a hole in the reading, not the end of a printed stretch
_MAD = 1.4826  # median absolute deviations of a normal distribution make its standard deviation


@dataclass(frozen=True)
class Preparation:
    """Band in Hz (None: no such filter), the measure that scales each lead, and the limit in that measure.

    "robust" is the median and its absolute deviation; "none" leaves a lead in its unit, and so the limit. The usual
    limit only keeps a pacing spike from dwarfing the rest.
    """

    low_hz: float | None = 0.5
    high_hz: float | None = 40.0
    scale: Literal["zscore", "robust", "none"] = "zscore"
    limit: float = 10.0

    def __post_init__(self) -> None:
        if self.low_hz is not None and self.high_hz is not None and not 0 < self.low_hz < self.high_hz:
            raise ValueError(f"expected 0 < low_hz < high_hz, got {self.low_hz} and {self.high_hz}")
        if self.limit <= 0:
            raise ValueError(f"limit must be positive, got {self.limit}")


def on_grid(
    record: Record, fs_hz: float, leads: Sequence[str] = STANDARD, duration_s: float = DURATION_S
) -> np.ndarray:
    """The leads by name at `fs_hz`, from the record's start on, in its unit; float32 [lead, n] with NaN.

    "V1|V5" means the first of several leads that the record has.
    """
    chosen = record.select([first_of(name.split("|"), record.leads) for name in leads])
    if chosen.fs_hz != fs_hz:
        chosen = chosen.resample(fs_hz)
    return chosen.crop(chosen.start_s, duration_s).signal_mv


def first_of(names: Sequence[str], there: Sequence[str]) -> str:
    """The first name that is there, else the first."""
    return next((name for name in names if name in there), names[0])


def prepare(
    signal: np.ndarray, fs_hz: float, how: Preparation | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(z, seen, spread): every lead filtered and scaled over what is printed; 0 and False where nothing is.

    `signal` is [lead, sample] in any unit with NaN where nothing was printed; `z` and `seen` are [lead, sample],
    `spread` [lead] is the measure of scale, in the signal's unit (0 for a lead that is not printed).
    """
    how = how or Preparation()
    bridged = _bridge(signal, round(BRIDGE_S * fs_hz))
    z = np.zeros(signal.shape, np.float32)
    seen = np.zeros(signal.shape, bool)
    for (start, stop), rows in _stretches(np.isfinite(bridged)):
        if stop - start >= SHORTEST_S * fs_hz:
            z[rows, start:stop] = _filtered(bridged[rows, start:stop], fs_hz, how)
            seen[rows, start:stop] = True
    centred, spread = SCALES[how.scale](z, seen)
    z = np.clip(centred / np.where(spread < 1e-6, 1.0, spread), -how.limit, how.limit)
    return z.astype(np.float32), seen, spread[:, 0].astype(np.float32)


def _filtered(signal: np.ndarray, fs_hz: float, how: Preparation) -> np.ndarray:
    sections = _filter(fs_hz, how.low_hz, how.high_hz)
    if sections is None:
        return signal
    padding = min(signal.shape[1] - 1, round(2 * fs_hz))
    return dsp.sosfiltfilt(sections, signal.astype(np.float64), axis=1, padlen=padding).astype(np.float32)


@lru_cache
def _filter(fs_hz: float, low_hz: float | None, high_hz: float | None) -> np.ndarray | None:
    if high_hz is not None and fs_hz <= 2.2 * high_hz:
        high_hz = None  # resampling already cut what lies above
    if low_hz is None and high_hz is None:
        return None
    if high_hz is None:
        return dsp.butter(2, low_hz, "highpass", fs=fs_hz, output="sos")
    if low_hz is None:
        return dsp.butter(2, high_hz, "lowpass", fs=fs_hz, output="sos")
    return dsp.butter(2, (low_hz, high_hz), "bandpass", fs=fs_hz, output="sos")


def _zscore(z: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(centred [lead, sample], standard deviation [lead, 1])."""
    count = np.maximum(seen.sum(1, keepdims=True), 1)
    centred = np.where(seen, z - z.sum(1, keepdims=True) / count, 0.0)
    return centred, np.sqrt((centred**2).sum(1, keepdims=True) / count)


def _robust(z: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(centred [lead, sample], scaled median absolute deviation [lead, 1])."""
    centred, spread = np.zeros_like(z), np.zeros((len(z), 1), np.float32)
    for row, there in enumerate(seen):
        if there.any():
            centred[row, there] = z[row, there] - np.median(z[row, there])
            spread[row] = _MAD * np.median(np.abs(centred[row, there]))
    return centred, spread


def _as_it_is(z: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the signal [lead, sample], one [lead, 1]) where no lead is scaled."""
    return np.where(seen, z, 0.0), np.ones((len(z), 1), np.float32)


SCALES: Mapping[str, Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "zscore": _zscore,
    "robust": _robust,
    "none": _as_it_is,
}


def _stretches(finite: np.ndarray) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Each (start, stop) of finite samples with the rows that have exactly this stretch."""
    shared: dict[tuple[int, int], list[int]] = {}
    for row, flags in enumerate(finite):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.view(np.int8), [0]))))
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            shared.setdefault((start, stop), []).append(row)
    yield from shared.items()


def _bridge(signal: np.ndarray, longest: int) -> np.ndarray:
    """Straight lines over short inner gaps."""
    finite = np.isfinite(signal)
    if finite.all():
        return signal
    out = signal.copy()
    for row in range(len(out)):
        gaps = np.flatnonzero(np.diff(np.concatenate(([0], (~finite[row]).view(np.int8), [0]))))
        for start, stop in zip(gaps[::2], gaps[1::2], strict=True):
            if start > 0 and stop < out.shape[1] and stop - start <= longest:
                out[row, start:stop] = np.linspace(out[row, start - 1], out[row, stop], stop - start + 2)[1:-1]
    return out
