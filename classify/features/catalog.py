"""What each feature is: name, unit, usual range in adults, and how it is scaled for a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FeatureInfo:
    """A feature's name, unit and usual adult range; `centre` and `spread` scale it for a network."""

    name: str
    unit: str
    normal: tuple[float, float] | None
    centre: float
    spread: float
    title: str


# Ranges: resting heart rate 60-100 bpm; the spread of RR in a 10 s strip is wide even in health (Nunan et al. 2010).
FEATURES: tuple[FeatureInfo, ...] = (
    FeatureInfo("mean_mv", "mV", None, 0.0, 0.1, "Mean of lead II"),
    FeatureInfo("std_mv", "mV", None, 0.2, 0.1, "Standard deviation of lead II"),
    FeatureInfo("skewness", "", None, 1.5, 2.0, "Skewness of lead II"),
    FeatureInfo("kurtosis", "", None, 12.0, 10.0, "Kurtosis of lead II"),
    FeatureInfo("heart_rate_bpm", "bpm", (60.0, 100.0), 75.0, 20.0, "Heart rate"),
    FeatureInfo("sdnn_ms", "ms", (5.0, 120.0), 50.0, 60.0, "SDNN"),
    FeatureInfo("rmssd_ms", "ms", (5.0, 120.0), 50.0, 80.0, "RMSSD"),
    FeatureInfo("rr_cv", "", (0.005, 0.12), 0.06, 0.06, "Variation of RR"),
)
EXTENDED: tuple[FeatureInfo, ...] = (
    FeatureInfo("log_lf", "log ms2", None, 6.0, 1.5, "RR power 0.04-0.15 Hz"),
    FeatureInfo("log_hf", "log ms2", None, 5.5, 1.5, "RR power 0.15-0.4 Hz"),
    FeatureInfo("lf_hf", "", None, 1.5, 1.5, "RR power, low over high"),
    FeatureInfo("max_mv", "mV", None, 1.1, 0.5, "Maximum of lead II"),
    FeatureInfo("min_mv", "mV", None, -0.4, 0.3, "Minimum of lead II"),
    FeatureInfo("range_mv", "mV", None, 1.5, 0.6, "Range of lead II"),
    FeatureInfo("zero_crossings_per_s", "1/s", None, 8.0, 6.0, "Crossings of the mean of lead II"),
    FeatureInfo("pnn50", "", (0.0, 0.4), 0.2, 0.25, "Share of RR steps above 50 ms"),
)
# Intervals after the AHA/ACCF/HRS recommendations (2009); voltage sums after Sokolow-Lyon (1949) and Cornell (1985).
MORPHOLOGY: tuple[FeatureInfo, ...] = (
    FeatureInfo("p_ms", "ms", (60.0, 120.0), 100.0, 20.0, "P duration"),
    FeatureInfo("qrs_ms", "ms", (70.0, 110.0), 95.0, 20.0, "QRS duration"),
    FeatureInfo("t_ms", "ms", (100.0, 250.0), 170.0, 50.0, "T duration"),
    FeatureInfo("pr_ms", "ms", (120.0, 200.0), 160.0, 30.0, "PR interval"),
    FeatureInfo("qt_ms", "ms", (350.0, 450.0), 390.0, 40.0, "QT interval"),
    FeatureInfo("qtc_bazett_ms", "ms", (350.0, 460.0), 420.0, 35.0, "QTc (Bazett)"),
    FeatureInfo("qtc_fridericia_ms", "ms", (350.0, 460.0), 410.0, 35.0, "QTc (Fridericia)"),
    FeatureInfo("p_mv", "mV", (0.05, 0.25), 0.12, 0.06, "P in lead II"),
    FeatureInfo("qrs_mv", "mV", (0.5, 3.0), 1.2, 0.6, "QRS in lead II, peak to peak"),
    FeatureInfo("t_mv", "mV", (0.1, 0.6), 0.25, 0.2, "T in lead II"),
    FeatureInfo("sokolow_mv", "mV", (0.5, 3.5), 2.2, 0.9, "S in V1 + R in V5 or V6"),
    FeatureInfo("cornell_mv", "mV", (0.2, 2.8), 1.4, 0.7, "R in aVL + S in V3"),
    FeatureInfo("axis_deg", "deg", (-30.0, 90.0), 35.0, 45.0, "QRS axis"),
)
_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
ST: tuple[FeatureInfo, ...] = tuple(
    FeatureInfo(
        f"st_{lead}_mv", "mV", (-0.05, 0.2 if lead in ("V2", "V3") else 0.1), 0.0, 0.1, f"ST in {lead}, J + 60 ms"
    )
    for lead in _LEADS
)
SPECTRAL: tuple[FeatureInfo, ...] = (
    FeatureInfo("power_0_5_5", "", None, 0.35, 0.2, "Power 0.5-5 Hz of that in 0.5-40 Hz"),
    FeatureInfo("power_5_15", "", None, 0.45, 0.15, "Power 5-15 Hz of that in 0.5-40 Hz"),
    FeatureInfo("power_15_40", "", None, 0.2, 0.12, "Power 15-40 Hz of that in 0.5-40 Hz"),
    FeatureInfo("strongest_hz", "Hz", None, 5.0, 4.0, "Strongest frequency in 0.5-40 Hz"),
    FeatureInfo("wander", "", (0.0, 0.3), 0.1, 0.3, "Power 0.05-0.5 Hz over that in 0.5-40 Hz"),
    FeatureInfo("noise", "", (0.0, 0.05), 0.02, 0.05, "Power 40-100 Hz over that in 0.5-40 Hz"),
)
QUALITY: tuple[FeatureInfo, ...] = (
    FeatureInfo("beat_likeness", "", (0.9, 1.0), 0.95, 0.1, "Correlation of the beats with the usual one"),
    FeatureInfo("flat_share", "", (0.0, 0.1), 0.02, 0.1, "Share of stretches in which nothing moves"),
    FeatureInfo("limb_residual_mv", "mV", (0.0, 0.05), 0.01, 0.05, "How far the limb leads contradict each other"),
)
# Beats, each beside the usual ones of its recording (after de Chazal et al., 2004).
BEAT_FEATURES: tuple[FeatureInfo, ...] = (
    FeatureInfo("rr_before_ratio", "", (0.8, 1.2), 1.0, 0.25, "RR before the beat over the recording's mean"),
    FeatureInfo("rr_after_ratio", "", (0.8, 1.2), 1.0, 0.25, "RR after the beat over the recording's mean"),
    FeatureInfo("rr_around_ratio", "", (0.8, 1.2), 1.0, 0.25, "Mean of the ten RR around it over the recording's"),
    FeatureInfo("rr_earlier_ratio", "", (0.8, 1.2), 1.0, 0.25, "RR before the beat before over those around the beat"),
    FeatureInfo("qrs_likeness_1", "", (0.9, 1.0), 0.8, 0.3, "Correlation with the usual QRS, first lead"),
    FeatureInfo("qrs_likeness_2", "", (0.9, 1.0), 0.8, 0.3, "Correlation with the usual QRS, second lead"),
    FeatureInfo("qrs_size_1", "log2", (-0.5, 0.5), 0.0, 0.5, "Size of the QRS over the usual one's, first lead"),
    FeatureInfo("qrs_size_2", "log2", (-0.5, 0.5), 0.0, 0.5, "Size of the QRS over the usual one's, second lead"),
)

NAMES = tuple(info.name for info in FEATURES)
SIXTEEN = NAMES + tuple(info.name for info in EXTENDED)
EVERY: tuple[FeatureInfo, ...] = (*FEATURES, *EXTENDED, *MORPHOLOGY, *ST, *SPECTRAL, *QUALITY)
ALL = tuple(info.name for info in EVERY)
_BY_NAME = {info.name: info for info in (*EVERY, *BEAT_FEATURES)}


def for_network(features: np.ndarray, names: Sequence[str] = NAMES) -> np.ndarray:
    """Features [..., name] centred and scaled by fixed constants; what is missing becomes 0, the usual value."""
    infos = [_BY_NAME[name] for name in names]
    centre = np.array([info.centre for info in infos], np.float32)
    spread = np.array([info.spread for info in infos], np.float32)
    scaled = np.clip((features - centre) / spread, -5, 5)
    return np.where(np.isfinite(scaled), scaled, 0.0).astype(np.float32)
