"""`Row`: what became of one page, as it stands in the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from archive.reference import PageReference

READ, REFUSED, FAILED = "read", "refused", "failed"


@dataclass(frozen=True, eq=False)
class Row:
    """A page that was read, one that the digitizer refuses, or one that failed: then `code` and `error` say why.

    `signal_uv` is int16 [lead, sample] of the twelve leads in standard order, `printed` bool of the same shape.
    `probabilities` go by (group, label), `features` by name; both are empty, and `abstained` is None, where nothing was
    diagnosed. `codes` are those of all notes.
    """

    reference: PageReference
    status: str
    code: str = ""
    error: str = ""
    seconds: float = 0.0
    weights: str = ""
    layout: str | None = None
    mm_per_s: float | None = None
    mm_per_mv: float | None = None
    confidence: Mapping[str, float] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    fs_hz: float | None = None
    signal_uv: np.ndarray | None = None
    printed: np.ndarray | None = None
    abstained: bool | None = None
    predicted: tuple[str, ...] = ()
    probabilities: Mapping[tuple[str, str], float] = field(default_factory=dict)
    features: Mapping[str, float] = field(default_factory=dict)
