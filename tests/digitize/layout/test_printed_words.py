"""Finding printed words: peaks, pages on their head, and the shipped reader on a drawn page."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from oracle import heart, scene

from digitize.layout.printed_words import PrintedWord, is_upside_down, peaks, read_words
from digitize.nets.pretrained import load_pass
from digitize.nets.word_net import TURNED, WORDS

torch.set_num_threads(1)


def test_peaks_are_found_below_a_cell_and_the_surest_word_has_the_place() -> None:
    heat = torch.zeros(len(WORDS), 12, 20)
    heat[3, 4, 6:9] = torch.tensor([0.2, 0.9, 0.5])
    heat[5, 4, 8] = 0.8  # another word at the same place
    heat[7, 9, 15] = 0.7
    found = peaks(heat)
    assert [(k, row, round(score, 2)) for k, _, row, score in found] == [(3, 4.0, 0.9), (7, 9.0, 0.7)]
    assert found[0][1] == pytest.approx(7 + 0.3 / 1.6)
    assert peaks(heat, 0.95) == []


def test_a_page_stands_on_its_head_when_most_names_do() -> None:
    upright = [PrintedWord("V1", 0.0, 0.0, 0.9), PrintedWord("25 mm/s", 0.0, 0.0, 1.0)]
    turned = [PrintedWord(TURNED, 0.0, 0.0, 0.8)] * 2
    assert not is_upside_down([])
    assert not is_upside_down(upright)
    assert not is_upside_down([*upright, turned[0]])
    assert is_upside_down([*upright, *turned, turned[0]])


def test_a_page_is_not_turned_over_by_a_faint_hint_or_against_upright_print() -> None:
    hint, clear = PrintedWord(TURNED, 0.0, 0.0, 0.22), PrintedWord(TURNED, 0.0, 0.0, 0.8)
    assert not is_upside_down([hint])
    assert not is_upside_down([clear, PrintedWord("25 mm/s", 0.0, 0.0, 0.86)])
    assert not is_upside_down([clear, PrintedWord("10 mm/mV", 0.0, 0.0, 0.86)])
    assert is_upside_down([clear, PrintedWord("II", 0.0, 0.0, 0.9)])


@pytest.mark.slow
@pytest.mark.parametrize("quarter_turns", [0, 2])
def test_the_shipped_reader_reads_a_clean_page(quarter_turns: int) -> None:
    found = replace(scene(5, name="3x4+1", long_side_px=1800), quarter_turns=quarter_turns)
    found = replace(found, style=replace(found.style, has_names=True, name_height_mm=2.6))
    page, truth = found.render(heart(5))
    geometry = truth.geometry.half_turned() if quarter_turns else truth.geometry
    net = load_pass("names").net
    words = read_words(net, page.pixels, geometry, geometry.extent_mm)
    assert is_upside_down(words) == bool(quarter_turns)
    words = read_words(net, page.pixels, truth.geometry, truth.layout.extent_mm)
    read = [w.text for w in words if w.is_lead]
    wanted = [b.lead for b in truth.layout.boxes]
    assert sum(lead in read for lead in wanted) >= 10
