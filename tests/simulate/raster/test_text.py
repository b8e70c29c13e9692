"""Lettering: masks hold ink, share a baseline and a height; headers are pure in their generator and can be drawn."""

import re

import numpy as np
import pytest

from simulate.raster.text import Scales, bundled_count, font_files, header_lines, settings_lines, text_mask

CYRILLIC = "Ритм синусовый"


@pytest.mark.parametrize("height_px", [6.0, 11.5, 40.0])
def test_a_capital_is_as_high_as_asked(height_px: float) -> None:
    for font in range(bundled_count()):
        rows = np.flatnonzero((text_mask("H", height_px, font) > 96).any(axis=1))
        assert abs(rows[-1] - rows[0] + 1 - height_px) <= 1.0 + 0.05 * height_px


def test_masks_of_one_font_share_a_baseline_and_widen_with_the_text() -> None:
    short, long = text_mask("aVR", 12.0, 1), text_mask("aVR 25mm/s Ägypt", 12.0, 1)
    assert short.shape[0] == long.shape[0]
    assert short.shape[1] < long.shape[1]
    assert short.dtype == np.uint8 and not short.flags.writeable


def test_a_font_without_the_script_gives_way_to_one_that_has_it() -> None:
    typewriter = [path.stem for path in font_files()].index("cmtt10")
    assert np.array_equal(text_mask(CYRILLIC, 10.0, typewriter), text_mask(CYRILLIC, 10.0, 0))
    assert not np.array_equal(text_mask("Rhythm", 10.0, typewriter), text_mask("Rhythm", 10.0, 0))


def test_headers_are_pure_varied_and_drawable() -> None:
    headers = [header_lines(np.random.default_rng(seed)) for seed in range(80)]
    assert headers == [header_lines(np.random.default_rng(seed)) for seed in range(80)]
    assert len({line for lines in headers for line in lines}) > 200
    assert all(text_mask(line, 8.0, seed).max() > 100 for seed, lines in enumerate(headers) for line in lines)


def test_letters_without_height_are_refused() -> None:
    with pytest.raises(ValueError, match="height_px must be positive"):
        text_mask("I", 0.0, 0)


@pytest.mark.parametrize("scales", [Scales(), Scales(50.0, 5.0, 5.0), Scales(12.5, 20.0, 10.0)])
def test_pages_say_the_speed_and_the_gains_they_are_drawn_in(scales: Scales) -> None:
    for seed in range(30):
        said = settings_lines(np.random.default_rng(seed), scales)[0]
        speed, *gains = (float(n) for n in re.findall(r"(\d+(?:\.\d+)?) ?(?=mm/[sm])", said.replace("S ", "s "), re.I))
        tenfold = [10 * float(n) for n in re.findall(r"(\d+(?:\.\d+)?) cm/mV", said)]
        assert speed == scales.mm_per_s
        assert set(gains + tenfold) == {scales.mm_per_mv, scales.chest_mm_per_mv}
