"""The grid seen close up: where no 5 mm lines cross for the page pass, the rhythm of the finer lines gives the map."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy import ndimage
from scipy.optimize import least_squares

from digitize.grid.page_view import PageView
from digitize.grid.rectify import darkest
from digitize.grid.subpixel import summits
from ecg.geometry import PageGeometry, project

_LONG_PX = 1900.0  # the traces are looked at no longer than this
_MARGIN_PX = 40.0
_PATCH_PX, _STRIDE_PX, _PADDED_PX = 192, 96, 384
_INK_PX = 12.0  # what is much wider than this is no line
_CYCLES_PER_PX = (0.04, 0.42)
_SLANT_DEG = 22.0
_SQUARE, _UPRIGHT_DEG = 0.25, 12.0  # lines across and down are alike within this (log), and so near to a right angle
_LOUD = 2.5  # a rhythm stands out by this much (log of power)
_ALIKE = 0.25  # and is much the same (log) all over the page
_MOST, _AS_LOUD = 0.7, 0.6  # the ground tone is heard in so many of the patches, and so loud beside its overtone
_LEAST_PATCHES, _LEAST_SHARE = 6, 0.2
_OFF = 0.02  # lines of one sheet differ from it by this share
_NARROWEST_MM = 90.0  # a row of traces is at least this long


def fine_geometry(pixels: np.ndarray, view: PageView) -> PageGeometry | None:
    """A map from fine lines across and down the traces, to be refined; None where there is no such rhythm.

    Every patch of the page tells how many lines pass in a px, and in which direction; the map is the sheet, seen from
    anywhere, on which they all lie 1 mm apart (5 mm where the traces would be too short for that).
    """
    picture, matrix = _upright(pixels, view)
    centres, rhythms = _rhythms(picture)
    if len(centres) < _LEAST_PATCHES:
        return None
    middle = np.array(picture.shape[1::-1]) / 2
    sheet = _sheet(centres - middle, rhythms)
    if sheet is None:
        return None
    to_lines = sheet @ np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1.0]])
    long = np.ptp(project(to_lines, centres), axis=0)[0]
    step_mm = 1.0 if long > _NARROWEST_MM else 5.0
    to_mm = np.diag([step_mm, step_mm, 1.0]) @ to_lines @ matrix
    half = _PATCH_PX / 2
    corners = np.concatenate([centres + np.array([dx, dy]) for dx in (-half, half) for dy in (-half, half)])
    mm = step_mm * project(to_lines, corners)
    return PageGeometry(np.linalg.inv(to_mm), None, (*mm.min(0).tolist(), *mm.max(0).tolist()))


def _upright(pixels: np.ndarray, view: PageView) -> tuple[np.ndarray, np.ndarray]:
    """The part with traces, as upright as the view and no finer than needed, and the matrix from page px to it."""
    scale = float(np.sqrt(abs(np.linalg.det(view.matrix[:2, :2]))))
    rows, cols = np.nonzero(view.ink > 0.5)
    if not len(rows):
        rows, cols = np.nonzero(np.ones_like(view.ink))
    low, high = np.percentile(np.stack([cols, rows], axis=-1), (0.5, 99.5), axis=0)
    zoom = min(1.0, _LONG_PX * scale / float((high - low).max())) / scale
    place = np.array([[zoom, 0, _MARGIN_PX - zoom * low[0]], [0, zoom, _MARGIN_PX - zoom * low[1]], [0, 0, 1.0]])
    matrix = place @ view.matrix
    size = np.ceil((high - low) * zoom + 2 * _MARGIN_PX).astype(int)
    shrink = max(1, int(1 / (zoom * scale)))
    small = cv2.resize(pixels, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    grown = np.array([[shrink, 0, (shrink - 1) / 2], [0, shrink, (shrink - 1) / 2], [0, 0, 1.0]])
    return cv2.warpPerspective(small, matrix @ grown, tuple(size.tolist()), borderMode=cv2.BORDER_REPLICATE), matrix


def _rhythms(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres of patches [patch, (x, y)] with a rhythm, and [patch, (across, down), (x, y)] its cycles per px."""
    flat = darkest(picture).astype(np.float32)
    dark = np.maximum(cv2.GaussianBlur(flat, (0, 0), _INK_PX) - flat, 0)
    dark = np.minimum(dark, max(4.0, float(np.percentile(dark, 80))))
    corners = [
        (x, y)
        for y in range(0, dark.shape[0] - _PATCH_PX + 1, _STRIDE_PX)
        for x in range(0, dark.shape[1] - _PATCH_PX + 1, _STRIDE_PX)
    ]
    found = [_peaks(dark[y : y + _PATCH_PX, x : x + _PATCH_PX]) for x, y in corners]
    pairs = _ground_tone(found)
    kept = [i for i, pair in enumerate(pairs) if pair is not None]
    if len(kept) < _LEAST_SHARE * len(corners):
        return np.zeros((0, 2)), np.zeros((0, 2, 2))
    centres = np.array([corners[i] for i in kept]) + (_PATCH_PX - 1) / 2
    return centres, np.array([pairs[i] for i in kept])


def _ground_tone(found: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray | None]:
    """The pair that every patch has of the rhythm that most patches share, as slow as it is still loud."""
    first = [pair for pair, _ in (_pair(*peaks, None) for peaks in found) if pair is not None]
    if not first:
        return []
    pace = np.array([np.log(np.hypot(*pair.T)).mean() for pair in first])
    usual = float(pace[int(np.argmax((np.abs(pace[:, None] - pace) < _ALIKE / 2).sum(1)))])
    chosen: list[np.ndarray | None] = []
    for overtone in (1, 2, 3):  # the loudest rhythm may be an overtone
        pairs, loud = zip(*(_pair(*peaks, usual - np.log(overtone)) for peaks in found), strict=True)
        heard = np.array(loud)[[pair is not None for pair in pairs]]
        if overtone == 1:
            chosen, count, usually = list(pairs), len(heard), float(np.median(heard))
        elif len(heard) >= _MOST * count and np.median(heard) >= _AS_LOUD * usually:
            chosen = list(pairs)
    return chosen


def _peaks(patch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rhythms (x, y) in cycles per px that stand out of a patch, and by how much (log of power)."""
    window = np.outer(np.hanning(_PATCH_PX), np.hanning(_PATCH_PX))
    power = np.abs(np.fft.rfft2((patch - patch.mean()) * window, (_PADDED_PX, _PADDED_PX))) ** 2
    loud = np.fft.fftshift(np.log(power + 1e-3), axes=0).astype(np.float32)
    loud = np.concatenate([loud[1:, :0:-1][::-1], loud[1:]], axis=1)  # both halves, so that no peak lies at an edge
    beside = loud - cv2.GaussianBlur(loud, (0, 0), 12)
    is_peak = (loud == ndimage.maximum_filter(loud, 7)) & (beside > _LOUD)
    row, col, tops = summits(loud, is_peak)
    at = (tops - [loud.shape[1] // 2, _PADDED_PX // 2 - 1]) / _PADDED_PX
    pace = np.hypot(*at.T)
    near = (pace > _CYCLES_PER_PX[0]) & (pace < _CYCLES_PER_PX[1])
    return at[near], beside[row, col][near]


def _pair(at: np.ndarray, loud: np.ndarray, usual: float | None) -> tuple[np.ndarray | None, float]:
    """The loudest rhythms across and down [(across, down), (x, y)] that are alike and at right angles, and how loud."""
    pace, angle = np.log(np.hypot(*at.T)), np.degrees(np.arctan2(at[:, 1], at[:, 0]))
    fits = np.ones(len(at), bool) if usual is None else np.abs(pace - usual) < _ALIKE
    across = np.flatnonzero(fits & (np.abs(angle) < _SLANT_DEG))
    down = np.flatnonzero(fits & (np.abs(angle - 90) < _SLANT_DEG))
    if not len(across) or not len(down):
        return None, 0.0
    alike = np.abs(pace[across, None] - pace[down]) < _SQUARE
    alike &= np.abs(angle[down] - angle[across, None] - 90) < _UPRIGHT_DEG
    both = np.where(alike, np.minimum(loud[across, None], loud[down]), -np.inf)
    i, j = np.unravel_index(int(np.argmax(both)), both.shape)
    return (at[[across[i], down[j]]], float(both[i, j])) if alike[i, j] else (None, 0.0)


def _sheet(centres: np.ndarray, rhythms: np.ndarray) -> np.ndarray | None:
    """The matrix [3, 3] from px to lines whose local steps are the rhythms, by robust least squares; (0, 0) stays.

    None where most of the rhythms are no sheet's.
    """
    flat = np.median(rhythms, axis=0)

    def matrix(p: np.ndarray) -> np.ndarray:
        return np.array([[p[0], p[1], 0.0], [p[2], p[3], 0.0], [p[4] / 1000, p[5] / 1000, 1.0]])

    def off(p: np.ndarray) -> np.ndarray:
        m = matrix(p)
        weight = (centres @ m[2, :2] + 1)[:, None, None]
        lines = (centres @ m[:2, :2].T)[:, :, None] / weight
        steps = (m[:2, :2] - lines * m[2, :2]) / weight
        residual: np.ndarray = (steps - rhythms).ravel()
        return residual

    start = np.concatenate([flat.ravel(), [0.0, 0.0]])
    near = _OFF * float(np.hypot(*flat[0]))
    found = least_squares(off, start, loss="soft_l1", f_scale=near, x_scale="jac")
    return matrix(found.x) if np.median(np.abs(off(found.x))) < near else None
