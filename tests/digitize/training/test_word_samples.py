# ruff: noqa: RUF001 - the letters of other alphabets are meant as they stand
"""What the name network learns from: labels, crops and the marks at the middle of words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from oracle import heart, scene

from digitize.layout.printed_words import (
    LEADS,
    PX_PER_MM,
    STRIDE,
    TURNED,
    WORDS,
)
from digitize.training.word_samples import Crop, WordDataset, with_any_names, with_more_words, word_targets, words_of
from simulate.dataset.page_stream import MixedHearts, PageStream, SyntheticHearts
from simulate.printed.machine import text_boxes_mm
from simulate.printed.sheet import Label, Sheet

torch.set_num_threads(1)


def label(text: str, x_mm: float = 20.0, y_mm: float = 10.0) -> Label:
    return Label(text, x_mm, y_mm, 2.5, 0, True)


def sheet(*labels: Label) -> Sheet:
    found = scene(1)
    return replace(found.sheet(heart()), labels=labels)


def crop(centre_mm: tuple[float, float] = (22.0, 12.0), is_turned: bool = False) -> Crop:
    return Crop(np.array(centre_mm), np.eye(2) * (-PX_PER_MM if is_turned else PX_PER_MM), is_turned, (160, 96))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("aVR", ["aVR"]),
        ("I I I", ["III"]),
        ("DII", ["II"]),
        ("C4", ["V4"]),
        ("V₂", ["V2"]),
        ("V5:", ["V5"]),
        ("-AVR", ["-aVR"]),
        ("25mm/s   10 mm/mV   0.05-150Hz", ["25 mm/s", "10 mm/mV"]),
        ("Speed: 12.5 mm/sec", ["12.5 mm/s"]),
        ("10.0 mm/mv", ["10 mm/mV"]),
        ("50 мм/с", ["50 mm/s"]),
        ("V7", []),
        ("LEAD OFF: V4", []),
        ("125 mm/s", []),
    ],
)
def test_what_a_label_says(text: str, words: list[str]) -> None:
    assert [word for word, _ in words_of(label(text))] == words


def test_a_measure_stands_where_its_number_is() -> None:
    (_, first), (_, second) = words_of(label("25 mm/s  10 mm/mV"))
    whole = text_boxes_mm(sheet(label("25 mm/s  10 mm/mV")))[0]
    assert first[0] == pytest.approx(whole[0], abs=0.3)
    assert first[2] < second[0] < second[2] < whole[2]


def test_targets_stand_at_the_middle_of_the_words() -> None:
    drawn = sheet(label("V3"), label("Vent. rate", 20, 16))
    heat, care = word_targets(drawn, crop())
    assert heat.shape == care.shape == (len(WORDS), 96 // STRIDE, 160 // STRIDE)
    ((channel, row, col),) = np.argwhere(heat == 1)
    x0, y0, x1, y1 = text_boxes_mm(drawn)[0]
    middle = crop().to_px(np.array([(x0 + x1) / 2, (y0 + y1) / 2]))
    assert WORDS[channel] == "V3"
    np.testing.assert_allclose((col, row), (middle + 0.5) / STRIDE - 0.5, atol=0.5)
    assert care.all()


def test_on_its_head_a_name_is_only_known_to_be_turned() -> None:
    heat, care = word_targets(sheet(label("aVF")), crop(is_turned=True))
    assert [WORDS[k] for k, _, _ in np.argwhere(heat == 1)] == [TURNED]
    assert care.all()
    heat, care = word_targets(sheet(label("II")), crop(is_turned=True))  # looks the same either way
    assert not (heat == 1).any()
    assert not care.all()


def test_nobody_is_asked_about_a_cut_name() -> None:
    heat, care = word_targets(sheet(label("V3", x_mm=34.8)), crop())
    assert not (heat == 1).any()
    assert not care[:, :, -1].all()


def test_a_crop_shows_what_its_map_says() -> None:
    rng = np.random.default_rng(3)
    found = Crop.sample(np.array([30.0, 20.0]), rng, (160, 96))
    window, px_per_mm = found.window_mm(), 5.0
    rows, cols = round((window[3] - window[1]) * px_per_mm), round((window[2] - window[0]) * px_per_mm)
    dot = np.array([27.0, 22.0])
    y, x = np.mgrid[:rows, :cols]
    at = (dot - window[:2]) * px_per_mm - 0.5
    native = (255 * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 8)).astype(np.uint8)
    seen = found.warp(np.repeat(native[..., None], 3, 2), window[:2], px_per_mm, 1)[..., 0].astype(float)
    middle = [(seen.sum(k) * np.arange(seen.shape[1 - k])).sum() / seen.sum() for k in (0, 1)]
    np.testing.assert_allclose(middle, found.to_px(dot), atol=0.1)


def test_an_example_is_a_function_of_its_place() -> None:
    stream = PageStream(MixedHearts([SyntheticHearts()], [1.0]), 5, {"scan": 0.5, "photo": 0.5})
    first, again = (WordDataset(stream, 4, (160, 96))[2] for _ in range(2))
    assert first["image"].shape == (3, 96, 160)
    for key, value in first.items():
        assert torch.equal(value, again[key])
    other = WordDataset(stream, 4, (160, 96))
    other.set_epoch(1)
    assert not torch.equal(other[2]["image"], first["image"])


def test_names_are_dealt_anew_and_more_stand_beside_them() -> None:
    drawn, rng = scene(2).sheet(heart()), np.random.default_rng(0)
    dealt = with_any_names(drawn, rng)
    assert [a.x_mm for a in dealt.labels] == [a.x_mm for a in drawn.labels]
    names = [next(words_of(a))[0] for a in dealt.labels if a.is_name]
    assert set(names) <= set(LEADS)
    assert len(set(names)) > 4
    more = with_more_words(dealt, np.array([0.0, 0.0, 80.0, 60.0]), rng)
    boxes = np.array(text_boxes_mm(more))[len(drawn.labels) :]
    assert len(boxes) >= 1
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
