"""Curves without names are read only where they are limb leads; what speaks against a reading lowers its confidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_page import drawn

from digitize.errors import NotAnEcg
from digitize.stages import Leads
from digitize.trace.assemble import assemble
from digitize.trace.confidence import CHEST_DOUBT, DOUBTS
from ecg.notes import Note
from ecg.reading import Reading, ReadingFacts

PAGE = drawn("12x1")
LAWFUL = {"I": 1.0, "II": 1.5, "III": 0.5, "aVR": -1.25, "aVL": 0.25, "aVF": 1.0}


def leads(
    *, is_lawful: bool = True, is_confirmed: bool = True, notes: tuple[Note, ...] = (), sure: float = 0.9
) -> Leads:
    """The drawn page, with limb leads that add up or not."""
    traces = []
    for trace, box in zip(PAGE.traces, PAGE.layout.boxes, strict=True):
        zero = PAGE.geometry.to_px(np.array([0.0, box.baseline_mm]))[1]
        share = LAWFUL.get(trace.lead, 1.0) if is_lawful else 1.0
        y_px = zero + share * (trace.y_px - zero)
        traces.append(replace(trace, y_px=y_px, confidence=np.full_like(y_px, sure)))
    return Leads(PAGE.geometry, PAGE.layout, tuple(traces), notes, is_confirmed)


def mean(reading: Reading, lead: str = "I") -> float:
    return reading.confidence[lead]


def test_nameless_curves_have_to_be_limb_leads() -> None:
    with pytest.raises(NotAnEcg, match=r"I \+ III is not II; expected a whole ECG"):
        assemble(PAGE.page, leads(is_lawful=False, is_confirmed=False), ReadingFacts())
    assert assemble(PAGE.page, leads(is_confirmed=False), ReadingFacts()).traces
    named = assemble(PAGE.page, leads(is_lawful=False), ReadingFacts())
    assert "limb-leads-contradict" in {note.code for note in named.notes}


@pytest.mark.parametrize("code", DOUBTS)
def test_every_doubt_of_the_scale_lowers_the_confidence(code: str) -> None:
    found = assemble(PAGE.page, leads(notes=(Note(code, "said"), Note(code, "said again"))), ReadingFacts())
    assert mean(found) == pytest.approx(0.9 * DOUBTS[code], abs=1e-3)
    undoubted = assemble(PAGE.page, leads(notes=(Note("speed-assumed", "said"),)), ReadingFacts())
    assert mean(undoubted) == pytest.approx(0.9)


def test_a_doubt_of_the_chest_leads_gain_concerns_them_alone() -> None:
    found = assemble(PAGE.page, leads(notes=(Note("chest-gain-doubtful", "said"),)), ReadingFacts())
    assert mean(found, "aVF") == pytest.approx(0.9)
    assert mean(found, "V1") == pytest.approx(0.9 * CHEST_DOUBT)


@pytest.mark.parametrize(("sure", "is_said"), [(0.2, True), (0.5, False)])
def test_a_reading_that_nobody_can_rely_on_says_so(sure: float, is_said: bool) -> None:
    codes = {note.code for note in assemble(PAGE.page, leads(sure=sure), ReadingFacts()).notes}
    assert ("confidence-low" in codes) == is_said


@pytest.mark.parametrize(("share", "is_said"), [(1.0, False), (0.97, False), (0.5, True), (1.5, True)])
def test_millimetres_that_are_longer_one_way_are_doubted(share: float, is_said: bool) -> None:
    squeezed = replace(leads(), geometry=PAGE.geometry.after(np.diag([1.0, share, 1.0])))
    found = assemble(PAGE.page, squeezed, ReadingFacts())
    assert ("scale-oblong" in {note.code for note in found.notes}) == is_said


def test_a_lead_of_which_a_part_was_read_is_said() -> None:
    whole = leads()
    first, *rest = whole.traces
    y_px = np.where(np.arange(len(first.y_px)) < 0.6 * len(first.y_px), first.y_px, np.nan)
    found = assemble(PAGE.page, replace(whole, traces=(replace(first, y_px=y_px), *rest)), ReadingFacts())
    said = [note.text for note in found.notes if note.code == "lead-partly-read"]
    assert said == ["only a part of I (60%) was read; the rest is hidden, or goes too far from its row"]
    assert "lead-partly-read" not in {note.code for note in assemble(PAGE.page, whole, ReadingFacts()).notes}
