"""Which layout a page has, from what a flawless page network would see of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracle import SIZE_PX, Oracle, scene, starts_mm, unpainted

from digitize.grid.page_view import View, look_twice
from digitize.layout.evidence import Evidence, UnknownLayout, gather, reach_mm
from digitize.layout.matching import match, match_rows, place
from digitize.layout.printed_words import PrintedWord
from digitize.nets.inputs import fit_matrix
from digitize.pipeline import find_layout
from ecg.layout import TEMPLATES, Layout, Template, template
from ecg.reading import Reading
from simulate.printed.machine import apart
from simulate.scene import Scene
from simulate.wear.wear import COVERS


def whole(seed: int, preset: str, name: str, mm_per_s: float = 25.0, **changes: object) -> Scene:
    """A scene whose traces lie whole in the picture, under nothing."""
    found = scene(seed, preset, name, mm_per_s, **changes)  # type: ignore[arg-type]
    bare = {k: v for k, v in found.effects.items() if k not in COVERS}
    return replace(found, effects=bare, fill=min(found.fill, 0.95), frame_mm=found.paper.extent_mm, shift=(0.0, 0.0))


def view_of(truth: Reading, monkeypatch: pytest.MonkeyPatch) -> View:
    monkeypatch.setattr("digitize.grid.page_view.look", Oracle(truth).look)
    return look_twice(None, truth.page.pixels, SIZE_PX)


def words_on(truth: Reading) -> list[PrintedWord]:
    return Oracle(truth).read_words(None, truth.page.pixels, truth.geometry, (0.0, 0.0, 100.0, 100.0))


def evidence_of(truth: Reading, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    return gather(view_of(truth, monkeypatch), truth.geometry, words_on(truth))


def found_in(truth: Reading, monkeypatch: pytest.MonkeyPatch, mm_per_s: float | None = None) -> Layout:
    evidence = evidence_of(truth, monkeypatch)
    return place(match(evidence, None, mm_per_s), 10.0)


def lay_out(
    truth: Reading, monkeypatch: pytest.MonkeyPatch, given: Template | str | None = None, mm_per_s: float | None = None
) -> tuple[Layout, str]:
    """The layout as the digitizer puts it, and its warnings in one."""
    found = find_layout(view_of(truth, monkeypatch), truth.geometry, words_on(truth), given, mm_per_s)
    return found.layout, " ".join(found.warnings)


def agrees(found: Layout, wanted: Layout) -> None:
    assert (found.name, found.mm_per_s) == (wanted.name, wanted.mm_per_s)
    assert [b.lead for b in found.boxes] == [b.lead for b in wanted.boxes]
    spans = [[(b.t0_s, b.t1_s) for b in layout.boxes] for layout in (found, wanted)]
    np.testing.assert_allclose(*spans)
    off = np.abs(starts_mm(found.boxes) - starts_mm(wanted.boxes))
    assert off[:, 0].max() < 1.1
    assert off[:, 1].max() < 0.3


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
    assert (blurred.said("mm/s"), place(match(blurred), 10.0).mm_per_s) == (
        None,
        25.0,
    )  # one reading as good as another


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


def test_pulses_alone_tell_that_columns_stand_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = with_pulses_between("3x4+1", 11.0)
    nameless = replace(evidence_of(truth, monkeypatch), words=())
    assert nameless.pulse_pitch_mm == pytest.approx(62.5 + 11.0, abs=1.1)
    agrees(place(match(nameless), 10.0), truth.layout)


def with_pulses_between(name: str, room_mm: float) -> Reading:
    found = whole(27, "clean", name, pulse="none")
    x0, y0, x1, y1 = found.paper.extent_mm
    sheet = (x0, y0, x1 + 4 * room_mm, y1)
    paper = replace(found.paper, extent_mm=sheet, grid_mm=sheet)
    apart_ = replace(found, layout=apart(found.layout, room_mm), paper=paper, frame_mm=sheet)
    return unpainted(replace(apart_, style=replace(found.style, pulse="between", pulse_room_mm=room_mm)))


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


def test_a_page_without_traces_is_refused() -> None:
    truth = unpainted(whole(29, "clean", "3x4"))
    view = Oracle(truth).look(None, truth.page.pixels, fit_matrix(truth.page.size_px, SIZE_PX))
    with pytest.raises(UnknownLayout, match="no ECG traces were found"):
        gather(replace(view, seg=np.zeros_like(view.seg)), truth.geometry)
    with pytest.raises(UnknownLayout, match="no ECG rows were found"):
        gather(replace(view, baseline=np.zeros_like(view.baseline)), truth.geometry)


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
    assert (evidence.chest_gain(), evidence.said("mm/mV")) == (share, said)
    placed = find_layout(view_of(truth, monkeypatch), truth.geometry, evidence.words, None, None).layout
    assert {b.gain for b in placed.boxes if b.lead.startswith("V")} == {share}
    assert {b.gain for b in placed.boxes if not b.lead.startswith("V")} == {1.0}


@pytest.mark.parametrize(("score", "share", "is_said"), [(0.2, 1.0, False), (0.45, 1.0, True), (0.6, 0.5, False)])
def test_half_the_gain_that_is_not_surely_read_is_only_warned_of(
    score: float, share: float, is_said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = unpainted(whole(35, "clean", "3x4"))
    gains = [PrintedWord("10 mm/mV", 20.0, 150.0, 0.9), PrintedWord("5 mm/mV", 50.0, 150.0, score)]
    found = find_layout(view_of(truth, monkeypatch), truth.geometry, words_on(truth) + gains, None, None)
    assert {box.gain for box in found.layout.boxes if box.lead.startswith("V")} == {share}
    assert any("second gain" in warning for warning in found.warnings) == is_said


# --- names that are missing, wrong, or elsewhere ----------------------------------------------------------------------


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


@pytest.mark.parametrize(("name", "answers"), [("12x1", 1), ("3x4+1", 1), ("6x2+1", 1), ("6x2", 4), ("3x4", 3)])
def test_without_any_name_rows_and_columns_decide_where_they_can(
    name: str, answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = unpainted(whole(31, "clean", name, pulse="none"))
    view = view_of(truth, monkeypatch)
    if answers == 1:
        found = find_layout(view, truth.geometry, [], None, 25.0)
        agrees(found.layout, truth.layout)
        assert f"they are taken from the usual order of {name}" in found.warnings[0]
        assert not found.is_named
        return
    with pytest.raises(UnknownLayout, match=r"the page may be .* rows were seen: no names; .*\); give --layout"):
        find_layout(view, truth.geometry, [], None, 25.0)


def test_a_rhythm_strip_whose_name_was_not_read_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(33, "scan", "3x4+1", pulse="none"))
    view, words = view_of(truth, monkeypatch), words_on(truth)[:12]
    found = find_layout(view, truth.geometry, words, None, 25.0)
    assert found.layout.boxes[-1].lead == "II"
    assert "no name was read at a rhythm strip: taken as II" in found.warnings[0]


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


def test_a_tall_row_asks_for_a_tall_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(40, "clean", "3x1", mm_per_mv=20.0))
    evidence = evidence_of(truth, monkeypatch)
    found = reach_mm(evidence, evidence.baselines_mm.tolist())
    for box, trace, reach in zip(truth.layout.boxes, truth.traces, found, strict=True):
        mm = truth.geometry.to_mm(np.stack([trace.x_px, trace.y_px], -1))
        wanted = np.nanmax(np.abs(mm[:, 1] - box.baseline_mm))
        assert wanted - 3 < reach < wanted + 1.5  # the tips of spikes are faint on a map this coarse


def test_the_start_is_found_when_the_picture_cuts_the_rows_off(monkeypatch: pytest.MonkeyPatch) -> None:
    found = whole(32, "clean", "3x1")
    x0, y0, x1, y1 = found.paper.extent_mm
    truth = unpainted(replace(found, frame_mm=(x0, y0, x1 - 60, y1), aspect=(x1 - x0 - 60) / (y1 - y0), fill=1.0))
    agrees(found_in(truth, monkeypatch), truth.layout)
