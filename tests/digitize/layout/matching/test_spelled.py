"""Leads in an order that no template has, as their names spell it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from located_page import agrees, evidence_of, whole
from oracle import unpainted

from digitize.errors import UnknownLayout
from digitize.layout.evidence import Evidence
from digitize.layout.matching.choice import match_rows
from digitize.layout.matching.match import place
from digitize.layout.matching.spelled import spelled
from digitize.layout.notes import layout_notes
from ecg.layout import Template
from ecg.leads import STANDARD
from ecg.reading import Reading

ALTERNATING = (("V1", "V4"), ("I", "aVR"), ("V2", "V5"), ("II", "aVL"), ("V3", "V6"), ("III", "aVF"))
ORDERS = {
    "6x2": Template("spelled-6x2", ALTERNATING, 5.0),
    "6x2+1": Template("spelled-6x2+1", ALTERNATING, 5.0, ("V1",)),
    "12x1": Template("spelled-12x1", tuple((lead,) for lead in STANDARD[::-1]), 10.0),
    "3x4+1": Template(
        "spelled-3x4+1",
        (("V4", "V1", "aVR", "I"), ("V5", "V2", "aVL", "II"), ("V6", "V3", "aVF", "III")),
        2.5,
        ("aVF",),
    ),
}


def printed(name: str, kind: Template, seed: int = 40) -> Reading:
    """A page of a template's rows with the leads of another one."""
    found = whole(seed, "clean", name, pulse="none")
    lines = [row[0].baseline_mm for row in found.layout.rows()]
    x0, y0, _, _ = found.layout.extent_mm
    return unpainted(replace(found, layout=kind.place((x0, y0), 15.0, baselines_mm=lines)))


@pytest.mark.parametrize("name", ORDERS)
def test_names_in_any_order_make_the_layout(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = printed(name, ORDERS[name])
    agrees(place(match_rows(evidence_of(truth, monkeypatch)), 10.0), truth.layout)


def test_a_strip_may_stand_above_the_other_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = ORDERS["6x2+1"]
    found = whole(41, "clean", "6x2+1", pulse="none")
    lines = [row[0].baseline_mm for row in found.layout.rows()]
    layout = kind.place((found.layout.extent_mm[0], 0.0), 15.0, baselines_mm=[*lines[1:], lines[0]])
    truth = unpainted(replace(found, layout=layout))
    agrees(place(match_rows(evidence_of(truth, monkeypatch)), 10.0), truth.layout)


def without(evidence: Evidence, *leads: str) -> Evidence:
    return replace(evidence, words=tuple(word for word in evidence.words if word.text not in leads))


def test_the_one_lead_whose_name_was_not_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = printed("6x2", ORDERS["6x2"])
    evidence = without(evidence_of(truth, monkeypatch), "V5")
    found = match_rows(evidence)
    agrees(place(found, 10.0), truth.layout)
    assert "lead-name-inferred" in {note.code for note in layout_notes(found, evidence, None)}


def test_a_row_of_its_own_without_a_name_is_the_lead_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = printed("12x1", ORDERS["12x1"])
    evidence = without(evidence_of(truth, monkeypatch), "aVF")
    found = match_rows(evidence)
    agrees(place(found, 10.0), truth.layout)
    assert "lead-name-inferred" in {note.code for note in layout_notes(found, evidence, None)}


def test_a_rule_below_twelve_named_rows_is_no_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = printed("12x1", ORDERS["12x1"])
    seen = evidence_of(truth, monkeypatch)
    line = seen.baselines_mm[-1] + float(np.median(np.diff(seen.baselines_mm)))
    ruled = replace(
        seen, baselines_mm=np.append(seen.baselines_mm, line), ink=np.vstack([seen.ink, 0.6 * seen.ink[-1]])
    )
    agrees(place(match_rows(ruled), 10.0), truth.layout)


def test_a_faint_name_counts_where_it_stands_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = printed("6x2", ORDERS["6x2"])
    evidence = without(evidence_of(truth, monkeypatch), "V5")
    faint = tuple(replace(w, score=0.4) if w.text == "aVL" else w for w in evidence.words)
    agrees(place(match_rows(replace(evidence, words=faint)), 10.0), truth.layout)
    elsewhere = tuple(replace(w, score=0.4, x_mm=w.x_mm + 20.0) if w.text == "aVL" else w for w in evidence.words)
    assert not list(spelled(replace(evidence, words=elsewhere)))


def test_two_unread_names_leave_their_order_open(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = without(evidence_of(printed("6x2", ORDERS["6x2"]), monkeypatch), "V5", "aVL")
    assert not list(spelled(evidence))
    with pytest.raises(UnknownLayout):
        match_rows(evidence)


def test_two_exchanged_names_do_not_outweigh_a_known_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = evidence_of(unpainted(whole(42, "clean", "3x4+1", pulse="none")), monkeypatch)
    misread = tuple(replace(w, text="V6") if w.text == "V2" else w for w in evidence.words if w.text != "V6")
    assert match_rows(replace(evidence, words=misread)).template.name == "3x4+1"


def test_names_beside_each_other_at_uneven_distances_spell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = evidence_of(printed("3x4+1", ORDERS["3x4+1"]), monkeypatch)
    x = np.median([word.x_mm for word in evidence.words if word.text in ("V1", "V2", "V3")])
    moved = [replace(w, x_mm=w.x_mm + 20.0) if abs(w.x_mm - x) < 5 else w for w in evidence.words]
    assert not list(spelled(replace(evidence, words=tuple(moved))))
