"""Unbroken runs of samples: what is printed, and what is a gap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np


def runs(is_there: np.ndarray) -> Iterator[tuple[int, int]]:
    """[start, end) of every unbroken run of True in a boolean array [sample]."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_there, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def rows_by_span(printed: np.ndarray) -> dict[tuple[int, int], list[int]]:
    """For every [start, end) in which rows of a boolean array [row, sample] are True without a break, these rows."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, is_there in enumerate(printed):
        for span in runs(is_there):
            found[span].append(row)
    return dict(sorted(found.items()))


def without_short(flags: np.ndarray, least: int) -> np.ndarray:
    """A boolean array [row, sample] in which only runs of at least so many samples are True."""
    kept = np.zeros_like(flags)
    for row, is_there in enumerate(flags):
        for a, b in runs(is_there):
            kept[row, a:b] = b - a >= least
    return kept
