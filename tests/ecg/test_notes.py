"""Notes: a code for programs, a sentence for people, both kept in the JSON."""

from __future__ import annotations

import numpy as np
import pytest

from ecg.geometry import PageGeometry
from ecg.layout import template
from ecg.leads import STANDARD
from ecg.notes import UNCODED, Note, texts
from ecg.page import Page, Trace
from ecg.reading import Reading
from ecg.record import Record

NOTES = (Note("speed-assumed", "paper speed taken as 25 mm/s"), Note("gain-assumed", "gain taken as 10 mm/mV"))


def reading(notes: tuple[Note, ...]) -> Reading:
    layout = template("3x4").place((0.0, 0.0))
    line = np.arange(3.0)
    traces = tuple(Trace(box.lead, line, line, line) for box in layout.boxes)
    page = Page(np.zeros((90, 90, 3), np.uint8), notes=(NOTES[0],))
    record = Record(np.zeros((12, 10), np.float32), 500, STANDARD)
    return Reading(record, page, PageGeometry.flat(1.0), layout, traces, notes)


@pytest.mark.parametrize("code", ["", "Speed", "speed_assumed", "speed assumed", "-speed", "speed-"])
def test_a_code_is_a_word_in_kebab_case(code: str) -> None:
    with pytest.raises(ValueError, match="kebab-case"):
        Note(code, "anything")


def test_the_pages_notes_come_first_and_each_once() -> None:
    assert reading(NOTES[::-1]).notes == NOTES


def test_codes_stand_beside_the_texts_in_the_json_and_come_back() -> None:
    one = reading(NOTES)
    data = one.to_dict()
    assert data["warnings"] == texts(NOTES) and data["codes"] == ["speed-assumed", "gain-assumed"]
    assert Reading.from_dict(data, one.page, one.record).notes == NOTES


def test_a_reading_saved_without_codes_keeps_its_texts() -> None:
    one = reading(NOTES)
    data = {key: value for key, value in one.to_dict().items() if key != "codes"}
    again = Reading.from_dict(data, Page(one.page.pixels), one.record)
    assert texts(again.notes) == texts(NOTES) and {note.code for note in again.notes} == {UNCODED}
