"""The picture to check a reading by: its traces, names, box edges and seconds drawn over the paled page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox
from ecg.leads import STANDARD
from ecg.page import Page, Trace

_LONGEST_PX, _SHORTEST_PX = 2400, 1600  # of the long side: large pages are shrunk, small ones enlarged
_OVERSAMPLE = 2  # lines are drawn at twice the size and averaged, because Pillow does not smooth them
_DOUBTFUL = 0.5
_DOUBTFUL_COLOUR = (225, 0, 0, 235)
_FRAME_COLOUR = (20, 70, 130, 170)
# Six colours apart from red and black; leads that print side by side or below each other get different ones.
_COLOURS = ((0, 82, 204), (0, 135, 60), (140, 30, 190), (0, 130, 145), (190, 20, 130), (110, 80, 0))
_TICK_S, _TICK_MM = 0.2, 0.8
_NAME_MM = 9.0  # how far above the zero line a name stands


def draw(page: Page, geometry: PageGeometry, layout: Layout, traces: Sequence[Trace]) -> Image.Image:
    """The page with what was read; red where a trace is doubtful, nothing where it is hidden."""
    base = _paled(page)
    layer = Image.new("RGBA", (base.width * _OVERSAMPLE, base.height * _OVERSAMPLE))
    pen = _Pen(ImageDraw.Draw(layer), geometry, layer.width / page.size_px[0])
    for box, trace in zip(layout.boxes, traces, strict=True):
        pen.frame(box, layout.mm_per_s)
        pen.trace(trace)
    for box, trace in zip(layout.boxes, traces, strict=True):
        pen.name(box, trace)
    return Image.alpha_composite(base.convert("RGBA"), layer.reduce(_OVERSAMPLE)).convert("RGB")


def _paled(page: Page) -> Image.Image:
    picture = Image.fromarray(page.pixels)
    scale = np.clip(max(picture.size), _SHORTEST_PX, _LONGEST_PX) / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.0)
    pale = Image.blend(picture, picture.convert("L").convert("RGB"), 0.5)
    return Image.blend(pale, Image.new("RGB", size, "white"), 0.25)


class _Pen:
    """Draws in page px (or paper mm) on a layer that is `scale` times as large as the page."""

    def __init__(self, canvas: ImageDraw.ImageDraw, geometry: PageGeometry, scale: float) -> None:
        self._canvas, self._geometry, self._scale = canvas, geometry, scale

    def trace(self, trace: Trace) -> None:
        colour = colour_of(trace.lead)
        for start, stop, doubtful in _runs(trace):
            points = np.stack([trace.x_px[start:stop], trace.y_px[start:stop]], axis=-1)
            self._line(points, _DOUBTFUL_COLOUR if doubtful else colour, 2 * _OVERSAMPLE)

    def frame(self, box: LeadBox, mm_per_s: float) -> None:
        """The two ends of the box and, along its zero line, a tick every 0.2 s."""
        x0, y0, x1, y1 = box.box_mm
        for x in (x0, x1):
            self._path_mm((x, y0), (x, y1), _OVERSAMPLE)
        for i in range(round((box.t1_s - box.t0_s) / _TICK_S) + 1):
            x = x0 + i * _TICK_S * mm_per_s
            half = _TICK_MM * (2 if i % 5 == 0 else 1)
            self._path_mm((x, box.baseline_mm - half), (x, box.baseline_mm + half), _OVERSAMPLE)

    def name(self, box: LeadBox, trace: Trace) -> None:
        above = min(_NAME_MM, 0.45 * (box.box_mm[3] - box.box_mm[1]))
        at_mm = np.array([[box.box_mm[0] + 1.0, box.baseline_mm - above]])
        x, y = self._on_layer(self._geometry.to_px(at_mm))[0]
        text = f"{box.lead} {100 * trace_confidence(trace):.0f} %"
        size = 3.0 * self._geometry.px_per_mm((at_mm[0, 0], at_mm[0, 1]))[1] * self._scale
        font = ImageFont.load_default(float(np.clip(size, 13 * _OVERSAMPLE, 26 * _OVERSAMPLE)))
        left, top, right, bottom = self._canvas.textbbox((x, y), text, font=font)
        self._canvas.rectangle((left - 3, top - 3, right + 3, bottom + 3), fill=(255, 255, 255, 190))
        self._canvas.text((x, y), text, font=font, fill=colour_of(box.lead))

    def _path_mm(self, start: tuple[float, float], stop: tuple[float, float], width: int) -> None:
        points_mm = np.linspace(start, stop, 9)  # nine points follow any bend that paper can have
        self._line(self._geometry.to_px(points_mm), _FRAME_COLOUR, width)

    def _line(self, points_px: np.ndarray, colour: tuple[int, int, int, int], width: int) -> None:
        self._canvas.line(self._on_layer(points_px).ravel().tolist(), fill=colour, width=width, joint="curve")

    def _on_layer(self, points_px: np.ndarray) -> np.ndarray:
        return (points_px + 0.5) * self._scale - 0.5  # pixel centres have whole coordinates at every scale


def colour_of(lead: str) -> tuple[int, int, int, int]:
    """The lead's own colour (red, green, blue, opacity)."""
    number = STANDARD.index(lead.removeprefix("-"))
    shift = 2 * (number // len(_COLOURS))  # so that I and V1 differ where they print side by side
    return (*_COLOURS[(number + shift) % len(_COLOURS)], 235)


def trace_confidence(trace: Trace) -> float:
    """Mean confidence of one trace, 0..1; a hidden point counts as 0."""
    return float(np.where(np.isfinite(trace.y_px), trace.confidence, 0.0).mean()) if trace.y_px.size else 0.0


def _runs(trace: Trace) -> Iterator[tuple[int, int, bool]]:
    """(start, stop, doubtful) of the unbroken stretches; neighbours share a point so that no gap shows."""
    state = np.where(np.isfinite(trace.x_px + trace.y_px), (trace.confidence < _DOUBTFUL) + 1, 0)
    edges = [0, *(np.flatnonzero(np.diff(state)) + 1).tolist(), state.size]
    for start, stop in pairwise(edges):
        if stop > start and state[start]:
            joined = stop < state.size and state[stop] > 0
            yield start, stop + joined, bool(state[start] == 2)
