"""Where the beats are: R peaks from one or many leads, and the series made of them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage, signal

from ecg.record import Record
from ecg.signal.beat_shape import BeatShapes, are_beats, with_soon_beats
from ecg.signal.filters import bandpass

_REFRACTORY_S = 0.28  # of all but very fast hearts
_SHORTEST_RR_S = 0.18  # 333 bpm
_QRS_HZ = (8.0, 20.0)  # little of P, T and hum passes (Elgendi et al., 2010)
_SHAPE_HZ = (3.0, 30.0)
_QRS_S = 0.14
_BLOCK_S = 5.0  # how well each lead shows its beats is judged anew in blocks of this length
_PART_S = 1.25  # long enough to hold a beat in nearly every rhythm
_KEEP, _KEEP_LATE = 0.45, 0.22  # of the height of the beats around; the second where a beat is overdue
_OVERDUE = 1.6  # usual intervals
_T_WAVE_S, _T_WAVE = 0.36, 0.6  # a lower bump this soon after a beat is its T wave (Pan and Tompkins, 1985)
_AROUND = 9  # beats, or parts
_TALL_PERCENT = (60, 80)  # of the parts around; the second for a slow heart, of which a third of the parts hold a beat
_MOST = 0.9  # of what stands out: where less are beats, the level was that of noise
_REACH_S = 0.06


def r_peaks(record: Record | np.ndarray, fs_hz: float | None = None) -> np.ndarray:
    """Sample indices of the R peaks, int [beat], from all leads together.

    A bare array is [lead, sample] or [sample] in any unit and needs `fs_hz`. The QRS energy of the leads that are there
    is averaged, the clearest lead weighing most; peaks that stand up to the beats around them are kept and moved to the
    tallest deflection, or to an earlier one half its power (as a paced beat is marked at its start). In noise, in a
    pause and on a flat line nothing is found (`beat_shape.LIMITS`; those in mV count for a `Record` alone).
    """
    values, rate_hz = _leads(record, fs_hz)
    if np.isnan(values).all() or values.shape[1] < rate_hz / 2:
        return np.zeros(0, int)
    there = np.isfinite(values)
    quick = _smooth(_power(values, rate_hz, _QRS_HZ), _QRS_S * rate_hz)
    height, worth = _lead_quality(np.where(there, quick, np.nan), rate_hz)
    energy = np.sqrt(_average(quick / height, worth * there))
    found, _ = signal.find_peaks(energy, distance=max(1, round(_REFRACTORY_S * rate_hz)))
    apart = max(1, round(_SHORTEST_RR_S * rate_hz))
    soon, _ = signal.find_peaks(energy, distance=apart)
    shaped, contrast = _in_band(values, rate_hz, _SHAPE_HZ), _average(quick / height * worth, there)
    shape = _average(shaped**2 / height, worth * there)

    def shapes(at: np.ndarray) -> BeatShapes:
        return BeatShapes.around(shaped, _to_deflection(at, shape, rate_hz), rate_hz)

    tries: list[tuple[float, np.ndarray]] = []
    for percent in _TALL_PERCENT:
        some = found[_stands_out(found / rate_hz, energy[found], percent)]
        some = with_soon_beats(some, soon, energy, shapes, apart)
        kept = some[are_beats(shapes(some), contrast[some], isinstance(record, Record))]
        tries.append((kept.size / max(some.size, 1), kept))
        if kept.size > _MOST * some.size:
            break
    beats = max(tries, key=lambda each: each[0])[1]
    return np.unique(_to_deflection(beats, shape, rate_hz))


def r_peaks_simple(lead_mv: np.ndarray, fs_hz: float) -> np.ndarray:
    """The plain detector many papers use, for one lead: maxima above half a deviation, a quarter second apart."""
    values = np.nan_to_num(np.asarray(lead_mv, dtype=np.float64))
    found, _ = signal.find_peaks(values, height=0.5 * values.std(), distance=max(1, fs_hz / 4))
    return found


def rr_series_s(peaks: np.ndarray, fs_hz: float) -> np.ndarray:
    """Intervals between neighbouring beats in seconds, [beat - 1]."""
    return np.diff(peaks) / fs_hz


def heart_rate_bpm(peaks: np.ndarray, fs_hz: float) -> float:
    """60 over the mean interval; NaN with fewer than two beats."""
    intervals_s = rr_series_s(peaks, fs_hz)
    return 60.0 / float(intervals_s.mean()) if intervals_s.size else float("nan")


def beat_windows(values: np.ndarray, peaks: np.ndarray, fs_hz: float, before_s: float, after_s: float) -> np.ndarray:
    """Cut [beat, ..., sample] out of `values` [..., sample] around every peak; NaN where a window leaves the signal."""
    before, after = round(before_s * fs_hz), round(after_s * fs_hz)
    padding = [(0, 0)] * (values.ndim - 1) + [(before, after)]
    padded = np.pad(np.asarray(values, np.float32), padding, constant_values=np.nan)
    return np.moveaxis(padded[..., np.asarray(peaks, int)[:, None] + np.arange(before + after)], -2, 0)


def _leads(record: Record | np.ndarray, fs_hz: float | None) -> tuple[np.ndarray, float]:
    if isinstance(record, Record):
        return record.signal_mv, record.fs_hz
    if fs_hz is None:
        raise ValueError("r_peaks needs fs_hz with a bare array: its sampling rate is not known")
    return np.atleast_2d(record), float(fs_hz)


def _smooth(power: np.ndarray, samples: float) -> np.ndarray:
    """Moving average; never below 0, where its running sum would otherwise end up by rounding."""
    return np.maximum(ndimage.uniform_filter1d(power, 2 * int(samples / 2) + 1, axis=-1), 0.0)


def _power(values: np.ndarray, fs_hz: float, band_hz: tuple[float, float]) -> np.ndarray:
    """Squared signal between two frequencies, 0 where nothing is printed."""
    return _in_band(values, fs_hz, band_hz) ** 2


def _in_band(values: np.ndarray, fs_hz: float, band_hz: tuple[float, float]) -> np.ndarray:
    return np.nan_to_num(bandpass(np.asarray(values, np.float64), fs_hz, *band_hz))


def _lead_quality(power: np.ndarray, fs_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """(height of the usual beat, how far it stands above the rest), both [lead, sample], judged block by block."""
    blocks = max(1, int(power.shape[1] / (_BLOCK_S * fs_hz)))
    length = power.shape[1] // blocks
    parts = max(1, int(length / (_PART_S * fs_hz)))
    cut = power[:, : blocks * length].reshape(len(power), blocks, length)
    highest = np.fmax.reduce(cut[..., : length // parts * parts].reshape(len(power), blocks, parts, -1), axis=-1)
    beat, rest = _usual(_median(highest)), _usual(_median(cut))
    beat = np.maximum(beat, 1e-9 * beat.max() + 1e-300)
    centres, samples = (np.arange(blocks) + 0.5) * length, np.arange(power.shape[1])
    height, worth = (
        np.stack([np.interp(samples, centres, row) for row in x]) for x in (beat, beat / (rest + 1e-6 * beat))
    )
    return height, worth


def _usual(by_block: np.ndarray) -> np.ndarray:
    return ndimage.median_filter(by_block, (1, min(5, by_block.shape[1])), mode="nearest")


def _median(values: np.ndarray) -> np.ndarray:
    """The lower median over the last axis of what is not NaN; 0 where all is."""
    ordered, count = np.sort(values, axis=-1), np.isfinite(values).sum(-1)
    middle = np.take_along_axis(ordered, np.maximum(count - 1, 0)[..., None] // 2, axis=-1)[..., 0]
    return np.where(count > 0, middle, 0.0)


def _average(power: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (power * weights).sum(0) / np.maximum(weights.sum(0), 1e-300)


def _stands_out(times_s: np.ndarray, heights: np.ndarray, percent: float) -> np.ndarray:
    """Indices of the peaks that are beats, by their height among the beats around them."""
    if times_s.size == 0:
        return np.zeros(0, int)
    around = _tallest_nearby(times_s, heights, percent)
    keep = heights > _KEEP * around
    for _ in range(2):  # what is kept is a better measure of the beats around than the tallest peaks were
        usual = ndimage.median_filter(heights[keep], _AROUND, mode="mirror")
        around = np.interp(times_s, times_s[keep], usual)
        keep = heights > _KEEP * around
    beats = _without_t_waves(np.flatnonzero(keep), times_s, heights)
    return _with_overdue(beats, times_s, heights, heights > _KEEP_LATE * around)


def _tallest_nearby(times_s: np.ndarray, heights: np.ndarray, percent: float) -> np.ndarray:
    part = (times_s / _PART_S).astype(int)
    tallest = np.zeros(part[-1] + 1)
    np.maximum.at(tallest, part, heights)
    return ndimage.percentile_filter(tallest, percent, _AROUND, mode="mirror")[part]  # a slow heart leaves parts empty


def _without_t_waves(beats: np.ndarray, times_s: np.ndarray, heights: np.ndarray) -> np.ndarray:
    while True:
        soon = np.diff(times_s[beats]) < _T_WAVE_S
        is_t_wave = np.concatenate([[False], soon & (heights[beats][1:] < _T_WAVE * heights[beats][:-1])])
        if not is_t_wave.any():
            return beats
        beats = beats[~is_t_wave]


def _with_overdue(beats: np.ndarray, times_s: np.ndarray, heights: np.ndarray, may: np.ndarray) -> np.ndarray:
    """Add the tallest peak that may be a beat where an interval is much longer than those around it."""
    intervals_s = np.diff(times_s[beats])
    if intervals_s.size < 3:
        return beats
    late = intervals_s > _OVERDUE * ndimage.median_filter(intervals_s, _AROUND, mode="nearest")
    added = []
    for first, last in zip(beats[:-1][late], beats[1:][late], strict=True):
        between = np.arange(first + 1, last)
        apart = (times_s[between] > times_s[first] + _T_WAVE_S) & (times_s[between] < times_s[last] - _REFRACTORY_S)
        between = between[apart & may[between]]
        if between.size:
            added.append(between[heights[between].argmax()])
    return np.sort(np.concatenate([beats, np.array(added, int)]))


def _to_deflection(beats: np.ndarray, shape: np.ndarray, fs_hz: float) -> np.ndarray:
    reach = round(_REACH_S * fs_hz)
    near = np.clip(beats[:, None] + np.arange(-reach, reach + 1), 0, shape.size - 1)
    favour = np.linspace(1.0, 0.5, 2 * reach + 1)
    return near[np.arange(beats.size), (shape[near] * favour).argmax(1)] if beats.size else beats
