"""R peaks: found at any rate, in any lead, on pages that print each lead for a while; measured on real recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st

from classify.evaluation.beat_benchmark import TOLERANCE_S, matched
from ecg.leads import STANDARD
from ecg.record import Record
from ecg.signal.beats import beat_windows, heart_rate_bpm, r_peaks, r_peaks_simple, rr_series_s

BEATS = set("NLRBAaJSVrFejnE/fQ?")  # annotation codes that mark a beat


def heart(bpm: float, fs_hz: float = 500.0, leads: int = 1, seconds: float = 10.0, noise_mv: float = 0.0) -> np.ndarray:
    """P, QRS and T as Gaussian bumps, the first R at 0.5 s; every second lead upside down and smaller."""
    time_s, rng = np.arange(round(seconds * fs_hz)) / fs_hz, np.random.default_rng(0)
    one = np.zeros(time_s.size)
    for r_s in np.arange(0.5, seconds, 60 / bpm):
        for after_s, width_s, mv in ((-0.16, 0.02, 0.15), (0, 0.012, 1.2), (0.03, 0.01, -0.3), (0.25, 0.04, 0.35)):
            one += mv * np.exp(-0.5 * ((time_s - r_s - after_s) / width_s) ** 2)
    gains = np.array([1.0, -0.6] * leads)[:leads, None]
    return (gains * one + rng.normal(0, noise_mv, (leads, time_s.size))).astype(np.float32)


def beats_of(bpm: float, seconds: float = 10.0) -> np.ndarray:
    return np.arange(0.5, seconds, 60 / bpm)


@given(
    bpm=st.floats(35, 170),
    fs_hz=st.sampled_from([100.0, 128.0, 250.0, 360.0, 500.0, 1000.0]),
    leads=st.sampled_from([1, 2, 12]),
    noise_mv=st.sampled_from([0.0, 0.05]),
    gain=st.sampled_from([0.2, 1.0, 500.0]),
)
def test_every_beat_at_any_rate(bpm: float, fs_hz: float, leads: int, noise_mv: float, gain: float) -> None:
    found = r_peaks(gain * heart(bpm, fs_hz, leads, noise_mv=noise_mv), fs_hz) / fs_hz
    inner = [t for t in beats_of(bpm) if t < 9.9]  # half a QRS at the end may count or not
    missed = [t for t in inner if np.abs(found - t).min() > 0.012]
    invented = [t for t in found if t < 9.85 and np.abs(beats_of(bpm) - t).min() > 0.012]
    assert (missed, invented) == ([], [])


def as_printed(signal: np.ndarray, rhythm: int | None) -> np.ndarray:
    """Twelve leads as a 3x4 page shows them: 2.5 s each, one of them for the whole time."""
    printed = np.full_like(signal, np.nan)
    quarter = signal.shape[1] // 4
    for lead in range(12):
        there = slice(lead // 3 * quarter, (lead // 3 + 1) * quarter)
        printed[lead, there] = signal[lead, there]
    if rhythm is not None:
        printed[rhythm] = signal[rhythm]
    return printed


@pytest.mark.parametrize("rhythm", [1, None])
def test_a_page_of_short_leads(rhythm: int | None) -> None:
    record = Record(as_printed(heart(72, leads=12, noise_mv=0.03), rhythm), 500, STANDARD)
    found = r_peaks(record) / 500
    assert len(found) == len(beats_of(72))
    assert np.abs(found - beats_of(72)).max() < 0.02


def test_a_noisy_lead_does_not_drown_a_clear_one() -> None:
    two = heart(80, leads=2)
    two[0] = np.random.default_rng(1).normal(0, 1, two.shape[1])
    np.testing.assert_allclose(r_peaks(two, 500) / 500, beats_of(80), atol=0.02)


def test_a_small_early_beat_is_found_and_a_tall_t_wave_is_not() -> None:
    time_s = np.arange(5000) / 500
    extra = 0.7 * np.exp(-0.5 * ((time_s - 4.05) / 0.012) ** 2)
    tall_t = sum(0.9 * np.exp(-0.5 * ((time_s - r - 0.26) / 0.035) ** 2) for r in beats_of(60))
    found = r_peaks(heart(60) + extra + tall_t, 500) / 500
    np.testing.assert_allclose(found, np.sort([*beats_of(60), 4.05]), atol=0.02)


@pytest.mark.parametrize(
    "signal", [np.zeros((3, 5000)), np.full((2, 5000), np.nan), np.ones((1, 20)), np.zeros((1, 0))]
)
def test_where_no_heart_is_no_beat_is(signal: np.ndarray) -> None:
    found = r_peaks(signal, 500)
    assert found.size == 0 and found.dtype == np.int64
    assert np.isnan(heart_rate_bpm(found, 500))


def test_a_bare_array_needs_its_rate() -> None:
    with pytest.raises(ValueError, match="needs fs_hz"):
        r_peaks(np.zeros((1, 500)))


def test_the_simple_detector_finds_every_r_and_takes_a_t_for_one() -> None:
    found = r_peaks_simple(heart(72)[0], 500) / 500
    np.testing.assert_allclose(found[::2], beats_of(72), atol=0.004)
    np.testing.assert_allclose(found[1::2], beats_of(72) + 0.25, atol=0.004)
    assert r_peaks_simple(np.full(500, np.nan), 500).size == 0


def test_rate_and_intervals() -> None:
    peaks = np.array([100, 600, 1200])
    np.testing.assert_allclose(rr_series_s(peaks, 500), [1.0, 1.2])
    assert heart_rate_bpm(peaks, 500) == pytest.approx(60 / 1.1)
    assert np.isnan(heart_rate_bpm(peaks[:1], 500))


def test_windows_around_beats() -> None:
    values = np.stack([np.arange(10.0), -np.arange(10.0)])
    cut = beat_windows(values, np.array([1, 5]), fs_hz=1.0, before_s=2, after_s=3)
    assert cut.shape == (2, 2, 5)
    np.testing.assert_array_equal(cut[0, 0], [np.nan, 0, 1, 2, 3])
    np.testing.assert_array_equal(cut[1, 1], [-3, -4, -5, -6, -7])
    assert beat_windows(values, np.zeros(0, int), 1.0, 2, 3).shape == (0, 2, 5)


@pytest.mark.slow
def test_mit_bih(ecg_data: Path) -> None:
    """The first ten minutes of all 48 records, ventricular flutter left out: Se and PPV at least 99.5 %."""
    hits = true = found = 0
    samples = 10 * 60 * 360
    for header in sorted((ecg_data / "mitdb").glob("*.hea")):
        record = wfdb.rdrecord(str(header.with_suffix("")), sampto=samples)
        marks = wfdb.rdann(str(header.with_suffix("")), "atr", sampto=samples)
        beats = np.array([s for s, code in zip(marks.sample, marks.symbol, strict=True) if code in BEATS])
        flutter = np.array([s for s, code in zip(marks.sample, marks.symbol, strict=True) if code in "[!]"])
        peaks = r_peaks(record.p_signal.T, record.fs)
        if flutter.size:
            peaks = np.array([p for p in peaks if np.abs(flutter - p).min() > 180])
        hits += matched(peaks, beats, TOLERANCE_S * record.fs)
        true, found = true + len(beats), found + len(peaks)
    assert true > 36000
    assert hits / true > 0.995 and hits / found > 0.995


@pytest.mark.slow
def test_ludb(ecg_data: Path) -> None:
    """Twelve leads against cardiologists' marks in lead II: Se and PPV at least 99.5 %, half the beats within 4 ms."""
    hits = true = found = 0
    distances = []
    for number in range(1, 201):
        name = str(ecg_data / "ludb" / "orig" / "data" / str(number))
        marks = wfdb.rdann(name, "ii")
        beats = np.array([s for s, code in zip(marks.sample, marks.symbol, strict=True) if code == "N"])
        peaks = r_peaks(wfdb.rdrecord(name).p_signal.T, 500)
        peaks = peaks[(peaks > beats[0] - 100) & (peaks < beats[-1] + 100)]  # the first and last are often unmarked
        hits += matched(peaks, beats, TOLERANCE_S * 500)
        true, found = true + len(beats), found + len(peaks)
        distances += [np.abs(peaks - b).min() / 500 for b in beats]
    assert hits / true > 0.995 and hits / found > 0.995
    assert np.median(distances) <= 0.004
