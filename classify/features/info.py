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
NAMES = tuple(info.name for info in FEATURES)
# Beats, each seen with its neighbours (de Chazal et al., 2004).
RR_FEATURES: tuple[FeatureInfo, ...] = (
    FeatureInfo("rr_before_s", "s", (0.6, 1.0), 0.8, 0.25, "RR before the beat"),
    FeatureInfo("rr_after_s", "s", (0.6, 1.0), 0.8, 0.25, "RR after the beat"),
    FeatureInfo("rr_around_s", "s", (0.6, 1.0), 0.8, 0.2, "Mean of the ten RR around the beat"),
    FeatureInfo("rr_record_s", "s", (0.6, 1.0), 0.8, 0.2, "Mean RR of the recording"),
    FeatureInfo("rr_before_ratio", "", (0.8, 1.2), 1.0, 0.25, "RR before the beat over those around it"),
    FeatureInfo("rr_after_ratio", "", (0.8, 1.2), 1.0, 0.25, "RR after the beat over those around it"),
)
_BY_NAME = {info.name: info for info in (*FEATURES, *RR_FEATURES)}


def for_network(features: np.ndarray, names: Sequence[str] = NAMES) -> np.ndarray:
    """Features [..., name] centred and scaled by fixed constants; what is missing becomes 0, the usual value."""
    infos = [_BY_NAME[name] for name in names]
    centre = np.array([info.centre for info in infos], np.float32)
    spread = np.array([info.spread for info in infos], np.float32)
    scaled = np.clip((features - centre) / spread, -5, 5)
    return np.where(np.isfinite(scaled), scaled, 0.0).astype(np.float32)
