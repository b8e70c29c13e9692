"""Which layout a page has, from what a flawless page network would see of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from located_page import agrees, evidence_of, whole, with_pulses_between
from oracle import starts_mm, unpainted

from digitize.errors import UnknownLayout
from digitize.layout.matching.choice import match, match_rows
from digitize.layout.matching.match import place
from digitize.layout.printed_words import PrintedWord
from ecg.layout import TEMPLATES, Layout, template
from ecg.reading import Reading


def found_in(truth: Reading, monkeypatch: pytest.MonkeyPatch, mm_per_s: float | None = None) -> Layout:
    evidence = evidence_of(truth, monkeypatch)
    return place(match(evidence, None, mm_per_s), 10.0)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("preset", ["clean", "photo"])
def test_every_layout_is_known_by_its_name_and_place(preset: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(20 + list(TEMPLATES).index(name), preset, name))
    agrees(found_in(truth, monkeypatch), truth.layout)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_page_may_lie_on_its_side_or_stand_on_its_head(quarter_turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(replace(whole(21, "photo", "6x2+1"), quarter_turns=quarter_turns))
    agrees(found_in(truth, monkeypatch), truth.layout)


@pytest.mark.parametrize(("name", "rhythm"), [("3x4+1", ("V1",)), ("3x4+3", ("aVF", "V2", "V5")), ("6x2+1", ("V5",))])
def test_rhythm_strips_are_taken_as_they_are_seen(
    name: str, rhythm: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = whole(22, "scan", name)
    lines = [row[0].baseline_mm for row in found.layout.rows()]
    x0, y0, _, _ = found.layout.extent_mm
    layout = template(name, rhythm).place((x0, y0), 25.0, baselines_mm=lines)
    truth = unpainted(replace(found, layout=layout))
    agrees(found_in(truth, monkeypatch), layout)


@pytest.mark.parametrize("name", ["3x4+1", "12x1", "6x2", "cabrera-6x2"])
def test_50_mm_per_s_is_seen_by_columns_twice_as_wide(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = whole(23, "clean", name)
    lines = [row[0].baseline_mm for row in found.layout.rows()]
    layout = template(name).place((3.0, lines[0] - 12.0), 25.0, 50.0, 10.0, lines)
    x0, y0, x1, y1 = layout.extent_mm
    sheet = (x0 - 10, y0 - 10, x1 + 10, y1 + 10)
    paper = replace(found.paper, extent_mm=sheet, grid_mm=sheet)
    truth = unpainted(replace(found, layout=layout, paper=paper, frame_mm=sheet, aspect=1.6))
    agrees(found_in(truth, monkeypatch), layout)


def test_a_page_of_which_one_column_was_read_is_not_taken_for_that_at_half_the_speed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth = unpainted(whole(31, "clean", "6x2", pulse="none"))
    evidence = evidence_of(truth, monkeypatch)
    chest = [word for word in evidence.words if not word.is_lead or word.text.startswith("V")]
    with pytest.raises(UnknownLayout, match="may be 6x2 or cabrera-6x2"):
        match(replace(evidence, words=tuple(chest)))


@pytest.mark.parametrize("name", ["3x4+1", "6x2", "4x3"])
@pytest.mark.parametrize("room_mm", [8.0, 15.0])
def test_columns_may_stand_apart_with_pulses_between_them(
    name: str, room_mm: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = with_pulses_between(name, room_mm)
    agrees(found_in(truth, monkeypatch), truth.layout)


def test_a_page_with_more_leads_than_a_layout_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(27, "clean", "3x2-precordial", pulse="none"))
    evidence = evidence_of(truth, monkeypatch)
    limb = zip(("aVR", "aVL", "aVF"), evidence.names()[::2], strict=True)
    strange = [replace(at, text=lead, x_mm=at.x_mm + 60.0) for lead, at in limb]
    with pytest.raises(UnknownLayout, match="shows leads that that has not"):
        match(replace(evidence, words=(*evidence.words, *strange)))


def test_a_strip_is_not_invented_where_no_name_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(36, "clean", "3x4+1", pulse="none"))
    evidence = evidence_of(truth, monkeypatch)
    unnamed = replace(evidence.only([0, 1, 2]), words=evidence.words[:-1])
    assert match_rows(unnamed).template.name == "3x4"


@pytest.mark.parametrize("name", ["3x4+2", "6x2", "6x1-precordial", "cabrera-6x2", "4x3"])
def test_a_third_of_the_names_may_be_missing_and_some_misread(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(30, "scan", name, pulse="none"))
    evidence, rng = evidence_of(truth, monkeypatch), np.random.default_rng(0)
    read = [replace(w, score=float(rng.uniform(0.5, 1.0))) for w in evidence.words if rng.random() < 0.67]
    read[0] = replace(read[0], text="V6" if read[0].text != "V6" else "II")
    read += [PrintedWord("I", float(x), float(y), 0.3) for x, y in rng.uniform((0, 0), (200, 100), (3, 2))]
    evidence = replace(evidence, words=tuple(read))
    found = place(match(evidence), 10.0)
    assert found.name == name
    assert [b.lead for b in found.boxes if not b.is_rhythm] == [b.lead for b in truth.layout.boxes if not b.is_rhythm]
    assert np.abs(starts_mm(found.boxes) - starts_mm(truth.layout.boxes))[:, 0].max() < 2.0


@pytest.mark.parametrize(("name", "missed"), [("4x3", 0), ("6x2", 5), ("3x4+1", 1), ("3x4+3", 5)])
def test_a_row_that_was_missed_is_put_back_where_names_and_ink_have_it(
    name: str, missed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = unpainted(whole(36, "clean", name, pulse="none"))
    evidence = evidence_of(truth, monkeypatch)
    kept = [r for r in range(len(evidence.baselines_mm)) if r != missed]
    found = match_rows(evidence.only(kept))
    assert found.template.name == name
    assert found.baselines_mm[missed] == pytest.approx(evidence.baselines_mm[missed], abs=3.0)


def test_the_start_is_found_when_the_picture_cuts_the_rows_off(monkeypatch: pytest.MonkeyPatch) -> None:
    found = whole(32, "clean", "3x1")
    x0, y0, x1, y1 = found.paper.extent_mm
    truth = unpainted(replace(found, frame_mm=(x0, y0, x1 - 60, y1), aspect=(x1 - x0 - 60) / (y1 - y0), fill=1.0))
    agrees(found_in(truth, monkeypatch), truth.layout)
