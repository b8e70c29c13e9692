"""Delineation on beats whose waves are known, at any rate, in one lead or twelve; measured against cardiologists."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.evaluation.wave_benchmark import agreed, compare, marks, own
from ecg.formats import read
from ecg.leads import STANDARD
from ecg.record import Record
from ecg.signal.delineate import Waves, delineate

# after R in s, width (SD) in s, height in mV
P, R, T = (-0.17, 0.018, 0.15), (0.0, 0.012, 1.0), (0.27, 0.04, 0.35)


def beating(fs_hz: float = 500.0, bpm: float = 70.0, leads: int = 1, noise_mv: float = 0.0, p: bool = True) -> Record:
    time_s, one = np.arange(round(10 * fs_hz)) / fs_hz, np.zeros(round(10 * fs_hz))
    for r_s in np.arange(0.7, 9.4, 60 / bpm):
        for after_s, width_s, mv in (P, R, T) if p else (R, T):
            one += mv * np.exp(-0.5 * ((time_s - r_s - after_s) / width_s) ** 2)
    gains = np.random.default_rng(1).uniform(0.5, 1.5, (leads, 1)) * np.where(np.arange(leads) % 3, 1, -1)[:, None]
    noise = np.random.default_rng(2).normal(0, noise_mv, (leads, one.size))
    return Record((gains if leads > 1 else 1.0) * one + noise, fs_hz, STANDARD[:leads])


@settings(max_examples=25)
@given(
    fs_hz=st.sampled_from([100.0, 250.0, 360.0, 500.0, 1000.0]),
    bpm=st.floats(45, 105),
    leads=st.sampled_from([1, 2, 12]),
    noise_mv=st.sampled_from([0.0, 0.01]),
)
def test_every_wave_is_where_it_was_put(fs_hz: float, bpm: float, leads: int, noise_mv: float) -> None:
    waves = delineate(beating(fs_hz, bpm, leads, noise_mv))
    inner = slice(1, -1)
    for peak, (after_s, _, _) in (("p_peak_s", P), ("t_peak_s", T)):
        away = getattr(waves, peak)[inner] - waves.r_s[inner] - after_s
        assert np.nanmax(np.abs(away)) < 0.025, peak
        assert np.isfinite(away).mean() > 0.7, peak
    for edge, (after_s, width_s, _), side in (
        ("p_on_s", P, -1), ("p_off_s", P, 1), ("qrs_on_s", R, -1), ("qrs_off_s", R, 1), ("t_on_s", T, -1),
        ("t_off_s", T, 1),
    ):  # fmt: skip
        widths = side * (getattr(waves, edge)[inner] - waves.r_s[inner] - after_s) / width_s
        assert 1.2 < np.nanmedian(widths) < 4, edge


def test_the_edges_of_a_beat_are_in_order() -> None:
    waves = delineate(beating(leads=12, noise_mv=0.02))
    names = ("p_on_s", "p_peak_s", "p_off_s", "qrs_on_s", "r_s", "qrs_off_s", "t_on_s", "t_peak_s", "t_off_s")
    rows = np.stack([getattr(waves, name) for name in names], 1)
    whole = rows[np.isfinite(rows).all(1)]
    assert len(whole) >= 8
    assert (np.diff(whole) >= 0).all()


def test_no_p_wave_is_invented() -> None:
    waves = delineate(beating(noise_mv=0.02, p=False))
    assert np.isnan(waves.p_peak_s).all()
    assert np.isfinite(waves.t_peak_s).sum() > 8


def test_a_lead_full_of_wander_does_not_hide_the_p_wave() -> None:
    record = beating(leads=3)
    signal = record.signal_mv.copy()
    steps = np.repeat(np.random.default_rng(3).normal(0, 0.1, 100), 50)
    signal[2] += steps
    waves = delineate(Record(signal, 500, record.leads))
    assert np.nanmedian(np.abs(waves.p_peak_s - waves.r_s - P[0])) < 0.015
    assert np.isfinite(waves.p_peak_s).mean() > 0.7


def test_a_page_of_short_leads_shows_waves_in_every_column() -> None:
    record = beating(leads=12, noise_mv=0.01)
    signal = np.full_like(record.signal_mv, np.nan)
    for lead in range(12):
        there = slice(lead // 3 * 1250, (lead // 3 + 1) * 1250)
        signal[lead, there] = record.signal_mv[lead, there]
    waves = delineate(Record(signal, 500, STANDARD))
    for column in range(4):
        here = (waves.r_s > column * 2.5) & (waves.r_s < column * 2.5 + 2.5)
        assert np.isfinite(waves.t_peak_s[here]).any()
        assert np.isfinite(waves.qrs_on_s[here]).any()


@pytest.mark.parametrize("signal", [np.zeros((2, 5000)), np.full((2, 5000), np.nan), np.ones((1, 30))])
def test_nothing_gives_no_beats(signal: np.ndarray) -> None:
    waves = delineate(Record(signal, 500, STANDARD[: len(signal)]))
    assert len(waves) == 0
    assert all(getattr(waves, field.name).size == 0 for field in fields(Waves))


def test_ludb(ecg_data: Path) -> None:
    """Ten records, the twelve leads against the marks that the leads agree on."""
    errors: dict[str, list[np.ndarray]] = {"P": [], "QRS": [], "T": []}
    hits = true = 0
    for number in range(4, 201, 20):
        path = ecg_data / "ludb" / "orig" / "data" / f"{number}.hea"
        record = read(path)
        found, drawn = own(record), agreed({lead: marks(path, lead) for lead in record.leads})
        for wave, each in errors.items():
            error, matched, there, _ = compare(found[wave], drawn[wave], drawn["QRS"])
            each.append(error)
            hits, true = hits + matched, true + there
    assert hits / true > 0.97
    limits_ms = {"P": (20, 20), "QRS": (20, 16), "T": (40, 30)}
    for wave, (onset, end) in limits_ms.items():
        spread = np.nanstd(np.concatenate(errors[wave]), axis=0)
        assert spread[0] < onset and spread[2] < end, wave
