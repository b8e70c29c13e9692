"""Synthetic hearts: a moving dipole, seen by twelve leads, in many rhythms and conditions, with its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ecg.leads import INDEPENDENT, STANDARD, derive_12
from ecg.record import Record
from simulate.heart.atria import fibrillate, flutter_saw, spikes
from simulate.heart.conditions import CONDITIONS
from simulate.heart.dipole import Heart, normal_heart, torso
from simulate.heart.ectopic import ectopic_p, paced_beat, ventricular
from simulate.heart.noise import NOISES, add_noise, lead_off
from simulate.heart.render import render
from simulate.heart.rhythms import RHYTHMS, Pulse, Schedule

__all__ = ["CONDITIONS", "NOISES", "RHYTHMS", "synthetic_record"]

_OWN_SHAPE = ("VT", "PACE")  # rhythms whose beats never show a condition of the conducted beat
_STEP = 2.0**20  # limb leads in steps of 2^-20 mV: their sums are then exact in float32


def synthetic_record(
    seed: int,
    rhythm: str | None = None,
    duration_s: float = 10.0,
    fs_hz: float = 500.0,
    *,
    conditions: Sequence[str] | None = None,
    heart_rate_bpm: float | None = None,
    noise: Mapping[str, float] | None = None,
    electrode_off: bool = False,
) -> Record:
    """A twelve-lead record that depends on its arguments alone; what is None is drawn from the seed.

    `rhythm` is a key of `RHYTHMS`, `conditions` are keys of `CONDITIONS`, `noise` maps keys of `NOISES` to strengths
    (1 = plainly visible; {} = none). `meta` holds rhythm, conditions, labels, heart_rate_bpm, pr_ms, qrs_ms, qtc_ms,
    beats [(onset_s, kind)] (N conducted, V ventricular, E escape, P paced) and noise. I + III = II holds exactly.
    """
    _check(seed, rhythm, duration_s, fs_hz, conditions, heart_rate_bpm, noise)
    who, when, how, dirt = (np.random.default_rng([seed, k]) for k in range(4))
    drawn_rhythm, drawn_conditions, drawn_noise = _draw(who)
    rhythm = rhythm or drawn_rhythm
    conditions = drawn_conditions if conditions is None else conditions
    conditions = tuple(conditions) if rhythm not in _OWN_SHAPE else ()
    noise = drawn_noise if noise is None else noise

    heart = normal_heart(who)
    for name in conditions:
        heart = CONDITIONS[name](who, heart)
    bpm = heart_rate_bpm or float(when.uniform(*RHYTHMS[rhythm].bpm))
    pulse = Pulse(bpm, duration_s, heart.pr_s, float(when.uniform(0.18, 0.35)))
    schedule = RHYTHMS[rhythm].schedule(when, pulse)
    time_s = np.arange(round(duration_s * fs_hz)) / fs_hz
    leads_mv = _leads(how, schedule, heart, time_s, pulse.breath_hz)
    leads_mv = add_noise(dirt, leads_mv, time_s, dict(noise))
    off = None
    if electrode_off:
        leads_mv, off = lead_off(dirt, leads_mv)
    meta = _facts(schedule, heart, duration_s) | {"source": "synthetic", "seed": seed, "rhythm": rhythm}
    meta |= {
        "conditions": list(conditions),
        "labels": [rhythm, *conditions],
        "noise": dict(noise),
        "electrode_off": off,
    }
    signal = derive_12((np.round(leads_mv * _STEP) / _STEP).astype(np.float32), INDEPENDENT)
    return Record(signal, fs_hz, STANDARD, meta=meta)


def _leads(
    rng: np.random.Generator, schedule: Schedule, heart: Heart, time_s: np.ndarray, breath_hz: float
) -> np.ndarray:
    """Eight leads of a schedule without noise, mV [8, sample]."""
    matrix = torso(rng)
    wide, stimulated = ventricular(rng, heart), paced_beat(rng, heart)
    hearts = {"N": heart, "V": wide, "E": wide, "P": stimulated}
    retro = tuple(w.scaled((0.5, -0.8, 0.6)) for w in heart.p)
    p_shapes = {"sinus": heart.p, "ectopic": ectopic_p(rng, heart.p), "retro": retro}
    out = render(rng, schedule, hearts, p_shapes, matrix, time_s, breath_hz)
    if schedule.atria == "fibrillate":
        out += fibrillate(rng, matrix, time_s)
    if schedule.atria == "flutter":
        out += flutter_saw(rng, matrix, time_s, schedule.flutter_hz)
    if len(schedule.spikes):
        out += spikes(rng, matrix, time_s, schedule.spikes)
    return out


def _draw(rng: np.random.Generator) -> tuple[str, tuple[str, ...], dict[str, float]]:
    """A rhythm, conditions (none for half of the people) and noise."""
    weights = np.array([r.weight for r in RHYTHMS.values()])
    rhythm = str(rng.choice(list(RHYTHMS), p=weights / weights.sum()))
    count = int(rng.choice(3, p=(0.5, 0.38, 0.12)))
    conditions = tuple(str(name) for name in rng.choice(list(CONDITIONS), count, replace=False))
    strengths = rng.gamma(1.2, 0.35, len(NOISES)) * (rng.random(len(NOISES)) < (0.7, 0.3, 0.7, 0.08))
    return rhythm, conditions, {k: round(float(s), 3) for k, s in zip(NOISES, strengths, strict=True) if s > 0}


def _facts(schedule: Schedule, heart: Heart, duration_s: float) -> dict[str, Any]:
    beats = [(round(float(t), 4), kind) for t, kind in schedule.beats if 0 <= t < duration_s]
    onsets = [t for t, _ in beats]
    rate = 60 * (len(onsets) - 1) / (onsets[-1] - onsets[0]) if len(onsets) > 1 else float("nan")
    intervals = {"pr_ms": 1000 * heart.pr_s, "qrs_ms": 1000 * heart.qrs_s, "qtc_ms": 1000 * heart.qtc_s}
    numbers = {"heart_rate_bpm": rate, **intervals, **schedule.facts}
    return {"beats": beats, **{name: round(float(value), 1) for name, value in numbers.items()}}


def _check(
    seed: int,
    rhythm: str | None,
    duration_s: float,
    fs_hz: float,
    conditions: Sequence[str] | None,
    bpm: float | None,
    noise: Mapping[str, float] | None,
) -> None:
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    if not (duration_s > 0 and fs_hz >= 100 and duration_s * fs_hz >= 2):
        raise ValueError(f"expected duration_s > 0 and fs_hz >= 100, got {duration_s} s at {fs_hz} Hz")
    asked = (([rhythm] if rhythm else [], RHYTHMS), (conditions or (), CONDITIONS), (noise or (), NOISES))
    for (given, table), what in zip(asked, ("rhythm", "condition", "noise"), strict=True):
        if unknown := [name for name in given if name not in table]:
            raise ValueError(f"unknown {what} {unknown[0]!r}: expected one of {', '.join(table)}")
    if bpm is not None:
        if rhythm is None:
            raise ValueError("heart_rate_bpm needs a rhythm to go with it")
        low, high = RHYTHMS[rhythm].bpm
        if not low <= bpm <= high:
            raise ValueError(f"{rhythm} beats at {low:g}-{high:g} per minute, got heart_rate_bpm={bpm:g}")
