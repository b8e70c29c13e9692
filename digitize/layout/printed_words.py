"""Reading what is printed beside the traces: lead names, and the words for speed and gain, each where it stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from digitize.grid.rectify import flatten
from ecg.geometry import PageGeometry
from ecg.leads import STANDARD

Window = tuple[float, float, float, float]

PX_PER_MM = 6.0
STRIDE = 4
SPEEDS = ("25 mm/s", "50 mm/s", "12.5 mm/s")
GAINS = ("10 mm/mV", "5 mm/mV", "20 mm/mV")
TURNED = "turned"  # a name that stands on its head, whichever it is
LEADS = (*STANDARD, "-aVR")
WORDS = (*LEADS, *SPEEDS, *GAINS, TURNED)  # the network's channels
_APART_MM = 2.0  # two words do not share a centre
_HALF_TRUE, _SPREAD = (0.45, 0.46), 0.075  # at this score every second name is there: any but I, and I
_BLANK = -4.0  # the channels' bias before training: words are rare


@dataclass(frozen=True)
class PrintedWord:
    """A printed word, one of `WORDS`: its centre on the paper and how sure the network is, 0..1.

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


@dataclass(frozen=True)
class NameSpec:
    """What a `NameNet` looks like; saved with its weights. `dilations` has one entry for every residual layer."""

    stem: tuple[int, int] = (24, 48)
    width: int = 64
    dilations: tuple[int, ...] = (1, 2, 4, 2, 1)


class NameNet(nn.Module):
    """Image [batch, 3, row, col] in 0..1 to logits [batch, word, row / 4, col / 4] of a word's centre being there.

    A small detector in the manner of CenterNet (Zhou et al. 2019) without sizes: all words are about as large.
    """

    def __init__(self, spec: NameSpec) -> None:
        super().__init__()
        first, second = spec.stem
        self.stem = nn.Sequential(_layer(3, first, 2), _layer(first, second, 2), _layer(second, spec.width))
        self.body = nn.ModuleList(_layer(spec.width, spec.width, 1, d) for d in spec.dilations)
        self.head = nn.Conv2d(spec.width, len(WORDS), 1)
        nn.init.constant_(self.head.bias, _BLANK)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        features = self.stem(((image - 0.5) * 4).to(self.head.weight.dtype))
        for layer in self.body:
            features = features + layer(features)
        out: Tensor = self.head(features)
        return out


def _layer(before: int, after: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, dilation, dilation, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )


def read_words(net: Any, pixels: np.ndarray, geometry: PageGeometry, window_mm: Window) -> list[PrintedWord]:
    """The words inside a window of the paper, the surest first."""
    from digitize.nets.inputs import to_tensor
    from digitize.trace.row_reading import shrunk
    from ecg.fit.device import autocast_for

    flat = flatten(*shrunk(pixels, geometry, PX_PER_MM), _whole_strides(window_mm), PX_PER_MM)
    device = next(net.parameters()).device
    image = to_tensor(flat)[None].to(device).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode(), autocast_for("auto", device)():
        heat = net(image)[0].float().sigmoid().cpu()
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
    """(channel, x, y, score) of the maxima of a heat map [word, row, col] in 0..1, in cells, the surest first.

    Where words claim the same place the surest one has it.
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


def stand_on_head(words: Sequence[PrintedWord]) -> bool:
    """Whether most names stand on their heads, and so the page; I, II and III look the same either way."""
    turned = sum(w.score for w in words if w.text == TURNED)
    return turned > sum(w.score for w in words if w.is_lead and set(w.text) != {"I"})
