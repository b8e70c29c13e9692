"""Steps as JSON: what they do, what they refuse, and that they come back as they were."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_page import drawn
from hypothesis import given
from hypothesis import strategies as st

from ecg.review.steps import apply, parse_step


def test_a_box_is_renamed_and_nothing_else() -> None:
    before = drawn("3x2-limb")
    after = before.rename(0, "v1")
    np.testing.assert_array_equal(after.record["V1"], before.record["I"])
    assert np.isnan(after.record["I"]).all()
    assert (after.layout.boxes[0].lead, after.traces[0].lead, before.layout.boxes[0].lead) == ("V1", "V1", "I")
    assert after.notes[-1].code == "lead-renamed-by-hand" and "I (box 1)" in after.notes[-1].text
    with pytest.raises(ValueError, match="no box 6"):
        before.rename(6, "I")
    with pytest.raises(ValueError, match="unknown lead name"):
        before.rename(0, "V9")


def test_two_names_change_places_by_two_steps() -> None:
    before = drawn("3x2-limb")
    after = apply(before, [parse_step({"box": 0, "lead": "II"}), parse_step({"box": 2, "lead": "I"})])
    np.testing.assert_array_equal(after.record["II"], before.record["I"])
    np.testing.assert_array_equal(after.record["I"], before.record["II"])


def test_steps_are_done_in_their_order() -> None:
    steps = [{"layout": "cabrera-3x4+1"}, {"lead": "aVL", "points_px": [[40, 60], [60, 60]]}, {"mm_per_mv": 5}]
    after = apply(drawn(), [parse_step(step) for step in steps])
    assert (after.layout.name, after.layout.mm_per_mv) == ("cabrera-3x4+1", 5)
    with pytest.raises(ValueError, match="step 2: no box of aVL"):
        apply(drawn(), [parse_step(steps[2]), parse_step(steps[1])])


@pytest.mark.parametrize(
    "step",
    [None, 3, [], {}, {"lead": "I"}, {"box": 1}, {"box": "1", "lead": "I"}, {"box": True, "lead": "I"},
     {"lead": 3, "points_px": [[0, 0], [1, 1]]}, {"lead": "I", "points_px": "x"},
     {"lead": "I", "points_px": [[1, 2, 3]]},
     {"lead": "I", "points_px": [[0, 1e999]]}, {"mm_per_s": 0}, {"mm_per_s": True}, {"mm_per_mv": "x"}, {"layout": 3},
     {"layout": "6x2", "lead": "I"}],
)  # fmt: skip
def test_what_is_no_step_is_refused(step: object) -> None:
    with pytest.raises(ValueError, match=r"step|must be"):
        parse_step(step)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["lead", "points_px", "box", "layout", "mm_per_s", "mm_per_mv", "x"]), x)))  # fmt: skip
@pytest.mark.slow
def test_any_json_is_a_step_or_refused_in_words(item: object) -> None:
    try:
        parse_step(item)
    except ValueError as error:
        assert str(error)
