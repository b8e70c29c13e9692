"""Gains of limb and chest leads that a page prints."""

from __future__ import annotations

from dataclasses import replace

import pytest
from located_page import evidence_of, lay, view_of, whole, words_on
from oracle import unpainted

from digitize.layout.printed_words import PrintedWord
from ecg.notes import texts


@pytest.mark.parametrize(
    ("printed", "share", "said"),
    [
        ([("10 mm/mV", 20, 150), ("5 mm/mV", 50, 150)], 0.5, 10.0),
        ([("20 mm/mV", 20, 150), ("10 mm/mV", 50, 151)], 0.5, 20.0),
        ([("10 mm/mV", 20, 150), ("10 mm/mV", 50, 150)], 1.0, 10.0),
        ([("10 mm/mV", 20, 150), ("5 mm/mV", 50, 20)], 1.0, None),  # not on one line
        ([("5 mm/mV", 20, 150), ("10 mm/mV", 50, 150)], 1.0, None),
    ],
)
def test_half_the_gain_on_chest_leads_is_read_where_both_are_printed(
    printed: list[tuple[str, float, float]], share: float, said: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = unpainted(whole(35, "clean", "3x4"))
    words = [PrintedWord(text, float(x), float(y), 0.9) for text, x, y in printed]
    evidence = replace(evidence_of(truth, monkeypatch), words=tuple(words_on(truth) + words))
    assert (evidence.chest_gain(), evidence.printed_number("mm/mV")) == (share, said)
    placed = lay(view_of(truth, monkeypatch), truth, evidence.words).layout
    assert {b.gain for b in placed.boxes if b.lead.startswith("V")} == {share}
    assert {b.gain for b in placed.boxes if not b.lead.startswith("V")} == {1.0}


@pytest.mark.parametrize(("score", "share", "is_said"), [(0.2, 1.0, False), (0.45, 1.0, True), (0.6, 0.5, False)])
def test_half_the_gain_that_is_not_surely_read_is_only_warned_of(
    score: float, share: float, is_said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = unpainted(whole(35, "clean", "3x4"))
    gains = [PrintedWord("10 mm/mV", 20.0, 150.0, 0.9), PrintedWord("5 mm/mV", 50.0, 150.0, score)]
    found = lay(view_of(truth, monkeypatch), truth, words_on(truth) + gains)
    assert {box.gain for box in found.layout.boxes if box.lead.startswith("V")} == {share}
    assert any("second gain" in warning for warning in texts(found.notes)) == is_said
