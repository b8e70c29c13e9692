"""Features by name: only the groups that are asked for are worked out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from classify.features.beat_evidence import Evidence
from classify.features.catalog import ALL, EXTENDED, FEATURES, MORPHOLOGY, NAMES, QUALITY, SPECTRAL, ST, FeatureInfo
from classify.features.core import core, extended
from classify.features.morphology import morphology, st_levels_mv
from classify.features.spectral import quality, spectral
from ecg.record import Record

GROUPS: tuple[tuple[tuple[FeatureInfo, ...], Callable[[Evidence], tuple[float, ...]]], ...] = (
    (FEATURES, core),
    (EXTENDED, extended),
    (MORPHOLOGY, morphology),
    (ST, st_levels_mv),
    (SPECTRAL, spectral),
    (QUALITY, quality),
)


def measure(record: Record | Evidence, names: Sequence[str] = ALL) -> np.ndarray:
    """The features in the order of their names, float32 [name]; NaN where the record holds no evidence."""
    unknown = sorted(set(names) - set(ALL))
    if unknown:
        raise ValueError(f"unknown feature {', '.join(unknown)}: expected some of {', '.join(ALL)}")
    evidence = record if isinstance(record, Evidence) else Evidence(record)
    found = dict[str, float]()
    for infos, function in GROUPS:
        own = [info.name for info in infos]
        if set(own) & set(names):
            found |= dict(zip(own, function(evidence), strict=True))
    return np.array([found[name] for name in names], np.float32)


def core_features(record: Record) -> np.ndarray:
    """The eight core features in the order of `NAMES`, float32 [8]."""
    return measure(record, NAMES)
