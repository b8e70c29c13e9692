"""Medical features of a record, in mV and ms, at its true rate and before any normalisation."""

from __future__ import annotations

from typing import Any

from classify.features.info import FEATURES, NAMES, RR_FEATURES, FeatureInfo, for_network

__all__ = ["FEATURES", "NAMES", "RR_FEATURES", "FeatureInfo", "core_features", "for_network"]


def __getattr__(name: str) -> Any:
    if name == "core_features":
        from classify.features.core import core_features

        return core_features
    raise AttributeError(f"module 'classify.features' has no attribute {name!r}")
