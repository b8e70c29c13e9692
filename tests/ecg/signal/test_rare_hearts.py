"""Hearts at the edges: very fast, very slow, pausing, or none at all."""

from __future__ import annotations

import numpy as np
import pytest

from classify.features import measure
from ecg.leads import STANDARD
from ecg.record import Record
from ecg.signal.beats import r_peaks
from ecg.signal.plausibility import doubts_about


def drawn(
    beats_s: np.ndarray, seconds: float, fs_hz: float = 500.0, leads: int = 12, noise_mv: float = 0.005,
    p_mv: float = 0.0, t_s: float = 0.25,
) -> Record:  # fmt: skip
    """QRS at the given times with T `t_s` after them, P waves 0.16 s before, each lead a multiple of one wave."""
    time_s, rng = np.arange(round(seconds * fs_hz)) / fs_hz, np.random.default_rng(7)
    one = np.zeros(time_s.size)
    for r_s in beats_s:
        waves = ((-0.16, 0.02, p_mv), (0, 0.011, 1.2), (0.025, 0.01, -0.3), (t_s, t_s / 6, 0.2))
        for after_s, width_s, mv in waves:
            one += mv * np.exp(-0.5 * ((time_s - r_s - after_s) / width_s) ** 2)
    gain = np.concatenate([[1.0], rng.uniform(0.3, 1.0, leads - 1) * rng.choice([-1, 1], leads - 1)])[:, None]
    return Record(gain * one + rng.normal(0, noise_mv, (leads, time_s.size)), fs_hz, STANDARD[:leads])


def rate(record: Record) -> float:
    return float(measure(record, ("heart_rate_bpm",))[0])


@pytest.mark.parametrize("bpm", [190, 214, 220, 230])
@pytest.mark.parametrize(("fs_hz", "leads"), [(250.0, 12), (500.0, 12), (500.0, 1), (1000.0, 2)])
def test_a_very_fast_heart_is_not_halved(bpm: float, fs_hz: float, leads: int) -> None:
    record = drawn(np.arange(0.3, 9.9, 60 / bpm), 10, fs_hz, leads, t_s=0.12)
    assert rate(record) == pytest.approx(bpm, abs=1.5)


@pytest.mark.parametrize("bpm", [16, 20, 25, 30])
@pytest.mark.parametrize("noise_mv", [0.004, 0.02, 0.05])
def test_a_very_slow_heart_has_the_beats_it_has(bpm: float, noise_mv: float) -> None:
    beats_s = np.arange(0.5, 30, 60 / bpm)
    record = drawn(beats_s, 30, noise_mv=noise_mv, p_mv=0.12)
    np.testing.assert_allclose(r_peaks(record) / 500, beats_s, atol=0.03)
    assert rate(record) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("uv", [0, 1, 5, 10, 20])
@pytest.mark.parametrize(("fs_hz", "leads"), [(100.0, 1), (250.0, 2), (500.0, 12), (1000.0, 1)])
def test_noise_is_no_heart(uv: float, fs_hz: float, leads: int) -> None:
    for seed in range(4):
        noise = np.random.default_rng(seed).normal(-1.5, uv / 1000, (leads, round(10 * fs_hz)))
        record = Record(noise, fs_hz, STANDARD[:leads])
        assert r_peaks(record).size == 0
        names = ("heart_rate_bpm", "sdnn_ms", "qrs_ms", "pr_ms", "qt_ms", "axis_deg", "st_II_mv")
        assert np.isnan(measure(record, names)).all()


@pytest.mark.parametrize("noise_mv", [0.0, 0.004, 0.02])
def test_a_pause_stays_a_pause(noise_mv: float) -> None:
    beats_s = np.arange(0.4, 40, 60 / 70)
    beats_s = beats_s[(beats_s < 15) | (beats_s > 25)]
    record = drawn(beats_s, 40, noise_mv=noise_mv, p_mv=0.12)
    found_s = r_peaks(record) / 500
    assert not ((found_s > 15.2) & (found_s < 24.8)).any()
    assert len(found_s) == len(beats_s)
    assert rate(record) == pytest.approx(70, abs=0.5)
    assert measure(record, ("sdnn_ms",))[0] < 20


@pytest.mark.parametrize("leads", [1, 12])
@pytest.mark.parametrize("p_mv", [0.25, 0.3, 0.4])
def test_p_waves_in_a_pause_are_no_beats(p_mv: float, leads: int) -> None:
    beats_s = np.arange(0.4, 40, 60 / 70)
    kept_s = beats_s[(beats_s < 15) | (beats_s > 25)]
    record = drawn(kept_s, 40, leads=leads)
    alone = drawn(beats_s, 40, leads=leads, noise_mv=0.0, p_mv=p_mv)
    without = drawn(beats_s, 40, leads=leads, noise_mv=0.0)
    found_s = r_peaks(Record(record.signal_mv + alone.signal_mv - without.signal_mv, 500, record.leads)) / 500
    np.testing.assert_allclose(found_s, kept_s, atol=0.03)


@pytest.mark.parametrize("share", [0.2, 0.3, 0.5])
def test_beats_that_become_small_are_still_beats(share: float) -> None:
    beats_s = np.arange(0.4, 40, 60 / 70)
    record = drawn(beats_s, 40)
    faded = record.signal_mv * np.where((record.time_s > 15) & (record.time_s < 25), share, 1.0)
    np.testing.assert_allclose(r_peaks(Record(faded, 500, record.leads)) / 500, beats_s, atol=0.03)


def test_the_rate_is_that_of_all_leads_and_the_mean_of_the_intervals() -> None:
    rr_s = np.array([0.6, 1.3, 0.7, 1.2, 0.6, 1.4, 0.8, 1.1, 0.6])
    record = drawn(0.5 + np.concatenate([[0], np.cumsum(rr_s)]), 10)
    page = np.full_like(record.signal_mv, np.nan)
    for lead in range(12):
        there = slice(lead // 3 * 1250, (lead // 3 + 1) * 1250)
        page[lead, there] = record.signal_mv[lead, there]
    page[2] = 0.05 * record.signal_mv[2] + np.random.default_rng(0).normal(0, 0.03, 5000)  # a strip that shows little
    assert rate(Record(page, 500, STANDARD)) == pytest.approx(60 / rr_s.mean(), rel=0.01)


@pytest.mark.parametrize(
    ("factor", "code"), [(1.0, None), (1e-3, "unit-doubtful"), (0.05, "unit-doubtful"), (20.0, "unit-doubtful"),
                         (1e3, "unit-doubtful"), (0.0, "no-signal"), (np.nan, "no-signal")],
)  # fmt: skip
def test_a_unit_that_is_none_of_an_ecg_is_doubted_in_both_directions(factor: float, code: str | None) -> None:
    record = drawn(np.arange(0.5, 10, 0.8), 10, leads=2)
    found = [note.code for note in doubts_about(Record(factor * record.signal_mv, 500, record.leads))]
    assert found == ([code] if code else [])
