"""Rhythms: when atria and ventricles fire. A table of small functions, one per rhythm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

LEAD_IN_S = 4.0  # a schedule starts this long before the record, so that its first beat is cut like any other


@dataclass(frozen=True)
class Pulse:
    """What a rhythm is asked for: rate, length and the patient's PR interval."""

    bpm: float
    duration_s: float
    pr_s: float
    breath_hz: float

    @property
    def rr_s(self) -> float:
        return 60.0 / self.bpm


@dataclass(frozen=True)
class Schedule:
    """Onsets in s: ventricular beats (onset, kind: N V P E), P waves (onset, kind: sinus ectopic retro), spikes.

    `atria` names what the atria do all the time: "none", "fibrillate" or "flutter" (at `flutter_hz`).
    `pr_s` is NaN where there is no one PR interval.
    """

    beats: Sequence[tuple[float, str]]
    p_waves: Sequence[tuple[float, str]] = ()
    spikes: Sequence[float] = ()
    atria: str = "none"
    flutter_hz: float = 0.0
    pr_s: float = np.nan
    atrial_bpm: float = np.nan


@dataclass(frozen=True)
class Rhythm:
    """A rhythm's schedule, the rates it may have (per minute) and how often it is drawn."""

    schedule: Callable[[np.random.Generator, Pulse], Schedule]
    bpm: tuple[float, float]
    weight: float = 1.0


def sinus(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Regular, with the small variability of a healthy node."""
    onsets = _clock(rng, pulse, swing=rng.uniform(0.01, 0.03))
    return _conducted(onsets, _pr_s(pulse))


def sinus_arrhythmia(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """The rate swings with the breath."""
    onsets = _clock(rng, pulse, swing=rng.uniform(0.12, 0.2))
    return _conducted(onsets, _pr_s(pulse))


def fibrillation(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """No P waves; RR intervals without any order."""
    spread = rng.uniform(0.17, 0.27)
    count = int((pulse.duration_s + 2 * LEAD_IN_S) / 0.28)
    rr = pulse.rr_s * rng.gamma(1 / spread**2, spread**2, count)
    onsets = _within(-LEAD_IN_S + np.cumsum(np.maximum(rr, 0.28)), pulse)
    return Schedule([(t, "N") for t in onsets], atria="fibrillate")


def flutter(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """A saw of 250-350 a minute; each second, third, fourth (or a varying) wave is conducted."""
    ratio = int(np.clip(round(rng.uniform(250, 350) / pulse.bpm), 2, 6))
    flutter_hz = float(np.clip(pulse.bpm * ratio / 60, 200 / 60, 360 / 60))
    varying = ratio > 2 and rng.random() < 0.35
    waves = np.arange(-LEAD_IN_S, pulse.duration_s + LEAD_IN_S, 1 / flutter_hz) + rng.uniform(0, 0.2)
    steps = rng.choice((ratio - 1, ratio, ratio + 1), len(waves)) if varying else np.full(len(waves), ratio)
    conducted = np.cumsum(steps)
    onsets = waves[conducted[conducted < len(waves)]] + rng.normal(0, 0.002, int((conducted < len(waves)).sum()))
    return Schedule([(t, "N") for t in onsets], atria="flutter", flutter_hz=flutter_hz, atrial_bpm=60 * flutter_hz)


def supraventricular_tachycardia(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Fast, narrow and regular as a clock; P waves hidden or retrograde after the QRS."""
    onsets = _clock(rng, pulse, swing=0.003)
    hidden = rng.random() < 0.5
    delay_s = rng.uniform(0.07, 0.12)
    return Schedule([(t, "N") for t in onsets], [] if hidden else [(t + delay_s, "retro") for t in onsets])


def ventricular_tachycardia(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Wide and fast; the sinus node goes on beating apart."""
    onsets = _clock(rng, pulse, swing=0.01)
    seen = rng.random() < 0.7
    atria = _clock(rng, _at(pulse, rng.uniform(60, 100)), swing=0.02)
    return Schedule([(t, "V") for t in onsets], [(t, "sinus") for t in atria if seen])


def junctional(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Narrow escape rhythm; P waves absent or inverted around the QRS."""
    onsets = _clock(rng, pulse, swing=0.01)
    shift_s = rng.choice((-0.09, 0.09))
    return Schedule([(t, "N") for t in onsets], [(t + shift_s, "retro") for t in onsets] if rng.random() < 0.6 else [])


def ventricular_ectopy(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Sinus rhythm with premature ventricular beats; the sinus clock runs on, so that each pause is compensatory."""
    chance = rng.uniform(0.12, 0.35)
    return _with_ventricular(rng, pulse, lambda k, since: since >= 2 and rng.random() < chance)


def bigeminy(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Every sinus beat is followed by a ventricular one."""
    return _with_ventricular(rng, pulse, lambda k, since: since >= 1)


def trigeminy(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Every second sinus beat is followed by a ventricular one."""
    return _with_ventricular(rng, pulse, lambda k, since: since >= 2)


def atrial_ectopy(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Sinus rhythm with premature atrial beats that reset the node: a pause a little over one interval."""
    base = _clock(rng, pulse, swing=0.02)
    chance, early, pause = rng.uniform(0.15, 0.35), rng.uniform(0.55, 0.75), rng.uniform(1.05, 1.25)
    pr_s, shift_s, since, beats, p_waves = _pr_s(pulse), 0.0, 0, [], []
    for k, t in enumerate(base[:-1]):
        beats.append((t + shift_s, "N"))
        p_waves.append((t + shift_s - pr_s, "sinus"))
        since += 1
        certain = since >= 2 and 0 < t + shift_s < pulse.duration_s / 2 and not any(k == "ectopic" for _, k in p_waves)
        if since >= 2 and (certain or rng.random() < chance):
            rr_s = base[k + 1] - t
            onset = t + shift_s + max(early * rr_s, 0.36)
            beats.append((onset, "N"))
            p_waves.append((onset - pr_s, "ectopic"))
            shift_s, since = onset + pause * rr_s - base[k + 1], 0
    return Schedule(beats, p_waves, pr_s=pr_s)


def first_degree_block(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Each P is conducted, late: PR of 220-360 ms."""
    onsets, pr_s = _clock(rng, pulse, swing=0.02), min(rng.uniform(0.22, 0.36), 0.55 * pulse.rr_s)
    return _conducted(onsets, pr_s)


def wenckebach(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """PR grows from beat to beat, by less each time, until one P is not conducted."""
    group, growth_s = int(rng.integers(3, 6)), rng.uniform(0.05, 0.1)
    delays = [_pr_s(pulse) + growth_s * sum(0.6**j for j in range(k)) for k in range(group - 1)]
    return _second_degree(rng, pulse, delays)


def mobitz(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """PR constant; every second, third or fourth P is not conducted, or only every third is."""
    pattern = ((0.0,), (0.0, 0.0), (0.0, 0.0, 0.0), (0.0, np.nan))[rng.integers(4)]
    return _second_degree(rng, pulse, [_pr_s(pulse) + d for d in pattern])


def complete_block(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Atria and ventricles each at their own rate; the escape is junctional or ventricular."""
    kind = "E" if pulse.bpm < 42 or rng.random() < 0.3 else "N"
    atria_bpm = rng.uniform(60, 110)
    onsets, atria = _clock(rng, pulse, swing=0.008), _clock(rng, _at(pulse, atria_bpm), swing=0.02)
    return Schedule([(t, kind) for t in onsets], [(t, "sinus") for t in atria], atrial_bpm=atria_bpm)


def paced(rng: np.random.Generator, pulse: Pulse) -> Schedule:
    """Ventricular, dual-chamber or P-tracking pacing: a spike before each beat that it makes."""
    mode = rng.integers(3)
    onsets = _clock(rng, pulse, swing=0.02 if mode == 2 else 0.0)
    av_s = rng.uniform(0.12, 0.18)
    p_waves = [] if mode == 0 else [(t - av_s + 0.02, "sinus") for t in onsets]
    spikes = [*(onsets - 0.004), *(onsets - av_s if mode == 1 else [])]
    atria = "fibrillate" if mode == 0 and rng.random() < 0.5 else "none"
    return Schedule([(t, "P") for t in onsets], p_waves, spikes, atria)


RHYTHMS: dict[str, Rhythm] = {
    "SR": Rhythm(sinus, (60, 100), 8),
    "SBRAD": Rhythm(sinus, (30, 59.5), 2),
    "STACH": Rhythm(sinus, (100.5, 180), 2),
    "SARRH": Rhythm(sinus_arrhythmia, (50, 100), 1.5),
    "AFIB": Rhythm(fibrillation, (50, 170), 3),
    "AFLT": Rhythm(flutter, (55, 175), 1.5),
    "SVT": Rhythm(supraventricular_tachycardia, (140, 220), 1),
    "VT": Rhythm(ventricular_tachycardia, (120, 220), 1),
    "JUNC": Rhythm(junctional, (38, 70), 0.5),
    "PVC": Rhythm(ventricular_ectopy, (50, 110), 1.5),
    "PAC": Rhythm(atrial_ectopy, (50, 105), 1.5),
    "BIGU": Rhythm(bigeminy, (50, 110), 0.7),
    "TRIGU": Rhythm(trigeminy, (50, 110), 0.7),
    "1AVB": Rhythm(first_degree_block, (45, 100), 1),
    "2AVB_I": Rhythm(wenckebach, (55, 100), 0.6),
    "2AVB_II": Rhythm(mobitz, (55, 100), 0.6),
    "3AVB": Rhythm(complete_block, (28, 55), 0.8),
    "PACE": Rhythm(paced, (50, 100), 1),
}


def _clock(rng: np.random.Generator, pulse: Pulse, swing: float) -> np.ndarray:
    """Onsets of a pacemaker whose intervals swing by a fraction with the breath, a little at 0.1 Hz and at random."""
    count = int((pulse.duration_s + 2 * LEAD_IN_S) / pulse.rr_s * 1.3) + 4
    nominal = np.arange(count) * pulse.rr_s
    breath, slow = rng.uniform(0, 2 * np.pi, 2)
    rr = 1 + swing * np.sin(2 * np.pi * pulse.breath_hz * nominal + breath)
    rr += 0.5 * min(swing, 0.03) * np.sin(2 * np.pi * 0.1 * nominal + slow)
    rr += 0.25 * min(swing, 0.04) * rng.normal(0, 1, count)
    return _within(-LEAD_IN_S - rng.uniform(0, pulse.rr_s) + pulse.rr_s * np.cumsum(rr), pulse)


def _within(onsets: np.ndarray, pulse: Pulse) -> np.ndarray:
    return onsets[onsets < pulse.duration_s + LEAD_IN_S]


def _at(pulse: Pulse, bpm: float) -> Pulse:
    return Pulse(bpm, pulse.duration_s, pulse.pr_s, pulse.breath_hz)


def _pr_s(pulse: Pulse) -> float:
    """PR shortens as the rate rises, and never reaches back into the beat before."""
    return min(pulse.pr_s * (0.8 + 0.2 * min(pulse.rr_s, 1.2)), 0.5 * pulse.rr_s)


def _conducted(onsets: np.ndarray, pr_s: float) -> Schedule:
    return Schedule([(t, "N") for t in onsets], [(t - pr_s, "sinus") for t in onsets], pr_s=pr_s)


def _with_ventricular(rng: np.random.Generator, pulse: Pulse, fires: Callable[[int, int], bool]) -> Schedule:
    """Sinus beats; where `fires(beat, sinus beats since)` a ventricular one follows and the next sinus beat is lost."""
    base, pr_s = _clock(rng, pulse, swing=0.02), _pr_s(pulse)
    coupling_s = max(0.38, rng.uniform(0.5, 0.7) * pulse.rr_s)
    beats: list[tuple[float, str]] = []
    since, blocked = 0, False
    for k, t in enumerate(base):
        if blocked:
            blocked = False
            continue
        beats.append((t, "N"))
        since += 1
        first = 0 < t < pulse.duration_s - 2 and since >= 2 and not any(o > 0 and kind == "V" for o, kind in beats)
        if fires(k, since) or first:
            beats.append((t + coupling_s + rng.normal(0, 0.008), "V"))
            since, blocked = 0, True
    return Schedule(beats, [(t - pr_s, "sinus") for t in base], pr_s=pr_s)


def _second_degree(rng: np.random.Generator, pulse: Pulse, delays_s: list[float]) -> Schedule:
    """P waves in groups of len(delays) + 1: each is conducted after its delay (NaN: not at all), the last is not."""
    atria = _clock(rng, pulse, swing=0.015)
    first, pattern = int(rng.integers(0, 5)), [*delays_s, np.nan]
    wait = [pattern[(k + first) % len(pattern)] for k in range(len(atria))]
    beats = [(t + d, "N") for t, d in zip(atria, wait, strict=True) if np.isfinite(d)]
    one_pr_s = delays_s[0] if len({d for d in delays_s if np.isfinite(d)}) == 1 else np.nan
    return Schedule(beats, [(t, "sinus") for t in atria], pr_s=one_pr_s, atrial_bpm=pulse.bpm)
