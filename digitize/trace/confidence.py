"""Confidence: how likely a point of a trace lies within half a millimetre of the printed curve (0.05 mV at 10 mm/mV).

A logistic function of what the row pass shows. `python -m digitize.studies.fit_confidence` fits it on simulated pages
whose layout was read right, so it says nothing about a wrong name, speed or gain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from digitize.stages import RowReading

WITHIN_MM = 0.5
SIGNS = ("spread", "slope", "doubt_of_lead")
FITTED = Path(__file__).parents[1] / "weights" / "confidence.json"
_LEAST_SPREAD_MM, _LEAST_DOUBT = 0.05, 0.01


def signs(row: RowReading, columns: np.ndarray) -> np.ndarray:
    """What tells a clear point from a doubtful one, [len(SIGNS), point], for the columns of one lead.

    How widely the column's distribution spreads, how steep the curve is, and how much of the lead is in doubt.
    """
    spread_mm = np.zeros(len(row.x_mm)) if row.spread_mm is None else row.spread_mm
    slope = np.abs(np.gradient(row.y_mm, row.x_mm))
    doubt = 1 - (row.certainty[columns] * row.presence[columns]).mean()
    return np.stack([
        np.log(np.maximum(spread_mm[columns], _LEAST_SPREAD_MM)),
        np.log1p(slope[columns]),
        np.full(len(columns), np.log10(_LEAST_DOUBT + doubt)),
    ])  # fmt: skip


def confidence(seen: np.ndarray, weights: Mapping[str, float] | None = None) -> np.ndarray:
    """0..1 for every point [point] from its signs [len(SIGNS), point]; by the shipped weights if none are given."""
    weights = weights or _shipped()
    return 1 / (1 + np.exp(-(np.array([weights[name] for name in SIGNS]) @ seen + weights["constant"])))


@cache
def _shipped() -> Mapping[str, float]:
    found: dict[str, float] = json.loads(FITTED.read_text())["weights"]
    return found
