"""Medical features of a record, in mV and ms, at its true rate and before any normalisation.

`measure(record, names)` extracts them; what each is stands in `catalog`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.features.catalog import ALL, BEAT_FEATURES, FEATURES, NAMES, SIXTEEN, FeatureInfo, for_network

if TYPE_CHECKING:
    from classify.features.extraction import core_features, measure

__all__ = [
    "ALL", "BEAT_FEATURES", "FEATURES", "NAMES", "SIXTEEN", "FeatureInfo", "core_features", "for_network", "measure",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name in ("core_features", "measure"):  # these need scipy's filters, which naming a feature must not
        from classify.features import extraction

        return getattr(extraction, name)
    raise AttributeError(f"module 'classify.features' has no attribute {name!r}")
