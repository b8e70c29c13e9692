"""Reading what is printed beside the traces: lead names, and the words for speed and gain, each where it stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional

from digitize.grid.rectify import flatten, shrunk
from digitize.nets.inputs import to_tensor
from digitize.nets.networks import WordNetwork, run_words
from digitize.nets.word_net import LEADS, PX_PER_MM, STRIDE, TURNED, WORDS
from ecg.geometry import PageGeometry

Window = tuple[float, float, float, float]

_APART_MM = 2.0  # two words do not share a centre
_MIN_TURNED = 0.5  # sum of scores of names on their heads, below which a page is not turned over
_HALF_TRUE, _SPREAD = (0.45, 0.46), 0.075  # at this score every second name is there: any but I, and I


@dataclass(frozen=True)
class PrintedWord:
    """A printed word, one of `WORDS`: its centre on the paper and the network's score, 0..1.

    For speeds and gains the centre is that of the number.
    """

    text: str
    x_mm: float
    y_mm: float
    score: float

    @property
    def is_lead(self) -> bool:
        return self.text in LEADS

    @property
    def certainty(self) -> float:
        """How many of the names that are read with this score are there, 0..1: a line of the grid looks like an I."""
        return 1 / (1 + math.exp((_HALF_TRUE[self.text == "I"] - self.score) / _SPREAD))


def read_words(net: WordNetwork, pixels: np.ndarray, geometry: PageGeometry, window_mm: Window) -> list[PrintedWord]:
    """The words inside a window of the paper, the clearest first."""
    flat = flatten(*shrunk(pixels, geometry, PX_PER_MM), _whole_strides(window_mm), PX_PER_MM)
    heat = run_words(net, to_tensor(flat))
    mm_per_cell = STRIDE / PX_PER_MM
    return [
        PrintedWord(WORDS[k], window_mm[0] + (x + 0.5) * mm_per_cell, window_mm[1] + (y + 0.5) * mm_per_cell, score)
        for k, x, y, score in peaks(heat)
    ]


def _whole_strides(window_mm: Window) -> Window:
    """The window, widened to whole cells of the network."""
    x0, y0, x1, y1 = window_mm
    cell = STRIDE / PX_PER_MM
    return x0, y0, x0 + np.ceil((x1 - x0) / cell) * cell, y0 + np.ceil((y1 - y0) / cell) * cell


def peaks(heat: Tensor, threshold: float = 0.2) -> list[tuple[int, float, float, float]]:
    """(channel, x, y, score) of the maxima of a heat map [word, row, col] in 0..1, in cells, the clearest first.

    Where words claim the same place the clearest one has it.
    """
    at = np.argwhere(heat.numpy() > threshold)
    padded = functional.pad(heat, (1, 1, 1, 1)).numpy()
    cells = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))[tuple(at.T)]  # around each place
    scores = cells[:, 1, 1]
    found: list[tuple[int, float, float, float]] = []
    apart = _APART_MM * PX_PER_MM / STRIDE
    for i in np.argsort(-scores, kind="stable"):
        channel, row, col = at[i].tolist()
        is_top = scores[i] == cells[i].max()
        if is_top and all(math.hypot(x - col, y - row) >= apart for _, x, y, _ in found):
            x, y = _off_centre(cells[i])
            found.append((channel, col + x, row + y, float(scores[i])))
    return found


def _off_centre(cells: np.ndarray) -> tuple[float, float]:
    """Centre of gravity (x, y) of the 3 x 3 cells around a peak, from the peak."""
    x, y = cells.sum(0), cells.sum(1)
    return float((x[2] - x[0]) / x.sum()), float((y[2] - y[0]) / y.sum())


def is_upside_down(words: Sequence[PrintedWord]) -> bool:
    """Whether more is printed on its head than upright, and so the page; I, II and III look the same either way.

    A page without names stands as it was seen to stand: a faint hint of one turned name turns no page over.
    """
    turned = sum(w.score for w in words if w.text == TURNED)
    upright = sum(w.score for w in words if w.text != TURNED and set(w.text) != {"I"})
    return turned > max(upright, _MIN_TURNED)
