"""The calibration pulses measured in the picture itself: 0.2 s wide and 1 mV high, whatever paper they stand on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.signal import find_peaks

from digitize.grid.deskew import row_heights_px
from digitize.grid.page_view import View
from digitize.grid.rectify import darkest
from digitize.grid.subpixel import vertex
from digitize.nets.inputs import PULSE
from ecg.geometry import project

_SEEN, _ENOUGH_PX = 0.3, 60  # a pulse is where its map is above this, on so many px of the view at least
_NEAR_PX = (5, 7)  # and so near to there (down, across)
_ZOOM = (3.0, 6.0)  # px of the picture by px of the view: finer ones are averaged, coarser ones interpolated
_PALE = 10.0  # levels of grey that are still paper
_DARKEST = 95  # per cent of what is near pulses that is not as dark as they
_INK_PX = 4.5  # what is wider than this in the view is a shadow
_WIDTHS_PX, _TALLEST_PX = (4.0, 26.0), 45.0  # how wide and tall pulses may be in the view
_TRIED = 4  # of the distances at which the sides echo
_SHAPES = {2.0: 1.0, 1.0: 0.7, 4.0: 0.7}  # heights by the width, and what a page's being unusual costs
_OFF = 0.15  # a height is one of these within this share
_PARTS = ((-0.27, -0.1), (0.25, 0.75), (1.1, 1.27))  # where its left foot, plateau and right foot are, in widths
_CLEAR = 0.25  # all strokes of a pulse are at least so dark beside the darkest ink
_ALIKE = 0.06  # pulses whose heights are alike within this share are one machine's


@dataclass(frozen=True)
class Pulse:
    """A page's calibration pulse in the levelled frame: 0.2 s are `width_px`, 1 mV is `height_px`.

    `count` were seen; `clear` is how clearly, summed over them.
    """

    width_px: float
    height_px: float
    count: int
    clear: float

    @property
    def shape(self) -> float:
        """Height by width, the usual one that is nearest: 2 at 25 mm/s and 10 mm/mV."""
        return min(_SHAPES, key=lambda usual: abs(np.log(self.height_px / self.width_px / usual)))


@dataclass(frozen=True, eq=False)
class _CloseUp:
    """The levelled page, `zoom` px by px of the view: `ink` and the part of it `near` pulses [row, col], 0..1.

    `lines_px` are the heights of the rows' zero lines.
    """

    zoom: float
    ink: np.ndarray
    near: np.ndarray
    lines_px: np.ndarray


def find_pulse(pixels: np.ndarray, view: View, matrix: np.ndarray) -> Pulse | None:
    """The pulses that most rows share, measured to parts of a px; `matrix` levels the page, None without pulses."""
    if (view.seg[PULSE] > _SEEN).sum() < _ENOUGH_PX:
        return None
    seen = _close_up(pixels, view, matrix)
    sides = [_sides(seen, line) for line in seen.lines_px]
    tried = [_measured(seen, sides, width) for width in _widths(seen, sides)]
    return max((found for found in tried if found), key=lambda found: found.clear, default=None)


def _close_up(pixels: np.ndarray, view: View, matrix: np.ndarray) -> _CloseUp:
    height, width = view.grid.shape
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    zoom = float(np.clip(1 / scale, *_ZOOM))
    to_frame = matrix @ np.linalg.inv(view.matrix)
    corners = project(to_frame, np.array([[0, 0], [width, 0], [0, height], [width, height]], float))
    low, size = corners.min(0), np.ceil(np.ptp(corners, axis=0) * zoom).astype(int)
    place = np.array([[zoom, 0, -zoom * low[0]], [0, zoom, -zoom * low[1]], [0, 0, 1.0]])
    shrink = max(1, int(1 / (scale * zoom)))
    small = cv2.resize(pixels, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    grown = np.array([[shrink, 0, (shrink - 1) / 2], [0, shrink, (shrink - 1) / 2], [0, 0, 1.0]])
    picture = cv2.warpPerspective(
        small, place @ matrix @ grown, tuple(size.tolist()), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    near = cv2.dilate((view.seg[PULSE] > _SEEN).astype(np.uint8), np.ones(_NEAR_PX, np.uint8))
    near = cv2.warpPerspective(near, place @ to_frame, tuple(size.tolist()))
    ink = _darkness(picture, round(_INK_PX * zoom) | 1)
    ink = np.minimum(ink / max(float(np.percentile(ink[near > 0], _DARKEST)), 1.0), 1.0)
    return _CloseUp(zoom, ink, ink * near, (row_heights_px(view, matrix) - low[1]) * zoom)


def _darkness(picture: np.ndarray, wide_px: int) -> np.ndarray:
    """How much darker than the paper around it every place is, levels of grey."""
    flat = darkest(picture)
    ground = cv2.morphologyEx(flat, cv2.MORPH_CLOSE, np.ones((wide_px, wide_px), np.uint8))
    return np.maximum(cv2.blur(ground, (wide_px, wide_px)).astype(np.float32) - flat - _PALE, 0)


def _sides(seen: _CloseUp, line_px: float) -> np.ndarray:
    """The upright strokes of a row's pulse along the row [col]: what is darker there than beside it."""
    pitch = float(np.median(np.diff(seen.lines_px))) if len(seen.lines_px) > 1 else np.inf
    top = line_px - min(pitch, _TALLEST_PX * seen.zoom)
    band = seen.near[max(0, int(top)) : max(1, int(line_px + 2 * seen.zoom))].sum(0)
    beside = cv2.blur(band[None], (int(6 * seen.zoom) | 1, 1))[0]
    upright: np.ndarray = np.maximum(band - beside, 0)
    return upright


def _widths(seen: _CloseUp, sides: Sequence[np.ndarray]) -> list[float]:
    """Distances at which the sides of all rows echo, px, the clearest first."""
    low, high = (int(width * seen.zoom) for width in _WIDTHS_PX)
    lags = np.arange(1.5 * high + 2, dtype=int)
    echo = np.sum([[float((row[: len(row) - lag] * row[lag:]).sum()) for lag in lags] for row in sides], axis=0)
    clear = echo[low:high] - np.maximum(echo[lags[low:high] // 2], echo[lags[low:high] * 3 // 2])
    peaks, _ = find_peaks(clear, height=1e-6)
    best = sorted((int(p) + low for p in peaks), key=lambda lag: -clear[lag - low])[:_TRIED]
    return [lag + float(vertex(*echo[lag - 1 : lag + 2])) for lag in best]


def _measured(seen: _CloseUp, sides: Sequence[np.ndarray], width_px: float) -> Pulse | None:
    """The pulse of a width that stands on most rows; None where none does."""
    best = None
    for shape, usual in _SHAPES.items():
        found = np.array(list(_heights(seen, sides, width_px, shape))).reshape(-1, 2)
        alike = found[np.abs(found[:, 0] - np.median(found[:, 0])) < _ALIKE * shape * width_px] if len(found) else found
        score = usual * float(alike[:, 1].sum())
        if score > (best.clear if best else 0.0):
            best = Pulse(width_px / seen.zoom, float(alike[:, 0].mean()) / seen.zoom, len(alike), score)
    return best


def _heights(
    seen: _CloseUp, sides: Sequence[np.ndarray], width_px: float, shape: float
) -> Iterator[tuple[float, float]]:
    """(height in px, how clear its faintest stroke is) of every row's pulse of a width and shape."""
    for row, line in zip(sides, seen.lines_px, strict=True):
        lag = round(width_px)
        left = int(np.argmax(np.minimum(row[:-lag], row[lag:])))
        before, inner, behind = (_strip(seen.ink, left, width_px, *part) for part in _PARTS)
        foot, foot_clear = _stroke(np.maximum(before, behind), line, 0.2 * width_px, width_px)
        tall = shape * width_px
        top, top_clear = _stroke(inner, foot - tall, _OFF * tall, width_px)
        upright = [_upright(seen.ink, left + k * lag, foot - tall, foot) for k in (0, 1)]
        clear = min(foot_clear, top_clear, *upright)
        if clear > _CLEAR:
            yield foot - top, clear


def _strip(ink: np.ndarray, left_px: int, width_px: float, begin: float, end: float) -> np.ndarray:
    """The ink by height [row] in a part of a pulse, given in widths from its left side; 0 beyond the picture."""
    first, last = (max(0, left_px + round(share * width_px)) for share in (begin, end))
    part = ink[:, first : last + 1]
    return part.mean(1) if part.size else np.zeros(len(ink), np.float32)


def _stroke(profile: np.ndarray, at_px: float, reach_px: float, width_px: float) -> tuple[float, float]:
    """The middle of the clearest stroke near a height, px, and how clear that is."""
    low, high = max(0, int(at_px - reach_px)), int(at_px + reach_px) + 1
    if high <= low or low >= len(profile):
        return at_px, 0.0
    peak = low + int(np.argmax(profile[low:high]))
    first = max(0, peak - max(2, round(0.08 * width_px)))
    part = profile[first : 2 * peak - first + 1]
    return float(first + np.average(np.arange(len(part)), weights=part + 1e-9)), float(profile[peak])


def _upright(ink: np.ndarray, at_px: int, top_px: float, foot_px: float) -> float:
    """How clear an upright stroke is along its whole length."""
    part = ink[max(0, int(top_px)) : max(1, int(foot_px)), max(0, at_px - 3) : at_px + 4]
    return float(part.max(1).mean()) if part.size else 0.0
