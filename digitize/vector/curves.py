"""Traces and calibration pulses among the lines of a drawn page, and the rows they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class CurveThresholds:
    """What is a trace or a pulse among drawn lines; set on PDFs of several programs."""

    min_points: int = 40  # of a trace
    min_length_mm: float = 15.0  # of a trace
    pulse_widths_mm: tuple[float, float] = (2.0, 14.0)  # of a pulse with its feet
    pulse_heights_mm: tuple[float, float] = (2.0, 42.0)  # of a pulse
    min_flat: float = 0.25  # share of a pulse's width that lies on its plateau
    pulse_reach_mm: float = 16.0  # a pulse joined to a trace is this near its end,
    side_mm: float = 0.5  # and its sides are so narrow
    fine_mm: float = 0.1  # steps in which a joined pulse is looked for
    on_foot_mm: float = 0.02  # a line this near to a pulse's foot is still the foot
    foot_mm: float = 20.0  # a pulse's foot is no farther from the middle of its row's first or last trace
    step_mm: float = 0.5  # points of a trace stand no farther apart than the samples of a slow recorder
    max_level_mm: float = 0.3  # by which the trace of a lead without a signal leaves its level
    same_length: float = 0.02  # share by which such a trace may be longer or shorter than another one
    beside_trace_mm: float = 4.0  # nearer to a trace a straight line is something drawn with it
    row_mm: float = 25.0  # traces side by side belong to one row when their middles differ by less


_CURVES = CurveThresholds()


@dataclass(frozen=True, eq=False)
class Curve:
    """A line that runs from left to right, in paper mm [point, (x, y)]."""

    mm: np.ndarray

    @property
    def x0_mm(self) -> float:
        return float(self.mm[0, 0])

    @cached_property
    def x1_mm(self) -> float:
        """Where the next sample would stand; the small steps count, because straight stretches may lack points."""
        steps = np.diff(self.mm[:, 0])
        return float(self.mm[-1, 0] + np.quantile(steps[steps > 0], 0.05))

    @cached_property
    def middle_mm(self) -> float:
        return float(np.median(self.mm[:, 1]))

    def filled(self) -> np.ndarray:
        """The points [point, (x, y)] in mm, with new ones on straight stretches from which a program left them out."""
        parts = np.maximum(1, np.ceil(np.diff(self.mm[:, 0]) / _CURVES.step_mm - 0.01)).astype(int)
        piece = np.repeat(np.arange(len(parts)), parts)
        at = np.append(
            piece + (np.arange(len(piece)) - np.repeat(np.cumsum(parts) - parts, parts)) / parts[piece], len(parts)
        )
        return np.stack([np.interp(at, np.arange(len(self.mm)), column) for column in self.mm.T], axis=-1)

    @property
    def is_trace(self) -> bool:
        return len(self.mm) >= _CURVES.min_points and self.x1_mm - self.x0_mm >= _CURVES.min_length_mm

    @property
    def is_level(self) -> bool:
        """Whether it may be the trace of a lead without a signal: straight, and as long as a trace."""
        wide, tall = np.ptp(self.mm, axis=0)
        return bool(wide >= _CURVES.min_length_mm and tall < _CURVES.max_level_mm)

    @property
    def plateau_mm(self) -> float:
        """How wide a pulse is between its sides, half way up."""
        high = np.flatnonzero(self.mm[:, 1] < self.mm[:, 1].max() - self.height_mm / 2)
        first, last = max(int(high[0]), 1), min(int(high[-1]), len(self.mm) - 2)
        left, right = self.mm[first - 1 : first + 1, 0].mean(), self.mm[last : last + 2, 0].mean()
        return float(right - left)

    @property
    def is_pulse(self) -> bool:
        """Whether it begins and ends on its foot and stands flat in between."""
        wide, tall = np.ptp(self.mm, axis=0)
        if not (
            _CURVES.pulse_widths_mm[0] < wide < _CURVES.pulse_widths_mm[1]
            and _CURVES.pulse_heights_mm[0] < tall < _CURVES.pulse_heights_mm[1]
        ):
            return False
        on_foot = np.abs(self.mm[[0, -1], 1] - self.mm[:, 1].max()) < 0.05 * tall
        on_top = np.flatnonzero(self.mm[:, 1] - self.mm[:, 1].min() < 0.05 * tall)
        flat = self.mm[on_top[-1], 0] - self.mm[on_top[0], 0]
        return bool(on_foot.all() and flat > _CURVES.min_flat * wide)

    @property
    def height_mm(self) -> float:
        return float(np.ptp(self.mm[:, 1]))


def from_left_to_right(mm: np.ndarray) -> Curve | None:
    """The line as a curve, turned round where it was drawn from the right; None where it runs back."""
    steps = np.diff(mm[:, 0])
    if len(steps) and (steps <= 1e-3).all():
        mm, steps = mm[::-1], -steps[::-1]
    return Curve(mm) if len(steps) and (steps >= -1e-3).all() and steps.any() else None


def flat_traces(level: Sequence[Curve], traces: Sequence[Curve]) -> list[Curve]:
    """The straight lines that are leads without a signal: as long as a trace, and in no other trace's place.

    A program draws them with two points; they get more.
    """
    found: list[Curve] = []
    for line in level:
        wide = float(np.ptp(line.mm[:, 0]))
        lengths = np.array([trace.x1_mm - trace.x0_mm for trace in traces])
        is_as_long = bool((np.abs(lengths / wide - 1) < _CURVES.same_length).any())
        line = Curve(line.filled())
        is_free = all(
            _overlap_mm(line, other) < 2.0 or abs(line.middle_mm - other.middle_mm) > _CURVES.beside_trace_mm
            for other in (*traces, *found)
        )
        if is_as_long and is_free and len(line.mm) > 2:
            found.append(line)
    return found if len(found) <= len(traces) else []  # more than that are a grid in the traces' own style


def without_pulse(trace: Curve) -> tuple[Curve, list[Curve]]:
    """The trace alone, and the pulses that some programs draw in one line with it, before or after."""
    pulses = []
    for turned in (False, True):
        mm = _mirrored(trace.mm) if turned else trace.mm
        last = _pulse_end(mm)
        if last:
            pulses.append(Curve(_mirrored(mm[:last]) if turned else mm[:last]))
            trace = Curve(_mirrored(mm[last:]) if turned else mm[last:])
    return trace, pulses


def _mirrored(mm: np.ndarray) -> np.ndarray:
    return mm[::-1] * [-1.0, 1.0]


def _pulse_end(mm: np.ndarray) -> int:
    """The number of points up to the end of the right foot of a pulse with which a line begins; 0 without a pulse.

    A pulse is flat on top, and both its sides are steep: no wave of a heart is so.
    """
    x = np.arange(mm[0, 0], min(mm[0, 0] + _CURVES.pulse_reach_mm, mm[-1, 0]), _CURVES.fine_mm)
    height = mm[0, 1] - np.interp(x, mm[:, 0], mm[:, 1])
    side = round(_CURVES.side_mm / _CURVES.fine_mm)
    up = int(np.argmax(height > _CURVES.pulse_heights_mm[0]))
    top = height[up + side : up + 2 * side]
    if up < side or not len(top):
        return 0
    tall = float(np.median(top))
    low = np.flatnonzero(height[up + side :] < tall / 2)
    down = up + side + int(low[0]) if len(low) else len(height)
    on_top, feet = height[up + side : down - side], (height[: up - side + 1], height[down + side : down + side + 1])
    is_flat = (
        _CURVES.pulse_heights_mm[0] < tall < _CURVES.pulse_heights_mm[1]
        and len(on_top)
        and np.abs(on_top - tall).max() < 0.05 * tall
    )
    stands = all(len(foot) and np.abs(foot).max() < 0.2 * tall for foot in feet)
    wide = _CURVES.pulse_widths_mm[0] < (down - up) * _CURVES.fine_mm < _CURVES.pulse_widths_mm[1]
    if not (is_flat and stands and wide):
        return 0
    after = mm[:, 0] >= x[down] + _CURVES.side_mm / 2
    off_foot = after & (np.abs(mm[:, 1] - mm[0, 1]) > _CURVES.on_foot_mm)
    return int(np.argmax(off_foot)) if off_foot.any() else 0


def divided(trace: Curve, parts: int) -> list[Curve]:
    """The trace cut into so many equally long ones."""
    ends = np.linspace(trace.x0_mm, trace.x1_mm, parts + 1)
    return [Curve(trace.mm[(trace.mm[:, 0] >= a - 1e-6) & (trace.mm[:, 0] < b - 1e-6)]) for a, b in pairwise(ends)]


def in_rows(traces: Sequence[Curve]) -> list[list[Curve]]:
    """The traces row by row from the top, each row from the left; no two of a row stand above each other."""
    rows: list[list[Curve]] = []
    for trace in sorted(traces, key=lambda t: t.middle_mm):
        row = rows[-1] if rows else []
        beside = all(_overlap_mm(trace, other) < 2.0 for other in row)
        if row and beside and trace.middle_mm - row[0].middle_mm < _CURVES.row_mm:
            row.append(trace)
        else:
            rows.append([trace])
    return [sorted(row, key=lambda t: t.x0_mm) for row in rows]


def zero_lines(rows: Sequence[Sequence[Curve]], pulses: Sequence[Curve]) -> list[float]:
    """The height of every row's 0 mV line, mm: the foot of its pulse or, without one, the middle of its traces."""
    return [_zero_line(row, pulses) for row in rows]


def _zero_line(row: Sequence[Curve], pulses: Sequence[Curve]) -> float:
    middle = float(np.median([trace.middle_mm for trace in row]))
    feet = [float(pulse.mm[0, 1]) for pulse in pulses if _touches(row, pulse)]
    near = min(feet, key=lambda foot: abs(foot - middle), default=middle)
    return near if abs(near - middle) < _CURVES.foot_mm else middle


def _touches(row: Sequence[Curve], pulse: Curve) -> bool:
    """Whether the pulse stands beside the row's first or last trace."""
    return pulse.x1_mm - row[0].x0_mm < 5.0 or row[-1].x1_mm - pulse.x0_mm < 5.0


def _overlap_mm(a: Curve, b: Curve) -> float:
    return min(a.x1_mm, b.x1_mm) - max(a.x0_mm, b.x0_mm)
