"""How far the ink of a row goes from its zero line."""

from __future__ import annotations

import numpy as np
import pytest
from located_page import evidence_of, whole
from oracle import unpainted


def test_a_tall_row_asks_for_a_tall_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(40, "clean", "3x1", mm_per_mv=20.0))
    evidence = evidence_of(truth, monkeypatch)
    found = evidence.reach_mm(evidence.baselines_mm.tolist())
    for box, trace, reach in zip(truth.layout.boxes, truth.traces, found, strict=True):
        mm = truth.geometry.to_mm(np.stack([trace.x_px, trace.y_px], -1))
        wanted = np.nanmax(np.abs(mm[:, 1] - box.baseline_mm))
        assert wanted - 3 < reach < wanted + 1.5  # the tips of spikes are faint on a map this coarse
