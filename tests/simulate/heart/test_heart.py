"""Synthetic hearts: limb-lead laws, purity, rates and intervals as labelled, every table entry drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import median_filter
from scipy.signal import find_peaks

from ecg.leads import STANDARD, limb_residual_mv
from ecg.record import Record
from simulate.heart import CONDITIONS, NOISES, RHYTHMS, synthetic_record


def beats_found(record: Record) -> np.ndarray:
    """Times of QRS complexes at 500 Hz, s: where the leads together move most within 40 ms, spikes aside."""
    trace = median_filter(record.signal_mv, (1, 7))
    steep = np.convolve(np.linalg.norm(trace[:, 20:] - trace[:, :-20], axis=0), np.ones(60) / 60, "same")
    peaks, _ = find_peaks(steep, height=0.42 * np.quantile(steep, 0.99), distance=115)
    return peaks / record.fs_hz


def rate_bpm(times_s: np.ndarray) -> float:
    return 60.0 * (len(times_s) - 1) / (times_s[-1] - times_s[0])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40))
def test_any_seed_obeys_the_limb_lead_laws_and_is_pure(seed: int) -> None:
    record = synthetic_record(seed)
    assert record.leads == STANDARD and record.signal_mv.shape == (12, 5000)
    assert np.isfinite(record.signal_mv).all()
    assert np.abs(record["I"] + record["III"] - record["II"]).max() < 1e-6
    assert limb_residual_mv(record.signal_mv, record.leads) < 1e-6
    again = synthetic_record(seed)
    assert np.array_equal(record.signal_mv, again.signal_mv) and record.meta == again.meta


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_rhythm_beats_at_the_rate_it_promises(rhythm: str) -> None:
    for seed in range(3):
        record = synthetic_record(seed, rhythm, duration_s=12.0, conditions=(), noise={})
        assert record.meta["labels"] == [rhythm]
        assert rate_bpm(beats_found(record)) == pytest.approx(record.meta["heart_rate_bpm"], rel=0.08)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_changes_the_beat_and_stays_plausible(condition: str) -> None:
    for seed in range(3):
        plain = synthetic_record(seed, "SR", conditions=(), noise={})
        changed = synthetic_record(seed, "SR", conditions=(condition,), noise={})
        assert changed.meta["labels"] == ["SR", condition]
        assert np.abs(changed.signal_mv - plain.signal_mv).max() > 0.05
        assert 0.2 < np.ptp(changed.signal_mv, axis=1).max() < 8.0


def test_amplitudes_of_healthy_people_are_usual() -> None:
    tall = np.array([synthetic_record(s, "SR", conditions=(), noise={}).signal_mv.max(axis=1) for s in range(40)])
    median = dict(zip(STANDARD, np.median(tall, axis=0), strict=True))
    assert 0.9 < median["V5"] < 2.2
    assert 0.3 < median["I"] < 1.2 and 0.5 < median["II"] < 1.6
    assert median["V1"] < median["V3"] < 2.5


@pytest.mark.parametrize("noise", NOISES)
def test_noise_is_added_to_the_same_heart_and_keeps_the_law(noise: str) -> None:
    clean, noisy = (synthetic_record(4, "SR", conditions=(), noise=n) for n in ({}, {noise: 1.0}))
    rest = noisy.signal_mv - clean.signal_mv
    assert 0.003 < rest.std() < 1.0
    assert np.abs(rest[0] + rest[2] - rest[1]).max() < 1e-6


def test_a_fallen_electrode_leaves_a_flat_lead() -> None:
    for seed in range(6):
        record = synthetic_record(seed, electrode_off=True)
        lead = {"LA": "I", "LL": "II"}.get(record.meta["electrode_off"], record.meta["electrode_off"])
        assert np.ptp(record[lead]) == 0.0
        assert np.abs(record["I"] + record["III"] - record["II"]).max() < 1e-6


@pytest.mark.parametrize(("fs_hz", "duration_s"), [(100.0, 10.0), (1000.0, 3.0), (500.0, 30.0)])
def test_rate_and_length_are_as_asked(fs_hz: float, duration_s: float) -> None:
    record = synthetic_record(2, "SR", duration_s, fs_hz, noise={})
    assert record.fs_hz == fs_hz and record.duration_s == pytest.approx(duration_s)
    assert record.meta["heart_rate_bpm"] == pytest.approx(rate_bpm(beats_found(record.resample(500.0))), rel=0.1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rhythm": "SINUS"}, "unknown rhythm 'SINUS': expected one of SR"),
        ({"conditions": ("LBB",)}, "unknown condition 'LBB'"),
        ({"noise": {"hiss": 1.0}}, "unknown noise 'hiss'"),
        ({"rhythm": "SR", "heart_rate_bpm": 20.0}, "SR beats at 60-100 per minute"),
        ({"heart_rate_bpm": 70.0}, "needs a rhythm"),
        ({"duration_s": 0.0}, "duration_s must be a positive"),
        ({"fs_hz": 50.0}, "fs_hz must be at least 100"),
        ({"conditions": ("CLBBB", "CRBBB")}, "CLBBB and CRBBB exclude each other"),
        ({"seed": -1}, "seed must be 0 or more"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        synthetic_record(**({"seed": 0} | wrong))
