"""The one rule by which a candidate's layout is accepted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitize.grid.page_view import PageView
from digitize.layout.candidates import GeometryCandidate, Scale, has_unseen_speed, is_accepted
from digitize.layout.notes import speed_contradicted
from digitize.stages import LocatedPage, PageHints
from ecg.geometry import PageGeometry
from ecg.layout import template

NOTHING = np.zeros((1, 1))
GEOMETRY = PageGeometry.flat(4.0)
NO_HINTS, GIVEN = PageHints(), PageHints.of("3x4")


def candidate(scale: Scale) -> GeometryCandidate:
    view = PageView(np.eye(3), NOTHING[None], NOTHING, NOTHING, 0.0)
    return GeometryCandidate(scale, view, GEOMETRY, mm_per_s=25.0 if scale is Scale.PULSES else None)


def located(mm_per_s: float = 25.0, *, is_named: bool = True, is_speed_seen: bool = True) -> LocatedPage:
    layout = template("3x4").place((0.0, 0.0), mm_per_s=mm_per_s)
    return LocatedPage(GEOMETRY, layout, (5.0,) * 3, (), is_named, is_named, is_speed_seen=is_speed_seen)


@pytest.mark.parametrize("scale", Scale)
def test_a_named_layout_at_the_usual_speed_is_accepted_wherever_its_scale_comes_from(scale: Scale) -> None:
    assert is_accepted(located(), candidate(scale), NO_HINTS)


@pytest.mark.parametrize("scale", Scale)
def test_without_names_only_pulses_of_a_layout_that_was_given_confirm_it(scale: Scale) -> None:
    unnamed = located(is_named=False)
    assert not is_accepted(unnamed, candidate(scale), NO_HINTS)
    assert is_accepted(unnamed, candidate(scale), GIVEN) == (scale is Scale.PULSES)


def test_a_speed_that_nothing_shows_speaks_against_fine_lines_but_not_against_crossings() -> None:
    fast = located(50.0, is_speed_seen=False)
    assert has_unseen_speed(fast) and not has_unseen_speed(replace(fast, is_speed_seen=True))
    assert is_accepted(fast, candidate(Scale.CROSSINGS), NO_HINTS)
    assert not is_accepted(fast, candidate(Scale.FINE_LINES), NO_HINTS)


def test_corners_that_allow_several_scales_need_the_usual_speed_or_one_that_is_seen_or_given() -> None:
    doubtful = candidate(Scale.CORNERS_DOUBTFUL)
    assert not is_accepted(located(50.0, is_speed_seen=False), doubtful, NO_HINTS)
    assert is_accepted(located(50.0, is_speed_seen=False), doubtful, PageHints(mm_per_s=50.0))
    assert is_accepted(located(50.0), doubtful, NO_HINTS)
    contradicted = replace(located(50.0), notes=(speed_contradicted(50.0, 25.0),))
    assert not is_accepted(contradicted, doubtful, NO_HINTS)
    assert is_accepted(located(50.0, is_speed_seen=False), candidate(Scale.CORNERS), NO_HINTS)


def test_pulses_have_to_agree_with_the_columns_on_the_speed() -> None:
    assert not is_accepted(located(50.0), candidate(Scale.PULSES), GIVEN)


def test_columns_alone_need_a_speed_from_pulse_print_or_user() -> None:
    unseen = located(is_speed_seen=False)
    assert not is_accepted(unseen, candidate(Scale.COLUMNS), NO_HINTS)
    assert is_accepted(unseen, candidate(Scale.COLUMNS), PageHints(mm_per_s=25.0))


def test_a_half_turn_or_another_scale_leaves_no_words() -> None:
    one = replace(candidate(Scale.CROSSINGS), words=("anything",))  # type: ignore[arg-type]
    assert one.half_turned().words == one.scaled(2.0).words == ()
    np.testing.assert_allclose(one.half_turned().half_turned().geometry.homography, GEOMETRY.homography, atol=1e-9)
