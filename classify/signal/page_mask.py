"""What a page does to a recording: only stretches of each lead are printed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ecg.layout import template
from ecg.leads import STANDARD

# (layout, probability); the rhythm lead is drawn anew each time. "full" and 12x1 print every lead for ten seconds.
LAYOUTS: tuple[tuple[str, float], ...] = (
    ("full", 0.36), ("3x4+1", 0.24), ("3x4", 0.10), ("3x4+2", 0.04), ("3x4+3", 0.06), ("6x2", 0.07), ("6x2+1", 0.07),
    ("4x3", 0.02), ("6x1-limb", 0.02), ("6x1-precordial", 0.02),
)  # fmt: skip
_RHYTHM_LEADS = ("II", "V1", "V5", "II", "II", "III")


@lru_cache
def printed(
    layout: str, rhythm: tuple[str, ...], fs_hz: float, samples: int, leads: tuple[str, ...] = STANDARD
) -> np.ndarray:
    """Where each of these leads is printed on a page of this layout; bool [lead, samples]."""
    seen = np.zeros((len(STANDARD), samples), bool)
    if layout == "full":
        return np.ones((len(leads), samples), bool)
    for box in template(layout, rhythm).place().boxes:
        row = STANDARD.index(box.lead.removeprefix("-"))
        seen[row, round(box.t0_s * fs_hz) : round(box.t1_s * fs_hz)] = True
    return seen[[STANDARD.index(lead) for lead in leads]]


def draw_mask(rng: np.random.Generator, fs_hz: float, samples: int, leads: Sequence[str] = STANDARD) -> np.ndarray:
    """Where a random page prints each of these leads; bool [lead, samples]."""
    names, weights = zip(*LAYOUTS, strict=True)
    name = names[rng.choice(len(names), p=np.array(weights) / sum(weights))]
    strips = int(name.partition("+")[2] or 0)
    return printed(name, tuple(rng.choice(_RHYTHM_LEADS, strips).tolist()), fs_hz, samples, tuple(leads))
