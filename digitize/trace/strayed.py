"""Stretches in which a row's curve was followed along a neighbour's: they are hidden, for they are not its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from digitize.stages import RowReading


@dataclass(frozen=True)
class StrayThresholds:
    """When a curve runs along another one; curves of two leads cross, or touch for as long as both are flat."""

    same_mm: float = 0.4  # heights that differ by less are of one curve,
    long_mm: float = 4.0  # for at least so long: beats cross in far less
    jump_mm: float = 4.0  # which one of the two curves entered, or left, by at least such a jump
    beside_mm: float = 1.0  # within this of the stretch


_STRAY = StrayThresholds()


def without_strays(rows: Sequence[RowReading]) -> list[RowReading]:
    """The rows, which share their columns, with every stretch hidden that a curve jumped to from its own way."""
    hidden = [np.zeros(len(row.x_mm), bool) for row in rows]
    for a, b in combinations(range(len(rows)), 2):
        for begin, end in _common(rows[a], rows[b]):
            jumps = [_jump_mm(rows[k], begin, end) for k in (a, b)]
            if max(jumps) > _STRAY.jump_mm:
                hidden[(a, b)[int(np.argmax(jumps))]][begin:end] = True
    return [_hidden(row, where) if where.any() else row for row, where in zip(rows, hidden, strict=True)]


def _common(one: RowReading, other: RowReading) -> Iterator[tuple[int, int]]:
    """The stretches [begin, end) of columns in which two rows' curves are the same, long enough to be one."""
    if len(one.x_mm) != len(other.x_mm):
        return
    same = np.abs(one.y_mm - other.y_mm) < _STRAY.same_mm
    ends = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(int)))
    for begin, end in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=True):
        if one.x_mm[end - 1] - one.x_mm[begin] > _STRAY.long_mm:
            yield begin, end


def _jump_mm(row: RowReading, begin: int, end: int) -> float:
    """The larger of the heights by which a row's curve comes into a stretch and goes out of it."""
    step = float(row.x_mm[1] - row.x_mm[0])
    beside = round(_STRAY.beside_mm / step)
    into = row.y_mm[max(0, begin - beside) : begin + 1] - row.y_mm[begin]
    out = row.y_mm[end - 1 : end + beside] - row.y_mm[end - 1]
    return float(max(np.abs(into).max(), np.abs(out).max()))


def _hidden(row: RowReading, where: np.ndarray) -> RowReading:
    return replace(row, certainty=np.where(where, 0.0, row.certainty), presence=np.where(where, 0.0, row.presence))
