"""Names that stand twice tell of two ECGs on one sheet; those of strips and of both ends of a row do not."""

from __future__ import annotations

import numpy as np
import pytest

from digitize.errors import UnknownLayout
from digitize.layout.evidence import Evidence
from digitize.layout.printed_words import PrintedWord
from digitize.layout.two_sheets import leads_twice, refuse_two_sheets
from ecg.layout import Layout, template

WIDE_MM = 300.0


def names(layout: Layout, down_mm: float = 0.0, across_mm: float = 0.0, score: float = 0.9) -> list[PrintedWord]:
    return [
        PrintedWord(box.lead, box.box_mm[0] + 2 + across_mm, box.baseline_mm - 6 + down_mm, score)
        for box in layout.boxes
    ]


def seen(words: list[PrintedWord], wide_mm: float = WIDE_MM) -> Evidence:
    ink = np.ones((4, round(2 * wide_mm)), np.float32)
    return Evidence(np.arange(4) * 30.0, ink, tuple(words), ink, -10.0, 0.0)


@pytest.mark.parametrize("name", ["3x4+1", "3x4+3", "6x2", "12x1", "6x1-limb", "6x1-precordial"])
def test_two_of_one_layout_are_refused_above_and_beside_each_other(name: str) -> None:
    layout = template(name).place()
    _, y0, x1, y1 = layout.extent_mm
    refuse_two_sheets(seen(names(layout)))
    with pytest.raises(UnknownLayout, match="two ECGs seem to stand on this page"):
        refuse_two_sheets(seen([*names(layout), *names(layout, down_mm=y1 - y0 + 20)]))
    with pytest.raises(UnknownLayout, match="two ECGs seem to stand on this page"):
        refuse_two_sheets(seen([*names(layout), *names(layout, across_mm=x1 + 20)], 2 * x1 + 40))


def test_names_behind_the_rows_are_those_of_the_same_leads() -> None:
    layout = template("12x1").place()
    refuse_two_sheets(seen([*names(layout), *names(layout, across_mm=250.0)], 262.0))


def test_names_that_were_hardly_read_tell_nothing() -> None:
    layout = template("3x4").place()
    assert leads_twice(seen([*names(layout), *names(layout, down_mm=120.0, score=0.3)])) == []
