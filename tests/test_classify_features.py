"""The core features on signals whose truth is known: mV, ms and the true rate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from classify.features import FEATURES, NAMES, core_features, for_network
from ecg.leads import STANDARD
from ecg.record import Record
from simulate.heart import synthetic_record


def spikes(beats_s: np.ndarray, fs_hz: float = 500.0, leads: tuple[str, ...] = ("II",)) -> Record:
    """Narrow Gaussian beats of 1 mV at the given times."""
    time_s = np.arange(round(10 * fs_hz)) / fs_hz
    wave = np.exp(-0.5 * ((time_s[:, None] - beats_s) / 0.012) ** 2).sum(1)
    return Record(np.stack([wave] * len(leads)), fs_hz, leads)


def named(record: Record) -> dict[str, float]:
    return dict(zip(NAMES, core_features(record).tolist(), strict=True))


def test_heart_rate_and_its_variation_are_those_of_the_beats() -> None:
    rr_s = np.array([0.8, 0.84, 0.76, 0.82, 0.78, 0.86, 0.74, 0.8, 0.83, 0.77])
    got = named(spikes(0.5 + np.concatenate(([0], np.cumsum(rr_s)))))
    assert got["heart_rate_bpm"] == pytest.approx(60 / np.median(rr_s), rel=0.01)
    assert got["sdnn_ms"] == pytest.approx(1000 * rr_s.std(ddof=1), rel=0.08)
    assert got["rmssd_ms"] == pytest.approx(1000 * np.sqrt((np.diff(rr_s) ** 2).mean()), rel=0.08)
    assert got["rr_cv"] == pytest.approx(rr_s.std(ddof=1) / rr_s.mean(), rel=0.08)


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 360.0, 1000.0])
def test_the_rate_of_the_recording_does_not_change_the_heart_rate(fs_hz: float) -> None:
    assert named(spikes(np.arange(0.4, 9.9, 0.9), fs_hz))["heart_rate_bpm"] == pytest.approx(60 / 0.9, rel=0.02)


def test_the_distribution_is_in_mv() -> None:
    record = spikes(np.arange(0.5, 9.9, 0.8))
    values = record["II"].astype(float)
    got = named(record)
    assert got["mean_mv"] == pytest.approx(values.mean(), rel=1e-4)
    assert got["std_mv"] == pytest.approx(values.std(), rel=1e-4)
    assert got["skewness"] == pytest.approx(stats.skew(values), rel=1e-3)
    assert got["kurtosis"] == pytest.approx(stats.kurtosis(values, fisher=False), rel=1e-3)


def test_missing_evidence_is_nan_and_never_a_usual_value() -> None:
    got = core_features(Record(np.full((12, 5000), np.nan), 500, STANDARD))
    assert np.isnan(got).all()
    assert (for_network(got) == 0).all()
    short = spikes(np.arange(0.5, 9.9, 0.8)).crop(0.3, 1.2)
    assert np.isnan(core_features(short)).all()
    without = named(Record(spikes(np.arange(0.5, 9.9, 0.8)).signal_mv, 500, ("V1",)))
    assert np.isnan(without["mean_mv"])
    assert without["heart_rate_bpm"] == pytest.approx(75, rel=0.02)


def test_a_short_lead_ii_leaves_the_rhythm_to_the_long_lead() -> None:
    record = spikes(np.arange(0.5, 9.9, 0.7), leads=("II", "V1"))
    signal = record.signal_mv.copy()
    signal[0, 1250:] = np.nan
    got = named(Record(signal, 500, record.leads))
    assert got["heart_rate_bpm"] == pytest.approx(60 / 0.7, rel=0.02)
    assert got["sdnn_ms"] < 5


def test_no_interval_spans_an_unprinted_stretch() -> None:
    record = spikes(np.arange(0.5, 9.9, 0.8))
    signal = record.signal_mv.copy()
    signal[:, 2500:3000] = np.nan
    assert named(Record(signal, 500, ("II",)))["sdnn_ms"] < 5


@pytest.mark.parametrize(("rhythm", "bpm"), [("SR", 72.0), ("STACH", 130.0), ("SBRAD", 45.0)])
def test_heart_rate_of_a_simulated_heart(rhythm: str, bpm: float) -> None:
    record = synthetic_record(11, rhythm, heart_rate_bpm=bpm, conditions=(), noise={})
    assert named(record)["heart_rate_bpm"] == pytest.approx(bpm, rel=0.06)


def test_every_feature_says_its_unit_and_scale() -> None:
    assert len(FEATURES) == 8
    assert {info.unit for info in FEATURES} <= {"mV", "bpm", "ms", ""}
    assert all(info.spread > 0 and (info.normal is None or info.normal[0] < info.normal[1]) for info in FEATURES)
