"""Filters: what passes, what goes, and that NaN neither vanishes nor spreads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg.signal.filters import bandpass, highpass, lowpass, notch, remove_baseline, resample, sample_at

FS_HZ = 500.0
TIME_S = np.arange(5000) / FS_HZ
RATES = [100.0, 125.0, 250.0, 257.0, 360.0, 500.0, 1000.0]


def wave(hz: float, time_s: np.ndarray = TIME_S) -> np.ndarray:
    return np.sin(2 * np.pi * hz * time_s)


@given(st.sampled_from(RATES), st.sampled_from(RATES), st.integers(1, 3000))
def test_resampled_length_and_shape(fs_in_hz: float, fs_out_hz: float, samples: int) -> None:
    out = resample(np.ones((2, 3, samples), np.float32), fs_in_hz, fs_out_hz)
    assert out.shape == (2, 3, round(samples * fs_out_hz / fs_in_hz))
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, 1, atol=0.02)


@pytest.mark.parametrize("fs_out_hz", RATES)
def test_resampling_keeps_a_wave_on_its_time_line(fs_out_hz: float) -> None:
    out = resample(wave(7) + 3, FS_HZ, fs_out_hz)
    np.testing.assert_allclose(out, wave(7, np.arange(out.size) / fs_out_hz) + 3, atol=0.02)


def test_resampling_down_lets_nothing_fold_back() -> None:
    assert np.abs(resample(wave(90), FS_HZ, 100.0))[20:-20].max() < 0.01


@given(st.sampled_from(RATES), st.integers(0, 4000), st.integers(1, 3000))
def test_holes_stay_holes_and_their_rims_stay_true(fs_out_hz: float, first: int, length: int) -> None:
    values = wave(3) + 2
    values[first : first + length] = np.nan
    out = resample(values, FS_HZ, fs_out_hz)
    at = np.arange(out.size) / fs_out_hz
    inside = (at * FS_HZ > first) & (at * FS_HZ < min(first + length, 5000) - 1)
    outside = (at * FS_HZ < first - 1) | (at * FS_HZ > first + length)
    assert np.isnan(out[inside]).all()
    np.testing.assert_allclose(out[outside], wave(3, at[outside]) + 2, atol=0.03)


def test_nothing_stays_nothing() -> None:
    assert np.isnan(resample(np.full((12, 50), np.nan), 500, 360)).all()
    assert resample(np.zeros((12, 0)), 500, 360).shape == (12, 0)


PASSES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "highpass": lambda x: highpass(x, FS_HZ, 0.5),
    "lowpass": lambda x: lowpass(x, FS_HZ, 40.0),
    "bandpass": lambda x: bandpass(x, FS_HZ, 0.5, 40.0),
    "notch": lambda x: notch(x, FS_HZ, 50.0),
    "remove_baseline": lambda x: remove_baseline(x, FS_HZ),
}


@pytest.mark.parametrize(
    ("name", "stopped_hz"),
    [("highpass", 0.05), ("lowpass", 120), ("bandpass", 0.05), ("bandpass", 120), ("notch", 50)],
)
def test_what_is_stopped_and_what_passes(name: str, stopped_hz: float) -> None:
    out = PASSES[name](wave(8) + wave(stopped_hz))
    np.testing.assert_allclose(out[1000:-1000], wave(8)[1000:-1000], atol=0.05)


@pytest.mark.parametrize("name", PASSES)
def test_nan_neither_vanishes_nor_spreads(name: str) -> None:
    values = np.stack([wave(8), wave(8), np.full(5000, np.nan)]).astype(np.float32)
    values[1, 2000:3250] = np.nan
    out = PASSES[name](values)
    assert out.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(out), np.isnan(values))
    far = np.r_[0:1500, 3750:5000]
    np.testing.assert_allclose(out[1, far], out[0, far], atol=0.05)


def test_filters_a_rate_cannot_hold_leave_the_signal() -> None:
    x = wave(3)[:500]
    np.testing.assert_array_equal(lowpass(x, 80, 40), x)
    np.testing.assert_array_equal(notch(x, 100, 50), x)
    np.testing.assert_array_equal(bandpass(x, 80, 1, 40), highpass(x, 80, 1))


@pytest.mark.parametrize("name", PASSES)
@pytest.mark.parametrize("samples", [0, 1, 2])
def test_hardly_any_signal_is_no_error(name: str, samples: int) -> None:
    assert PASSES[name](np.ones((12, samples))).shape == (12, samples)


def test_baseline_goes_and_the_beat_with_its_st_segment_stays() -> None:
    beat = np.zeros(5000)
    for start in range(200, 4800, 400):
        beat[start : start + 40] = 1.0
        beat[start + 40 : start + 80] = 0.2  # a raised ST segment
    out = remove_baseline(beat + 0.5 * wave(0.1) + 1.5, FS_HZ)
    assert np.abs(out - beat)[500:-500].max() < 0.12


@given(st.integers(0, 999), st.floats(150, 900))
def test_sampling_an_irregular_series(seed: int, per_s: float) -> None:
    rng = np.random.default_rng(seed)
    time_s = np.cumsum(rng.uniform(0.7, 1.3, int(2 * per_s)) / per_s)
    at_s = np.arange(50, 900) / FS_HZ
    out = sample_at(time_s, wave(5, time_s), at_s, max_gap_s=0.04)
    np.testing.assert_allclose(out, wave(5, at_s), atol=4e-3)


def test_steps_back_and_doubled_points_are_merged() -> None:
    time_s = np.arange(400) / 400
    order = np.arange(400)
    order[100:102] = [101, 100]
    times = np.insert(time_s[order], 200, time_s[200] + 1e-7)
    values = np.insert(wave(2, time_s)[order], 200, wave(2, time_s)[200])
    at_s = np.arange(10, 480) / FS_HZ
    np.testing.assert_allclose(sample_at(times, values, at_s, 0.04), wave(2, at_s), atol=1e-3)


def test_short_holes_are_bridged_long_ones_are_not() -> None:
    time_s = np.arange(400) / 400
    values = wave(2, time_s)
    values[100:108], values[200:260] = np.nan, np.nan
    at_s = np.arange(500) / FS_HZ
    out = sample_at(time_s, values, at_s, max_gap_s=0.04)
    np.testing.assert_allclose(out[:249], wave(2, at_s[:249]), atol=5e-3)
    assert np.isnan(out[252:324]).all() and np.isfinite(out[326:]).all()


def test_nothing_is_made_up_beyond_the_ends() -> None:
    out = sample_at(np.array([0.1, 0.11, 0.12]), np.ones(3), np.array([0.0, 0.085, 0.095, 0.125, 0.135]), 0.05)
    np.testing.assert_array_equal(out, [np.nan, np.nan, 1, 1, np.nan])
    assert np.isnan(sample_at(np.zeros(0), np.zeros(0), np.zeros(3), 0.04)).all()
    np.testing.assert_array_equal(sample_at(np.array([1.0]), np.array([5.0]), np.array([1.01, 2.0]), 0.04), [5, np.nan])


def test_two_points_far_apart_say_nothing_of_what_lies_between() -> None:
    out = sample_at(np.array([0.0, 2.0]), np.array([1.0, 2.0]), np.array([0.0, 0.5, 1.0, 1.5, 2.0]), max_gap_s=0.04)
    np.testing.assert_array_equal(out, [1, np.nan, np.nan, np.nan, 2])
