"""What is seen on the paper, and that nothing is seen where nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from located_page import agrees, evidence_of, whole, with_pulses_between
from oracle import SIZE_PX, Oracle, unpainted

from digitize.errors import UnknownLayout
from digitize.layout.evidence import gather
from digitize.layout.matching.choice import match
from digitize.layout.matching.match import place
from digitize.nets.inputs import fit_matrix


def test_pulses_alone_tell_that_columns_stand_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = with_pulses_between("3x4+1", 11.0)
    nameless = replace(evidence_of(truth, monkeypatch), words=())
    assert nameless.pulse_pitch_mm == pytest.approx(62.5 + 11.0, abs=1.1)
    agrees(place(match(nameless), 10.0), truth.layout)


def test_a_page_without_traces_is_refused() -> None:
    truth = unpainted(whole(29, "clean", "3x4"))
    view = Oracle(truth).look(None, truth.page.pixels, fit_matrix(truth.page.size_px, SIZE_PX))
    with pytest.raises(UnknownLayout, match="no ECG traces were found"):
        gather(replace(view, seg=np.zeros_like(view.seg)), truth.geometry)
    with pytest.raises(UnknownLayout, match="no ECG rows were found"):
        gather(replace(view, baseline=np.zeros_like(view.baseline)), truth.geometry)
