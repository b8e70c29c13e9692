"""Synthetic hearts: a moving dipole, seen by twelve leads, in many rhythms and conditions, with its labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from ecg.files import JsonObject
from ecg.leads import INDEPENDENT, STANDARD, derive_12
from ecg.record import Record
from simulate.heart.atria import fibrillate, flutter_saw, spikes
from simulate.heart.conditions import CONDITIONS
from simulate.heart.dipole import Heart, normal_heart, torso
from simulate.heart.ectopic import ectopic_p, paced_beat, ventricular
from simulate.heart.noise import NOISES, add_noise, lead_off
from simulate.heart.order import check_order, check_signal, draw
from simulate.heart.render import render
from simulate.heart.rhythms import RHYTHMS, Pulse, Schedule

__all__ = ["CONDITIONS", "NOISES", "RHYTHMS", "synthetic_record"]

_STEP = 2.0**20  # leads in steps of 2^-20 mV: sums of limb leads are then exact in float32


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
    (1 = plainly visible; {} = none). I + III = II holds exactly. `meta` holds rhythm, conditions (those that show: none
    where no beat is conducted), labels, beats [(QRS onset s, kind)] (N conducted, V ventricular, E escape, P paced),
    noise, electrode_off and, where they exist, heart_rate_bpm, atrial_rate_bpm, pr_ms, qrs_ms, qt_ms, qtc_ms.
    Raises ValueError for unknown names, a rate that the rhythm cannot have, or conditions that exclude each other.
    """
    check_signal(seed, duration_s, fs_hz)
    check_order(rhythm, heart_rate_bpm, conditions, noise)
    what, who, when, how, dirt = (np.random.default_rng([seed, k]) for k in range(5))
    order = draw(what, rhythm, heart_rate_bpm, conditions, noise)
    normal = normal_heart(who)
    heart = normal
    for name in order.conditions:
        heart = CONDITIONS[name](who, heart)
    pulse = Pulse(order.bpm, duration_s, heart.pr_s, float(when.uniform(0.18, 0.35)))
    schedule = RHYTHMS[order.rhythm].schedule(when, pulse)
    wide = ventricular(how, normal)
    hearts = {"N": heart, "V": wide, "E": wide, "P": paced_beat(how, normal)}

    time_s = np.arange(round(duration_s * fs_hz)) / fs_hz
    leads_mv = add_noise(dirt, _leads(how, schedule, hearts, time_s, pulse.breath_hz), time_s, order.noise)
    leads_mv, off = lead_off(dirt, leads_mv) if electrode_off else (leads_mv, None)
    signal_mv = derive_12((np.round(leads_mv * _STEP) / _STEP).astype(np.float32), INDEPENDENT)
    shown = list(order.conditions) if any(kind == "N" for _, kind in schedule.beats) else []
    meta = {"source": "synthetic", "seed": int(seed), "rhythm": order.rhythm, "conditions": shown}
    meta |= {"labels": [order.rhythm, *shown], "noise": dict(order.noise), "electrode_off": off}
    return Record(signal_mv, fs_hz, STANDARD, meta=meta | _facts(schedule, hearts, duration_s))


def _leads(
    rng: np.random.Generator, schedule: Schedule, hearts: Mapping[str, Heart], time_s: np.ndarray, breath_hz: float
) -> np.ndarray:
    """Eight leads of a schedule without noise, mV [8, sample]."""
    matrix, p = torso(rng), hearts["N"].p
    retro = tuple(w.scaled((0.5, -0.8, 0.6)) for w in p)
    p_shapes = {"sinus": p, "ectopic": ectopic_p(rng, p), "retro": retro}
    out = render(rng, schedule, hearts, p_shapes, matrix, time_s, breath_hz)
    if schedule.atria == "fibrillate":
        out += fibrillate(rng, matrix, time_s)
    if schedule.atria == "flutter":
        out += flutter_saw(rng, matrix, time_s, schedule.flutter_hz)
    if len(schedule.spikes):
        out += spikes(rng, matrix, time_s, schedule.spikes)
    return out


def _facts(schedule: Schedule, hearts: Mapping[str, Heart], duration_s: float) -> JsonObject:
    """What was drawn, as a cardiologist would measure it on the most frequent kind of beat."""
    beats = [(round(float(t), 4), kind) for t, kind in schedule.beats if 0 <= t < duration_s]
    rr_s = np.diff([t for t, _ in beats]).mean() if len(beats) > 1 else np.nan
    heart = hearts[Counter(kind for _, kind in schedule.beats).most_common(1)[0][0]]
    numbers = {
        "heart_rate_bpm": 60 / rr_s,
        "atrial_rate_bpm": schedule.atrial_bpm,
        "pr_ms": 1000 * schedule.pr_s,
        "qrs_ms": 1000 * heart.qrs_s,
        "qt_ms": 1000 * heart.qt_s(rr_s),
        "qtc_ms": 1000 * heart.qtc_s,
    }
    return {"beats": beats, **{name: round(float(value), 1) for name, value in numbers.items() if np.isfinite(value)}}
