"""The layout with its speed, as given, printed or shown; refusals in words."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import pytest
from located_page import agrees, evidence_of, lay, view_of, whole, words_on
from oracle import Oracle, heart, unpainted

from digitize.errors import NotAnEcg, UnknownLayout
from digitize.layout.budget import MOST_S
from digitize.layout.matching.choice import match
from digitize.layout.matching.match import place
from digitize.layout.printed_words import PrintedWord
from digitize.layout.search import locate
from digitize.stages import PageHints
from ecg.layout import Layout, Template, template
from ecg.notes import texts
from ecg.reading import Reading


def lay_out(
    truth: Reading, monkeypatch: pytest.MonkeyPatch, given: Template | str | None = None, mm_per_s: float | None = None
) -> tuple[Layout, str]:
    """The layout as the digitizer puts it, and its warnings in one."""
    found = lay(view_of(truth, monkeypatch), truth, words_on(truth), PageHints.of(given, mm_per_s))
    return found.layout, " ".join(texts(found.notes))


@pytest.mark.parametrize("name", ["3x4+1", "3x4+3"])
def test_50_mm_per_s_in_columns_of_the_usual_width_is_told_by_the_pulses(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pulse in ("left", "right"):
        truth = unpainted(whole(24, "clean", name, 50.0, pulse=pulse))
        found, warnings = lay_out(truth, monkeypatch)
        agrees(found, truth.layout)
        assert warnings == ""


@pytest.mark.parametrize("name", ["3x4+1", "12x1"])
def test_50_mm_per_s_is_told_by_the_print_or_by_the_user(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(24, "clean", name, 50.0, pulse="none"))
    told, quiet = lay_out(truth, monkeypatch, None, 50.0)
    agrees(told, truth.layout)
    assert quiet == ""
    assumed, warnings = lay_out(truth, monkeypatch)
    assert assumed.mm_per_s == 25.0
    assert "paper speed taken as 25 mm/s" in warnings
    evidence = evidence_of(truth, monkeypatch)
    printed = replace(evidence, words=(*evidence.words, PrintedWord("50 mm/s", 20.0, 300.0, 0.9)))
    agrees(place(match(printed), 10.0), truth.layout)
    blurred = replace(printed, words=(*printed.words, PrintedWord("25 mm/s", 20.0, 300.0, 0.85)))
    assert (blurred.printed_number("mm/s"), place(match(blurred), 10.0).mm_per_s) == (
        None,
        25.0,
    )  # one reading as good as another


@pytest.mark.parametrize("given", ["12x1", "3x1", "6x2+1"])
def test_a_layout_with_other_rows_than_the_page_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(25, "clean", "3x4+1"))
    rows = template(given).row_count
    seen = r"4 rows were seen \(I aVR V1 V4; II aVL V2 V5; III aVF V3 V6; II\)"
    with pytest.raises(UnknownLayout, match=rf"{seen}; the known layouts have \[{rows}\]"):
        lay_out(truth, monkeypatch, given)


@pytest.mark.parametrize(
    ("printed", "given"),
    [
        ("3x4+1", "4x3"),
        ("6x1-limb", "6x1-precordial"),
        ("3x4", "3x2-precordial"),
        ("3x4", "3x1"),
        ("cabrera-6x2", "6x2"),
    ],
)
def test_a_layout_that_does_not_fit_is_never_taken_without_a_word(
    printed: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = unpainted(whole(26, "clean", printed))
    try:
        _, words = lay_out(truth, monkeypatch, given, 25.0)
    except UnknownLayout as refusal:
        words = str(refusal)
    assert given in words


def test_an_unknown_number_of_rows_is_told_with_what_stands_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    own = replace(template("3x1"), name="own", grid=(("II",), ("V1",)))
    layout = own.place((2.0, 5.0), 25.0)
    x0, y0, x1, y1 = layout.extent_mm
    sheet = (x0 - 20, y0 - 10, x1 + 10, y1 + 10)
    found = whole(28, "clean", "3x1", pulse="none")
    paper = replace(found.paper, extent_mm=sheet, grid_mm=sheet)
    truth = unpainted(replace(found, layout=layout, paper=paper, frame_mm=sheet))
    with pytest.raises(UnknownLayout, match=r"2 rows were seen \(II; V1\); .* \[3, 4, 5, 6, 7, 12\] rows"):
        lay_out(truth, monkeypatch)
    named, warnings = lay_out(truth, monkeypatch, own, 25.0)  # the user's own template
    agrees(named, layout)
    assert warnings == ""


@pytest.mark.parametrize("name", ["3x2-limb", "3x2-precordial"])
def test_half_a_page_is_no_slower_page(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns of 2.5 s of a page that was cut in two, not of 5 s on slow paper."""
    half = replace(template(name), column_s=2.5)
    found = whole(28, "clean", name, pulse="none")
    layout = half.place((2.0, 5.0), 25.0)
    x0, y0, x1, y1 = layout.extent_mm
    sheet = (x0 - 20, y0 - 10, x1 + 10, y1 + 10)
    paper = replace(found.paper, extent_mm=sheet, grid_mm=sheet)
    truth = unpainted(replace(found, layout=layout, paper=paper, frame_mm=sheet))
    seen, warnings = lay_out(truth, monkeypatch)
    agrees(seen, layout)
    assert "paper speed taken as 25 mm/s" in warnings


def test_print_goes_before_pulses_and_both_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(24, "clean", "3x4+1", pulse="left"))
    words = [*words_on(truth), PrintedWord("50 mm/s", 20.0, 300.0, 0.9)]
    found = lay(view_of(truth, monkeypatch), truth, words)
    assert (found.layout.mm_per_s, found.is_speed_printed) == (50.0, True)
    assert [note.code for note in found.notes] == ["speed-contradicted"]
    given = lay(view_of(truth, monkeypatch), truth, words, PageHints(mm_per_s=25.0))
    assert (given.layout.mm_per_s, [note.code for note in given.notes]) == (25.0, ["speed-contradicted"])
    agreed = lay(view_of(truth, monkeypatch), truth, [*words[:-1], PrintedWord("25 mm/s", 20.0, 300.0, 0.9)])
    assert (agreed.layout.mm_per_s, agreed.notes) == (25.0, ())


@pytest.mark.slow
def test_names_read_for_certain_tell_that_the_page_needs_no_turning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another angle costs seconds, and would show the same names in the same order."""
    truth = whole(43, "clean", "6x2", pulse="none").render(heart(43))[1]
    names = ["V1" if box.lead in ("V2", "aVL", "aVF") else box.lead for box in truth.layout.boxes[::-1]]
    boxes = tuple(replace(box, lead=name) for box, name in zip(truth.layout.boxes, names, strict=True))
    oracle = Oracle(replace(truth, layout=replace(truth.layout, boxes=boxes)))
    nets = oracle.use(monkeypatch).nets
    monkeypatch.setattr("digitize.layout.search.turned", lambda *seen: pytest.fail("another angle was looked at"))
    with pytest.raises(NotAnEcg, match="they fit no known layout"):
        locate(truth.page, nets, PageHints())


@pytest.mark.slow
def test_a_search_that_has_spent_its_time_ends_and_says_what_it_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = whole(43, "clean", "6x2", pulse="none").render(heart(43))[1]
    boxes = tuple(replace(box, lead="V1" if box.lead.startswith("V") else "aVF") for box in truth.layout.boxes)
    nets = Oracle(replace(truth, layout=replace(truth.layout, boxes=boxes))).use(monkeypatch).nets
    monkeypatch.setattr("digitize.layout.search.turned", lambda *seen: pytest.fail("another angle was looked at"))
    clock = count(0.0, 2 * MOST_S)
    monkeypatch.setattr("digitize.layout.budget.time", SimpleNamespace(process_time=lambda: next(clock)))
    with pytest.raises(NotAnEcg, match=f"after {MOST_S:g} s of processor time, having tried the crossings of the grid"):
        locate(truth.page, nets, PageHints())


@pytest.mark.slow
def test_the_first_candidate_is_tried_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = whole(43, "clean", "6x2", pulse="none").render(heart(43))[1]
    nets = Oracle(truth).use(monkeypatch).nets
    clock = count(0.0, 2 * MOST_S)
    monkeypatch.setattr("digitize.layout.budget.time", SimpleNamespace(process_time=lambda: next(clock)))
    found = locate(truth.page, nets, PageHints()).layout
    assert [box.lead for box in found.boxes] == [box.lead for box in truth.layout.boxes]
