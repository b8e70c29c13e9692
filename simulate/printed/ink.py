"""Ink: what pens, print heads and drawing programs make of a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np

from simulate.raster.float_image import between

Window = tuple[float, float, float, float]  # x0, y0, x1, y1 in paper mm
Run = tuple[list[slice], float, int]  # stretches of points, their pen in mm, their darkness 0..255

_LEVELS = 4  # widths and darknesses that a line is drawn in
_HALF_FAST = 6.0  # rise over run at which a stroke has lost half of what it can lose
_TABLE = 512


@dataclass(frozen=True)
class Ink:
    """How a line becomes ink; as it stands, a smooth line of one width and darkness.

    `dots_per_mm` is 0 for smooth lines, otherwise the whole square dots of a print head or a drawing program.
    `thinning` and `fading`: the shares of width and darkness that the fastest strokes lose. `unevenness`: darkness
    lost slowly along the way. `breaks`: the share of a line without ink. `patchy`, `banding`, `dropped`: ink lost in
    blots, in stripes across, in lines of dead dots. `bleed_mm`: how far ink creeps. `seed` places all of these.
    """

    dots_per_mm: float = 0.0
    thinning: float = 0.0
    fading: float = 0.0
    unevenness: float = 0.0
    breaks: float = 0.0
    patchy: float = 0.0
    banding: float = 0.0
    dropped: float = 0.0
    bleed_mm: float = 0.0
    seed: int = 0


def sample_ink(rng: np.random.Generator) -> Ink:
    """Draw a way of printing at random: vector graphics, dots of a program, a thermal head, a pen."""
    kind = str(rng.choice(["vector", "program", "thermal", "pen"], p=[0.3, 0.2, 0.22, 0.28]))
    dots = {"program": rng.choice([4.0, 5.0, 6.0, 8.0, 10.0]), "thermal": rng.choice([8.0, 8.0, 12.0, 16.0])}
    worn = 0.0 if kind in ("vector", "program") else 1.0

    def often(chance: float, low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.random() < chance else 0.0

    return Ink(
        dots_per_mm=float(dots.get(kind, 0.0)),
        thinning=worn * often(0.7, 0.2, 0.75),
        fading=worn * often(0.5, 0.1, 0.65),
        unevenness=worn * often(0.5, 0.1, 0.5),
        breaks=worn * often(0.12, 0.03, 0.25),
        patchy=worn * often(0.2, 0.2, 0.7),
        banding=worn * often(0.12, 0.1, 0.5),
        dropped=worn * often(0.1, 0.2, 1.0),
        bleed_mm=often(0.1 + 0.3 * worn, 0.03, 0.11),
        seed=int(rng.integers(2**31)),
    )


# --- along a line -----------------------------------------------------------------------------------------------------


def runs(pieces_mm: Sequence[np.ndarray], pen_mm: float, ink: Ink) -> Iterator[Run]:
    """Stretches of unbroken lines that are drawn alike, the faintest first: where two meet the darker one stays.

    They are stretches of all the pieces' points, one piece after the other.
    """
    ends = np.cumsum([len(piece) for piece in pieces_mm])
    if not (ink.thinning or ink.fading or ink.unevenness or ink.breaks):
        yield [slice(a, b) for a, b in pairwise([0, *ends.tolist()])], pen_mm, 255
        return
    points_mm = np.concatenate(pieces_mm)
    middle, fast = (points_mm[1:] + points_mm[:-1]) / 2, _fast(points_mm)
    width = _level(1 - ink.thinning * fast)
    dark = _level((1 - ink.fading * fast) * (1 - ink.unevenness * _along(middle, 7.0, ink.seed)))
    dark[_along(middle, 0.5, ink.seed + 1) < ink.breaks] = 0
    dark[ends[:-1] - 1] = 0  # from the end of a piece to the next one
    alike = dark * (_LEVELS + 1) + width
    edges = np.concatenate([[0], np.flatnonzero(np.diff(alike)) + 1, [len(alike)]])
    starts, ends = edges[:-1], edges[1:] + 1
    for kind in np.unique(alike[dark > 0]):
        level, wide = divmod(int(kind), _LEVELS + 1)
        same = alike[starts] == kind
        stretches = [slice(a, b) for a, b in zip(starts[same].tolist(), ends[same].tolist(), strict=True)]
        yield stretches, pen_mm * wide / _LEVELS, int(255 * level / _LEVELS)


def _fast(points_mm: np.ndarray) -> np.ndarray:
    """How steep every step of a line is, 0 (level) .. 1 (upright)."""
    dx, dy = np.abs(np.diff(points_mm, axis=0)).T
    return np.asarray(dy / (dy + _HALF_FAST * dx + 1e-9))


def _level(share: np.ndarray) -> np.ndarray:
    return np.clip(np.ceil(share * _LEVELS - 0.5), 1, _LEVELS).astype(int)


def _along(points_mm: np.ndarray, period_mm: float, seed: int) -> np.ndarray:
    """Slow noise 0..1 that depends on the place alone, so that every window shows the same."""
    where = (points_mm[:, 0] + 0.37 * points_mm[:, 1]) / period_mm
    return np.asarray(np.interp(where % _TABLE, np.arange(_TABLE), _table(seed)))


@lru_cache(maxsize=8)
def _table(seed: int) -> np.ndarray:
    return np.random.default_rng([seed, 31]).random(_TABLE)


# --- in dots ----------------------------------------------------------------------------------------------------------


def dots(lines: Mapping[float, Sequence[np.ndarray]], window_mm: Window, px_per_mm: float, ink: Ink,
         shape: tuple[int, int]) -> np.ndarray:  # fmt: skip
    """Unbroken lines by their pen, all in mm, in whole dots, seen on a canvas of `px_per_mm`; uint8 [row, col].

    The dots lie on the paper, not on the window. A thinning head prints upright strokes in fewer dots across.
    """
    pitch = ink.dots_per_mm
    corner = np.floor((np.array(window_mm[:2]) - 2) * pitch)
    size = np.ceil((np.array(window_mm[2:]) + 2) * pitch - corner).astype(int)
    printed = np.zeros(size[::-1], np.uint8)
    for pen_mm, pieces in lines.items():
        np.maximum(printed, _one_pen(pieces, pen_mm, ink, corner, size), out=printed)
    cols, rows = (
        ((window_mm[k] + (np.arange(shape[1 - k]) + 0.5) / px_per_mm) * pitch - corner[k]).astype(int) for k in (0, 1)
    )
    return np.take(printed, cols, axis=1)[rows]


def _one_pen(pieces: Sequence[np.ndarray], pen_mm: float, ink: Ink, corner: np.ndarray, size: np.ndarray) -> np.ndarray:
    """All lines of one pen on the dots of a head, uint8 [row, col]."""
    canvas = np.zeros(size[::-1], np.uint8)
    high = max(1, round(pen_mm * ink.dots_per_mm))
    wide = max(1, round(high * (1 - ink.thinning)))
    even = np.array([wide % 2 == 0, high % 2 == 0]) / 2  # an even pen is centred between two dots
    where = np.round(np.concatenate(pieces) * ink.dots_per_mm - corner - 0.5 - even).astype(np.int32)
    for stretches, _, dark in runs(pieces, pen_mm, ink):
        cv2.polylines(canvas, [where[part] for part in stretches], False, dark, 1, cv2.LINE_8)
    kernel = np.ones((high, wide), np.uint8)
    return cv2.dilate(canvas, kernel, anchor=(wide // 2, high // 2)) if kernel.size > 1 else canvas


# --- on the whole print -----------------------------------------------------------------------------------------------


def settle(covered: np.ndarray, window_mm: Window, px_per_mm: float, ink: Ink) -> np.ndarray:
    """What becomes of fresh ink (share of every pixel covered, uint8 [row, col]): it creeps, and some never came."""
    if ink.bleed_mm * px_per_mm > 0.15:
        spread = cv2.GaussianBlur(covered, (0, 0), ink.bleed_mm * px_per_mm)
        covered = cv2.convertScaleAbs(spread, alpha=1.35)
    if ink.patchy:
        covered = cv2.multiply(covered, 255 - _blots(covered.shape, window_mm, px_per_mm, ink), scale=1 / 255)
    if ink.banding or ink.dropped:
        x, y = (window_mm[k] + (np.arange(covered.shape[1 - k]) + 0.5) / px_per_mm for k in (0, 1))
        stripes = np.outer(_alive(y, ink), 1 - ink.banding * _wave(x, ink)).astype(np.float32)
        covered = (covered * stripes).astype(np.uint8)
    return covered


def _blots(shape: tuple[int, ...], window_mm: Window, px_per_mm: float, ink: Ink) -> np.ndarray:
    """Ink lost in soft blots of a few mm, uint8 [row, col]."""
    tile = np.pad(_table(ink.seed)[:484].reshape(22, 22), (0, 1), "wrap")
    cols, rows = ((window_mm[k] + np.arange(shape[1 - k]) / px_per_mm) / 4.0 % 22 for k in (0, 1))
    return between(tile * tile * 255 * ink.patchy, rows, cols).astype(np.uint8)


def _wave(x_mm: np.ndarray, ink: Ink) -> np.ndarray:
    """Stripes across the paper's feed, 0..1."""
    return _along(np.stack([x_mm, np.zeros_like(x_mm)], -1), 0.7 + ink.seed % 5, ink.seed + 2)


def _alive(y_mm: np.ndarray, ink: Ink) -> np.ndarray:
    """0 on the lines of dead dots (0.12 mm high, at most one in 6 mm), 1 elsewhere."""
    cell = np.floor(y_mm / 6).astype(int) % _TABLE
    table = _table(ink.seed + 3)
    at = y_mm % 6 - 0.5 - 5 * table[cell - 1]
    return np.where((np.abs(at) < 0.06) & (table[cell] < ink.dropped * 0.5), 0.0, 1.0)
