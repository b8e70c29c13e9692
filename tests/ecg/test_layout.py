"""Layouts: every built-in template covers its time without overlap, and survives being moved, saved and loaded."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from ecg.layout import TEMPLATES, Layout, LeadBox, Template, checked, load_template, template
from ecg.leads import STANDARD


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_tiles_its_rows(name: str) -> None:
    layout = template(name).place((20.0, 30.0), row_mm=25.0)
    assert len(layout.rows()) == template(name).row_count
    for row in layout.rows():
        for left, right in pairwise(row):
            assert left.box_mm[2] == pytest.approx(right.box_mm[0])
            assert left.t1_s == pytest.approx(right.t0_s)
        for box in row:
            width_mm = box.box_mm[2] - box.box_mm[0]
            assert width_mm == pytest.approx((box.t1_s - box.t0_s) * layout.mm_per_s)


@pytest.mark.parametrize("name", [n for n in TEMPLATES if "limb" not in n and "precordial" not in n and n != "3x1"])
def test_a_full_template_names_twelve_leads_once(name: str) -> None:
    leads = [b.lead.removeprefix("-") for b in template(name).place().boxes if not b.is_rhythm]
    assert sorted(leads) == sorted(STANDARD)


def test_three_by_four_reads_as_machines_print_it() -> None:
    layout = template("3x4+1", rhythm=("V1",)).place(mm_per_s=50, mm_per_mv=5)
    assert [b.lead for b in layout.rows()[0]] == ["I", "aVR", "V1", "V4"]
    assert [(b.lead, b.is_rhythm, b.t1_s) for b in layout.rows()[-1]] == [("V1", True, 10.0)]
    assert (layout.duration_s, layout.extent_mm) == (10.0, (0.0, 0.0, 500.0, 120.0))


def test_simultaneous_columns_share_their_time() -> None:
    boxes = Template("s", (("I", "II"),), 2.5, simultaneous=True).place().boxes
    assert [b.t0_s for b in boxes] == [0.0, 0.0]


def test_uneven_rows_keep_their_lines() -> None:
    layout = template("3x1").place(baselines_mm=[10.0, 45.0, 90.0])
    assert [row[0].baseline_mm for row in layout.rows()] == [10.0, 45.0, 90.0]
    with pytest.raises(ValueError, match="3 rows, got 2 baselines"):
        template("3x1").place(baselines_mm=[10.0, 45.0])


def test_moving_and_saving() -> None:
    layout = template("cabrera-3x4+1").place((5, 5))
    moved = layout.shifted(3, -2)
    assert moved.boxes[0].box_mm[:2] == (8.0, 3.0)
    assert Layout.from_dict(moved.to_dict()) == moved


def test_chest_leads_at_half_gain() -> None:
    layout = template("3x4+1", rhythm=("V5",)).place(chest_gain=0.5)
    assert {b.lead: b.gain for b in layout.boxes} == {lead: 0.5 if lead[0] == "V" else 1.0 for lead in STANDARD}
    assert Layout.from_dict(layout.to_dict()) == layout
    with pytest.raises(ValueError, match="gain of V1 must be positive"):
        LeadBox("V1", (0, 0, 1, 1), 0.0, 1.0, gain=0.0)


def test_own_template(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\ngrid: [[d1, v1], [d2, -avr]]\ncolumn_s: 5\nrhythm: [ii]\n")
    assert load_template(file) == Template("mine", (("I", "V1"), ("II", "-aVR")), 5.0, ("II",))
    file.write_text("name: mine\ngrid: [[I, II]]\ncolumn_s: 2.5\nsimultaneous: true\n")
    assert load_template(file) == Template("mine", (("I", "II"),), 2.5, simultaneous=True)
    file.write_text("name: mine\ngrid: [[I]]\ncolum_s: 5\n")
    with pytest.raises(ValueError, match=r"mine.yaml: a layout file holds"):
        load_template(file)


def test_errors_say_what_was_expected() -> None:
    with pytest.raises(ValueError, match="unknown layout '4x4': expected one of 3x4"):
        template("4x4")
    with pytest.raises(ValueError, match="x0 < x1"):
        LeadBox("I", (5, 0, 5, 1), 0, 1)
    with pytest.raises(ValueError, match="time span of I"):
        LeadBox("I", (0, 0, 5, 1), 1, 1)
    with pytest.raises(ValueError, match="no boxes"):
        Layout("empty", ())
    with pytest.raises(ValueError, match="must be positive"):
        Layout("still", (LeadBox("I", (0, 0, 5, 1), 0, 1),), mm_per_s=0)
    with pytest.raises(ValueError, match="same number of leads"):
        Template("ragged", (("I",), ("II", "III")), 2.5)


WRONG_FILES = {
    "syntax": ("name: [1, 2\n grid: :", "a.yaml"),
    "object": ("!!python/object/apply:os.system ['true']", "constructor"),
    "grid": ("name: x\ngrid: 5\ncolumn_s: 2.5", "grid must be a list of rows"),
    "no rows": ("name: x\ngrid: []\ncolumn_s: 2.5", "grid must be a list of rows"),
    "empty rows": ("name: x\ngrid: [[], []]\ncolumn_s: 2.5", "a row at least one lead"),
    "rows of one": ("name: x\ngrid: [I, II]\ncolumn_s: 2.5", "every row of grid must be a list of leads"),
    "numbers": ("name: x\ngrid: [[1, 2]]\ncolumn_s: 2.5", "every row of grid must be a list of leads"),
    "no seconds": ("name: x\ngrid: [[I]]\ncolumn_s:", "column_s must be the seconds"),
    "word": ("name: x\ngrid: [[I]]\ncolumn_s: long", "column_s must be the seconds"),
    "negative": ("name: x\ngrid: [[I]]\ncolumn_s: -2", "a column holds 0.2 to 60 s"),
    "nan": ("name: x\ngrid: [[I]]\ncolumn_s: .nan", "a column holds 0.2 to 60 s"),
    "years": ("name: x\ngrid: [[I]]\ncolumn_s: 1e9", "column_s"),
    "infinite": ("name: x\ngrid: [[I]]\ncolumn_s: .inf", "a column holds 0.2 to 60 s"),
    "no strips": ("name: x\ngrid: [[I]]\ncolumn_s: 2.5\nrhythm:", "rhythm must be a list of leads"),
    "maybe": ("name: x\ngrid: [[I]]\ncolumn_s: 2.5\nsimultaneous: 3", "simultaneous must be true or false"),
    "deep": ("[" * 20_000, "a.yaml"),
    "not text": ("\udcff\udcfe", "a.yaml"),
    "unknown lead": ("name: x\ngrid: [[I, V9]]\ncolumn_s: 2.5", "unknown lead name 'V9'"),
    "lead twice": ("name: x\ngrid: [[I, V1], [I, V2]]\ncolumn_s: 2.5", "I stands twice at the same time"),
    "turned twice": ("name: x\ngrid: [[aVR, V1], [-aVR, V2]]\ncolumn_s: 2.5", "aVR stands twice at the same time"),
    "strip twice": ("name: x\ngrid: [[I]]\ncolumn_s: 2.5\nrhythm: [II, II]", "II stands twice at the same time"),
    "row at once": ("name: x\ngrid: [[I, I]]\ncolumn_s: 2.5\nsimultaneous: true", "I stands twice at the same time"),
}


@pytest.mark.parametrize("kind", WRONG_FILES)
@pytest.mark.slow
def test_a_layout_file_that_makes_no_sense_is_refused_with_its_name(kind: str, tmp_path: Path) -> None:
    text, words = WRONG_FILES[kind]
    file = tmp_path / "a.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=rf"a\.yaml: .*{re.escape(words.removeprefix('a.yaml'))}"):
        load_template(file)


@pytest.mark.parametrize(
    ("grid", "column_s", "begins"),
    [
        ((("I",), ("I",), ("I",)), 10.0, [0, 10, 20]),
        ((("I", "I"), ("I", "I")), 5.0, [0, 5, 10, 15]),
        ((("I",), ("II",), ("I",), ("II",)), 10.0, [0, 0, 10, 10]),
        ((("I", "V1"), ("II", "V2")), 5.0, [0, 5, 0, 5]),
    ],
)
def test_leads_that_repeat_row_by_row_go_on(grid: tuple, column_s: float, begins: list[float]) -> None:
    layout = checked(Template("watch", grid, column_s)).place()
    assert [box.t0_s for box in layout.boxes] == begins
    assert layout.duration_s == max(begins) + column_s


def test_rows_that_go_on_have_no_strip() -> None:
    with pytest.raises(ValueError, match="has no rhythm strips"):
        checked(Template("watch", (("I",), ("I",)), 10.0, ("II",)))


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_built_in_template_contradicts_itself(name: str) -> None:
    assert checked(template(name)) is template(name)
