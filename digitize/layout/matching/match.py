"""A template laid over rows: where its names and its ink lie, and how well both fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from digitize.layout.evidence import Evidence
from digitize.layout.matching.ink import start_by_ink
from digitize.layout.matching.names import NAMES, Names, fit_names
from digitize.layout.matching.spelled import PREFIX
from ecg.layout import Layout, Template
from ecg.paper import USUAL_MM_PER_S

_USUAL_PITCH_MM = 40.0  # of the rows, where there is only one


@dataclass(frozen=True)
class MatchWeights:
    """What counts how much in a layout's score; set on simulated pages of all layouts."""

    covered_weight: float = 0.4  # of the ink in a score
    names_weight: float = 0.6  # of the names in it
    unusual_cost: float = 0.03  # of two orders that fit alike the standard one is taken
    spelled_cost: float = 0.1  # and rather a known layout than the names' own, which two misread names can exchange
    unseen_speed_cost: float = 0.08  # and rather the usual speed than one that neither pulse nor print shows
    min_agreement: float = 0.35  # names decide when they agree this well


_WEIGHTS = MatchWeights()


@dataclass(frozen=True)
class Match:
    """A template laid over rows; `covered`: the ink inside it, less the share of it where there is none.

    `gap_mm` is the room between its columns, `is_gap_shown` whether pulses stand in it, `is_speed_odd` whether the
    speed is an unusual one that neither pulse nor print shows.
    """

    template: Template
    mm_per_s: float
    gap_mm: float
    baselines_mm: tuple[float, ...]
    x0_mm: float
    covered: float
    names: Names
    is_gap_shown: bool = False
    is_speed_odd: bool = False

    @property
    def score(self) -> float:
        unusual = _WEIGHTS.unusual_cost * (self.is_cabrera + (self.gap_mm > 0 and not self.is_gap_shown))
        explained = _WEIGHTS.covered_weight * self.covered + _WEIGHTS.names_weight * self.names.agreement
        spelled = _WEIGHTS.spelled_cost * self.is_spelled
        return explained - unusual - spelled - _WEIGHTS.unseen_speed_cost * self.is_speed_odd

    @property
    def is_cabrera(self) -> bool:
        return self.template.name.startswith("cabrera")

    @property
    def is_spelled(self) -> bool:
        return self.template.name.startswith(PREFIX)

    @property
    def is_named(self) -> bool:
        return self.names.agreement >= _WEIGHTS.min_agreement


def lay(evidence: Evidence, template: Template, mm_per_s: float, gap_mm: float, all_ink: float) -> Match:
    """Put a template where names and ink have it; `all_ink` is all the ink on the page."""
    width = template.column_s * mm_per_s
    names = fit_names(evidence, template, width + gap_mm)
    if template.rhythm:
        seen = zip(names.rhythm, template.rhythm, strict=True)
        template = replace(template, rhythm=tuple(read or usual for read, usual in seen))
    total = template.columns * (width + gap_mm) - gap_mm
    names_mm = names.start_mm if names.is_placing else float("nan")
    x0_mm, covered = start_by_ink(evidence, template, total, names_mm, all_ink)
    is_shown = bool(abs(evidence.pulse_pitch_mm - width - gap_mm) < NAMES.gap_spread_mm)
    is_odd = mm_per_s != USUAL_MM_PER_S and mm_per_s != evidence.seen_mm_per_s()
    lines = tuple(evidence.baselines_mm.tolist())
    return Match(template, mm_per_s, gap_mm, lines, x0_mm, covered, names, is_shown, is_odd)


def place(found: Match, mm_per_mv: float, chest_gain: float = 1.0) -> Layout:
    """The layout on the paper, each row on its own zero line; `chest_gain` is the chest leads' share of the gain."""
    lines = list(found.baselines_mm)
    pitch = float(np.median(np.diff(sorted(lines)))) if len(lines) > 1 else _USUAL_PITCH_MM
    origin = (found.x0_mm, lines[0] - pitch / 2)
    return found.template.place(origin, pitch, found.mm_per_s, mm_per_mv, lines, chest_gain, found.gap_mm)
