"""Where along its rows a layout lies: the place at which it covers most of their ink."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitize.layout.evidence import Evidence
from digitize.layout.zero_lines import STEP_MM
from ecg.layout import Template


@dataclass(frozen=True)
class InkThresholds:
    """How ink and names place a layout; set on simulated pages of all layouts."""

    name_behind_start_mm: float = 3.0  # the middle of a name usually stands this far behind the beginning of its lead
    reach_mm: float = 10.0  # the lead begins within this of where its name says
    flat: float = 0.0005  # starts that explain as much ink as the best but for this share explain as much
    max_before: float = 0.15  # share of the layout that may lie before the ink, where no names place it
    min_on_ink: float = 0.6  # share of the layout that must lie on it


_INK = InkThresholds()


def start_by_ink(
    evidence: Evidence, template: Template, total_mm: float, names_mm: float, all_ink: float
) -> tuple[float, float]:
    """Where the first of `total_mm` begins, mm, and the share of ink covered from there, less the share without any.

    `names_mm`, where the first column's names stand, holds the start near them; NaN where names do not place it.
    """
    wanted = names_mm - _INK.name_behind_start_mm - evidence.x0_mm
    first = _starts_mm(evidence, wanted, total_mm)
    if not len(first) or all_ink <= 0:
        return evidence.x0_mm, 0.0
    steps = evidence.ink.shape[1]
    sums = np.concatenate([[0.0], np.cumsum(evidence.ink.sum(0))])
    begin, end = (np.clip(np.round(v / STEP_MM).astype(int), 0, steps) for v in (first, first + total_mm))
    inked = sums[end] - sums[begin]
    covered = inked / all_ink - np.maximum(1 - inked * STEP_MM / (template.row_count * total_mm), 0)
    alike = first[covered >= covered.max() - _INK.flat]
    best = alike[np.abs(alike - wanted).argmin()] if np.isfinite(wanted) else alike[-1]
    return float(evidence.x0_mm + best), float(covered.max())


def _starts_mm(evidence: Evidence, wanted_mm: float, total_mm: float) -> np.ndarray:
    """The starts that are tried, mm from the evidence's left."""
    if np.isfinite(wanted_mm):
        return np.arange(wanted_mm - _INK.reach_mm, wanted_mm + _INK.reach_mm, STEP_MM)
    seen_mm = evidence.ink.shape[1] * STEP_MM
    return np.arange(-_INK.max_before * total_mm, seen_mm - _INK.min_on_ink * total_mm, STEP_MM)
