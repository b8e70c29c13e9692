"""Negatives are told from dark photos of paper, and turned round with a note."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import heart, scene

from digitize.page.negative import is_negative, positive
from ecg.notes import Note
from ecg.page import Page


def page_of(preset: str, seed: int = 3) -> Page:
    return scene(seed, preset, long_side_px=1200).render(heart(seed))[0]


@pytest.mark.parametrize("preset", ["clean", "scan", "fax"])
def test_a_negative_is_turned_round_and_said_to_be(preset: str) -> None:
    page = page_of(preset)
    negative = Page(255 - page.pixels, notes=(Note("picture-shrunk", "shrunk"),))
    found = positive(negative)
    np.testing.assert_array_equal(found.pixels, page.pixels)
    assert [note.code for note in found.notes] == ["picture-shrunk", "negative-inverted"]
    assert positive(page) is page


@pytest.mark.parametrize("preset", ["clean", "scan", "damaged", "photo", "screen"])
@pytest.mark.parametrize("light", [1.0, 0.35])
def test_paper_in_bad_light_is_no_negative(preset: str, light: float) -> None:
    assert not is_negative((light * page_of(preset).pixels).astype(np.uint8))


@pytest.mark.parametrize("grey", [0, 40, 128, 255])
def test_an_empty_picture_is_no_negative(grey: int) -> None:
    assert not is_negative(np.full((200, 300, 3), grey, np.uint8))


def test_a_dark_screen_with_coloured_curves_is_one() -> None:
    screen = np.full((400, 600, 3), (5, 10, 20), np.uint8)
    screen[::40] = screen[:, ::40] = (20, 50, 40)
    screen[199:202] = (80, 255, 120)
    assert is_negative(screen)
