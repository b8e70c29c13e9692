"""Durations, amplitudes, intervals, axis and ST levels of the usual beat."""

from __future__ import annotations

import numpy as np

from classify.features.beat_evidence import Evidence, UsualBeat
from classify.features.core import NAN
from ecg.leads import STANDARD

_ST_AFTER_S, _ST_HALF_S = 0.06, 0.004


def morphology(evidence: Evidence) -> tuple[float, ...]:
    """Intervals in ms, amplitudes in lead II and voltage sums in mV, the QRS axis in degrees."""
    beat = evidence.beat
    if beat is None:
        return (NAN,) * 13
    fs_hz = evidence.record.fs_hz
    p, qrs, t, pr, qt = (
        _between_ms(beat, first, last, fs_hz)
        for first, last in (("p_on", "p_off"), ("qrs_on", "qrs_off"), ("t_on", "t_off"), ("p_on", "qrs_on"),
                            ("qrs_on", "t_off"))
    )  # fmt: skip
    rr_s = float(np.median(evidence.rr_s)) if evidence.rr_s.size else NAN
    corrected = qt / np.sqrt(rr_s), qt / np.cbrt(rr_s)
    amplitudes = _bump_mv(beat, "p"), _qrs_mv(beat), _bump_mv(beat, "t")
    return p, qrs, t, pr, qt, *corrected, *amplitudes, *_voltages_mv(beat), axis_deg(beat)


def st_levels_mv(evidence: Evidence) -> tuple[float, ...]:
    """The level of each standard lead 60 ms after the end of the QRS, above that before it."""
    beat = evidence.beat
    if beat is None or not beat.has("qrs_off"):
        return (NAN,) * len(STANDARD)
    fs_hz = evidence.record.fs_hz
    at, half = round(beat.edges["qrs_off"] + _ST_AFTER_S * fs_hz), round(_ST_HALF_S * fs_hz)
    return tuple(float(beat.lead(name)[at - half : at + half + 1].mean()) for name in STANDARD)


def _between_ms(beat: UsualBeat, first: str, last: str, fs_hz: float) -> float:
    return 1000 * (beat.edges[last] - beat.edges[first]) / fs_hz


def _bump_mv(beat: UsualBeat, wave: str) -> float:
    """How far P or T reaches in lead II, up or down: P from the line between its edges, T from the level before QRS."""
    if not beat.has(f"{wave}_on", f"{wave}_off"):
        return NAN
    values = beat.lead("II")[beat.span(f"{wave}_on", f"{wave}_off")]
    if wave == "p":
        values = values - np.linspace(values[0], values[-1], values.size)
    return float(values[np.abs(values).argmax()]) if np.isfinite(values).all() else NAN


def _qrs(beat: UsualBeat, lead: str) -> np.ndarray:
    """The samples of the QRS in a lead; one NaN when there is none."""
    if not beat.has("qrs_on", "qrs_off"):
        return np.array([NAN])
    return beat.lead(lead)[beat.span("qrs_on", "qrs_off")]


def _qrs_mv(beat: UsualBeat) -> float:
    return float(np.ptp(_qrs(beat, "II")))


def _r_mv(beat: UsualBeat, lead: str) -> float:
    return float(np.maximum(_qrs(beat, lead).max(), 0))


def _s_mv(beat: UsualBeat, lead: str) -> float:
    return float(np.maximum(-_qrs(beat, lead).min(), 0))


def _voltages_mv(beat: UsualBeat) -> tuple[float, float]:
    """Sokolow and Lyon 1949 (S V1 + the larger R of V5, V6) and Cornell 1985 (R aVL + S V3)."""
    sokolow = _s_mv(beat, "V1") + float(np.maximum(_r_mv(beat, "V5"), _r_mv(beat, "V6")))
    return sokolow, _r_mv(beat, "aVL") + _s_mv(beat, "V3")


def axis_deg(beat: UsualBeat) -> float:
    """The frontal QRS axis from the areas in I and aVF, -180..180; aVF is short of a bipolar lead by half root 3."""
    one, foot = _qrs(beat, "I").mean(), _qrs(beat, "aVF").mean()
    if not np.isfinite(one + foot) or np.hypot(one, foot) < 1e-6:
        return NAN
    return float(np.degrees(np.arctan2(foot * 2 / np.sqrt(3), one)))
