"""Confidence: how likely a point of a trace lies within half a millimetre of the printed curve (0.05 mV at 10 mm/mV).

A logistic function of what the row pass shows, fitted by `python -m digitize.studies.fit_confidence` on simulated pages
whose layout was read right. A wrong scale puts every point beside the truth, however well it lies on the ink: where
two independent signs of the scale contradict each other (`DOUBTS`), all points are the less likely right.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from digitize.stages import RowReading
from ecg.leads import PRECORDIAL
from ecg.notes import Note
from ecg.page import Trace

WITHIN_MM = 0.5
DOUBTS: Mapping[str, float] = {  # by the code of the note: how likely the sign that was believed is the right one
    "scale-oblong": 0.5,  # two signs of one kind: either may be wrong
    "scale-doubtful": 0.5,
    "pulse-size-odd": 0.5,
    "columns-uneven": 0.5,
    "rows-out-of-step": 0.5,
    "gain-contradicted": 0.75,  # print or the user against pulses: print is believed, and right more often
    "speed-contradicted": 0.75,
}
CHEST_DOUBT = 0.5  # the same of the chest leads alone, where print may name another gain for them
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


def doubted(traces: Iterable[Trace], notes: Iterable[Note]) -> tuple[Trace, ...]:
    """The traces with a confidence that also carries what speaks against the page's scale."""
    codes = {note.code for note in notes}
    share = scale_share(codes)
    of_chest = share * (CHEST_DOUBT if "chest-gain-doubtful" in codes else 1.0)
    return tuple(
        replace(trace, confidence=(of_chest if trace.lead in PRECORDIAL else share) * trace.confidence)
        for trace in traces
    )


def scale_share(codes: Collection[str]) -> float:
    """How likely the scale is right where notes of these codes speak against it, 0..1."""
    return float(np.prod([share for code, share in DOUBTS.items() if code in codes]))


@cache
def _shipped() -> Mapping[str, float]:
    found: dict[str, float] = json.loads(FITTED.read_text())["weights"]
    return found
