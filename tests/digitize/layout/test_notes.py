"""What is said of names that were not read."""

from __future__ import annotations

import pytest
from located_page import agrees, lay, view_of, whole, words_on
from oracle import unpainted

from digitize.errors import UnknownLayout
from digitize.stages import PageHints
from ecg.notes import texts


@pytest.mark.parametrize(("name", "answers"), [("12x1", 1), ("3x4+1", 1), ("6x2+1", 1), ("6x2", 4), ("3x4", 3)])
def test_without_any_name_rows_and_columns_decide_where_they_can(
    name: str, answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = unpainted(whole(31, "clean", name, pulse="none"))
    view = view_of(truth, monkeypatch)
    if answers == 1:
        found = lay(view, truth, [], PageHints(mm_per_s=25.0))
        agrees(found.layout, truth.layout)
        assert f"they are taken from the usual order of {name}" in texts(found.notes)[0]
        assert not found.is_named
        return
    with pytest.raises(UnknownLayout, match=r"the page may be .* rows were seen: no names; .*\); give --layout"):
        lay(view, truth, [], PageHints(mm_per_s=25.0))


def test_a_rhythm_strip_whose_name_was_not_read_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = unpainted(whole(33, "scan", "3x4+1", pulse="none"))
    view, words = view_of(truth, monkeypatch), words_on(truth)[:12]
    found = lay(view, truth, words, PageHints(mm_per_s=25.0))
    assert found.layout.boxes[-1].lead == "II"
    assert "no name was read at a rhythm strip: taken as II" in texts(found.notes)[0]
