"""Medical features of a record, in mV and ms, at its true rate and before any normalisation."""

from __future__ import annotations

from typing import Any

from classify.features.catalog import ALL, BEAT_FEATURES, FEATURES, NAMES, SIXTEEN, FeatureInfo, for_network

__all__ = [
    "ALL", "BEAT_FEATURES", "FEATURES", "NAMES", "SIXTEEN", "FeatureInfo", "core_features", "for_network", "measure",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in ("core_features", "measure"):
        from classify.features import measure as by_name

        return getattr(by_name, name)
    raise AttributeError(f"module 'classify.features' has no attribute {name!r}")
