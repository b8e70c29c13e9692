"""From a Record to what a network sees: one preparation for training and for use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from scipy import signal as dsp

from ecg.leads import STANDARD
from ecg.record import Record

BAND_HZ = (0.5, 40.0)
DURATION_S = 10.0
SHORTEST_S = 0.8  # a shorter stretch says nothing after a 0.5 Hz high-pass
BRIDGE_S = 0.12  # a shorter gap is a hole in the reading, not the end of a printed stretch
LIMIT = 10.0  # in standard deviations: a pacing spike must not dwarf the rest


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


def prepare(signal: np.ndarray, fs_hz: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(z, seen, spread): every lead band-passed and z-scored over what is printed; 0 and False where nothing is.

    `signal` is [lead, sample] in any unit with NaN where nothing was printed; `z` and `seen` are [lead, sample],
    `spread` [lead] is the standard deviation before scaling, in the signal's unit (0 for a lead that is not printed).
    """
    bridged = _bridge(signal, round(BRIDGE_S * fs_hz))
    z = np.zeros(signal.shape, np.float32)
    seen = np.zeros(signal.shape, bool)
    for (start, stop), rows in _stretches(np.isfinite(bridged)):
        if stop - start >= SHORTEST_S * fs_hz:
            z[rows, start:stop] = _band_pass(bridged[rows, start:stop], fs_hz)
            seen[rows, start:stop] = True
    z, spread = _zscore(z, seen)
    return z, seen, spread


def _band_pass(signal: np.ndarray, fs_hz: float) -> np.ndarray:
    sos = _filter(fs_hz)
    padding = min(signal.shape[1] - 1, round(2 * fs_hz))
    return dsp.sosfiltfilt(sos, signal.astype(np.float64), axis=1, padlen=padding).astype(np.float32)


@lru_cache
def _filter(fs_hz: float) -> np.ndarray:
    low, high = BAND_HZ
    if fs_hz > 2.2 * high:
        return dsp.butter(2, (low, high), "bandpass", fs=fs_hz, output="sos")
    return dsp.butter(2, low, "highpass", fs=fs_hz, output="sos")  # resampling already cut what lies above


def _zscore(z: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = np.maximum(seen.sum(1, keepdims=True), 1)
    mean = z.sum(1, keepdims=True) / count
    centred = np.where(seen, z - mean, 0.0)
    spread = np.sqrt((centred**2).sum(1, keepdims=True) / count)
    flat = spread < 1e-6
    z = np.clip(centred / np.where(flat, 1.0, spread), -LIMIT, LIMIT).astype(np.float32)
    return z, spread[:, 0].astype(np.float32)


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
