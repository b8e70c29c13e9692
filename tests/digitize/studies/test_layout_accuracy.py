"""What counts as right, wrong with a warning, silently wrong, and what nobody can read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from oracle import heart, scene, unpainted

from digitize.evaluation.legibility import unreadable
from digitize.studies.layout_accuracy import Verdict, faults, judge, table
from ecg.notes import Note
from ecg.page import Page
from ecg.reading import Reading


class Reader:
    """Says what it was given, or refuses."""

    def __init__(self, reading: Reading | ValueError) -> None:
        self.reading = reading

    def __call__(self, page: Page) -> Reading:
        if isinstance(self.reading, ValueError):
            raise self.reading
        return self.reading


@pytest.fixture(scope="module")
def truth() -> Reading:
    return unpainted(scene(3, "clean", "3x4+1"))


def with_first_box(truth: Reading, **changes: Any) -> Reading:
    first, *others = truth.layout.boxes
    return replace(truth, layout=replace(truth.layout, boxes=(replace(first, **changes), *others)))


def test_a_perfect_reading_has_no_fault(truth: Reading) -> None:
    assert faults(truth, truth) == {}
    assert judge(Reader(truth), truth) == ("right", "")


def test_every_kind_of_fault_is_named(truth: Reading) -> None:
    x0, y0, x1, y1 = truth.layout.boxes[0].box_mm
    for what, reading in {
        "layout": with_first_box(truth, lead="V6"),
        "speed": replace(truth, layout=replace(truth.layout, mm_per_s=50.0)),
        "gain": with_first_box(truth, gain=0.5),
        "upright": replace(truth, geometry=truth.geometry.half_turned()),
        "times": with_first_box(truth, box_mm=(x0 + 3, y0, x1, y1)),
    }.items():
        assert what in faults(truth, reading)
    late = with_first_box(truth, t0_s=1.0)
    assert "is taken to begin at 1 s" in faults(truth, late)["times"]


def test_a_warning_counts_only_when_it_speaks_of_what_is_wrong(truth: Reading) -> None:
    wrong = with_first_box(truth, lead="V6")
    assert judge(Reader(wrong), truth)[0] == "silent"
    assert judge(Reader(replace(wrong, notes=(Note("gain-assumed", "gain taken as 10 mm/mV"),))), truth)[0] == "silent"
    assert (
        judge(Reader(replace(wrong, notes=(Note("names-not-recognised", "no lead names were read"),))), truth)[0]
        == "warned"
    )
    assert judge(Reader(ValueError("no grid")), truth) == ("refused", "no grid")


def test_what_is_not_printed_or_cut_away_cannot_be_read() -> None:
    made = scene(3, "clean", "3x4+1", pulse="left")
    sheet = made.sheet(heart())
    whole = unpainted(made, heart())
    assert unreadable(made, sheet, whole) == ()
    bare = replace(made, style=replace(made.style, has_names=False, pulse="none"))
    bare_sheet = replace(bare.sheet(heart()), labels=())
    without = replace(whole, scene=replace(whole.scene, texts_mm=[], pulses_mm=[]))
    assert unreadable(bare, bare_sheet, without) == ("names", "speed", "gain")


def test_the_table_counts_what_nobody_can_tell_apart() -> None:
    pages = [
        Verdict(1, "scan", "3x4", "right"),
        Verdict(2, "scan", "3x4", "silent"),
        Verdict(3, "scan", "6x2", "refused", ("names",)),
        Verdict(4, "photo", "6x2", "silent", ("speed",)),
    ]
    lines = table(pages).splitlines()
    assert lines[2] == "| all | 2 | 1 (50%) | 0 (0%) | 0 (0%) | 1 (50%) |  | 2 | 1 | 1 |"
    assert lines[4] == "| photo | 0 | 0 | 0 | 0 | 0 |  | 1 | 0 | 1 |"
