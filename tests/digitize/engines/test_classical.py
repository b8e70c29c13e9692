"""The plain digitizer that the networks are compared with: what it reads well, and that it refuses in words."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_page import PX_PER_MM, drawn

from digitize import engines
from digitize.engines.classical import Classical
from digitize.errors import NotAnEcg
from digitize.evaluation.metrics import score_page
from ecg.page import Page
from ecg.reading import Reading

FINE = 8.0  # px per mm; a beat is four pens wide


@pytest.fixture(scope="module")
def printed() -> Reading:
    """The curves of the drawn page on a fine red grid, with their truth."""
    truth = drawn()
    height, width = (round(n * FINE / PX_PER_MM) for n in truth.page.pixels.shape[:2])
    pixels = np.full((height, width, 3), 255, np.uint8)
    for step, colour in ((FINE, (255, 205, 205)), (5 * FINE, (210, 60, 60))):
        pixels[np.arange(0, height, step).astype(int)] = colour
        pixels[:, np.arange(0, width, step).astype(int)] = colour
    for trace in truth.traces:
        points = np.stack([trace.x_px, trace.y_px], -1) * FINE / PX_PER_MM
        cv2.polylines(pixels, [np.round(points * 16).astype(np.int32)], False, (0, 0, 0), 2, cv2.LINE_AA, 4)
    return replace(truth, page=replace(truth.page, pixels=pixels))


@pytest.mark.slow
def test_a_clean_page_is_read(printed: Reading) -> None:
    read = Classical()(printed.page)
    assert read.facts.px_per_mm == pytest.approx([FINE, FINE], rel=2e-3)
    score = score_page(printed.record, read.record)
    assert score.missing == ()
    assert score.snr_db > 15


@pytest.mark.slow
def test_a_page_that_stands_a_little_askew_is_straightened(printed: Reading) -> None:
    height, width = printed.page.pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 2, 1)
    pixels = cv2.warpAffine(printed.page.pixels, turn, (width, height), borderValue=(255, 255, 255))
    read = Classical()(replace(printed.page, pixels=pixels))
    assert score_page(printed.record, read.record).snr_db > 10
    middle = read.geometry.to_mm(np.array([width / 2, height / 2]))
    assert read.geometry.angle_deg((middle[0], middle[1])) == pytest.approx(-2, abs=0.15)


@pytest.mark.slow
def test_what_the_user_gives_counts(printed: Reading) -> None:
    read = Classical()(printed.page, "3x4+1", 50.0, 5.0)
    assert (read.layout.mm_per_s, read.layout.mm_per_mv) == (50.0, 5.0)
    with pytest.raises(NotAnEcg, match="rows of ink, 12 expected"):
        Classical()(printed.page, "12x1")


def test_a_blank_page_is_refused_in_words(printed: Reading) -> None:
    with pytest.raises(NotAnEcg, match="no grid"):
        Classical()(Page(np.full_like(printed.page.pixels, 255)))


def test_it_is_an_engine() -> None:
    assert isinstance(engines.load_digitizer("cpu", "classical"), Classical)
