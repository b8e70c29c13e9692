"""From a schedule and hearts to the eight independent leads, in mV."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulate.heart.dipole import Heart, Wave
from simulate.heart.rhythms import Schedule


def render(
    rng: np.random.Generator,
    schedule: Schedule,
    hearts: Mapping[str, Heart],
    p_shapes: Mapping[str, tuple[Wave, ...]],
    matrix: np.ndarray,
    time_s: np.ndarray,
    breath_hz: float,
) -> np.ndarray:
    """The beats and P waves of a schedule, float64 [8 leads, sample]; breathing turns and scales the dipole."""
    out = np.zeros((8, len(time_s)))
    sway, phase, p_s = rng.uniform(0.01, 0.05), rng.uniform(0, 2 * np.pi), hearts["N"].p_s
    onsets = np.array([t for t, _ in schedule.beats])
    mean_rr_s = float(np.diff(onsets).mean()) if len(onsets) > 1 else 1.0
    rr_s = np.diff(onsets, prepend=onsets[0] - mean_rr_s)
    for (onset, kind), rr in zip(schedule.beats, rr_s, strict=True):
        heart = hearts[kind]
        body = _breathing(matrix, sway * np.sin(2 * np.pi * breath_hz * onset + phase))
        qt_s = heart.qt_s(0.5 * (rr + mean_rr_s)) + rng.normal(0, 0.002)
        _add(rng, out, time_s, body, heart.qrs, onset, heart.qrs_s)
        _add(rng, out, time_s, body, heart.t, onset + heart.qrs_s, qt_s - heart.qrs_s)
    for onset, kind in schedule.p_waves:
        _add(rng, out, time_s, matrix, p_shapes[kind], onset + rng.normal(0, 0.002), p_s)
    return out


def _breathing(matrix: np.ndarray, sway: float) -> np.ndarray:
    turn = np.array([[1.0, -sway, 0.5 * sway], [sway, 1.0, -sway], [-0.5 * sway, sway, 1.0]])
    return matrix @ turn * (1 + sway)


def _add(
    rng: np.random.Generator,
    out: np.ndarray,
    time_s: np.ndarray,
    matrix: np.ndarray,
    waves: tuple[Wave, ...],
    onset_s: float,
    length_s: float,
) -> None:
    """Add waves whose phases run over [onset, onset + length] to `out`, only where they are not zero."""
    if not waves:
        return
    start, stop, rise, fall = np.array([(w.start, w.stop, w.rise, w.fall) for w in waves]).T
    reach = onset_s + length_s * np.array([(start - 4 * rise).min(), (stop + 4 * fall).max()])
    a, b = np.searchsorted(time_s, reach)
    if a == b:
        return
    phase = (time_s[a:b] - onset_s) / length_s
    before = np.minimum(phase - start[:, None], 0) / rise[:, None]
    after = np.maximum(phase - stop[:, None], 0) / fall[:, None]
    amplitude = matrix @ np.stack([w.dipole_mv for w in waves], axis=1) + np.stack([w.local_mv for w in waves], axis=1)
    amplitude = amplitude * (1 + rng.normal(0, 0.02, len(waves)))
    out[:, a:b] += amplitude @ np.exp(-0.5 * (before**2 + after**2))
