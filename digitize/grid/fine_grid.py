"""The grid seen close up: where no 5 mm lines cross for the page pass, the frequency of finer lines gives the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage
from scipy.optimize import least_squares

from digitize.grid.page_view import PageView
from digitize.grid.rectify import darkest
from digitize.grid.subpixel import summits
from ecg.geometry import PageGeometry, project


@dataclass(frozen=True)
class FineGridThresholds:
    """When fine lines make a sheet; set on simulated photos of all grids and on pages without one."""

    long_px: float = 1900.0  # the traces are looked at no longer than this
    margin_px: float = 40.0  # around the traces
    patch_px: int = 192  # side of a patch
    stride_px: int = 96  # from patch to patch,
    max_patches: int = 100  # at most, evenly chosen
    padded_px: int = 384  # side of its Fourier transform
    ink_px: float = 12.0  # what is much wider than this is no line
    cycles_per_px: tuple[float, float] = (0.04, 0.42)  # of lines that can be seen and are no texture
    slant_deg: float = 22.0  # of lines across and down
    square: float = 0.25  # lines across and down are as far apart within this (log),
    upright_deg: float = 12.0  # and so near to a right angle
    min_prominence: float = 2.5  # lines stand out by this much (log of power)
    alike: float = 0.25  # and are much as far apart (log) all over the page
    fundamental_share: float = 0.7  # share of the patches that show the fundamental frequency,
    fundamental_power: float = 0.6  # and its prominence beside that of its harmonic
    min_patches: int = 6  # with lines,
    min_patch_share: float = 0.2  # and what share of all patches these are
    max_error: float = 0.02  # share by which lines of one sheet differ from it
    narrowest_mm: float = 90.0  # a row of traces is at least this long


_FINE = FineGridThresholds()


def fine_geometry(pixels: np.ndarray, view: PageView) -> PageGeometry | None:
    """A map from fine lines across and down the traces, to be refined; None where there are none.

    Every patch of the page tells how many lines pass in a px, and in which direction; the map is the sheet, seen from
    anywhere, on which they all lie 1 mm apart (5 mm where the traces would be too short for that).
    """
    picture, matrix = _upright(pixels, view)
    centres, frequencies = _local_frequencies(picture)
    if len(centres) < _FINE.min_patches:
        return None
    middle = np.array(picture.shape[1::-1]) / 2
    sheet = _sheet(centres - middle, frequencies)
    if sheet is None:
        return None
    to_lines = sheet @ np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1.0]])
    long = np.ptp(project(to_lines, centres), axis=0)[0]
    step_mm = 1.0 if long > _FINE.narrowest_mm else 5.0
    to_mm = np.diag([step_mm, step_mm, 1.0]) @ to_lines @ matrix
    half = _FINE.patch_px / 2
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
    zoom = min(1.0, _FINE.long_px * scale / float((high - low).max())) / scale
    dx, dy = _FINE.margin_px - zoom * low
    place = np.array([[zoom, 0, dx], [0, zoom, dy], [0, 0, 1.0]])
    matrix = place @ view.matrix
    size = np.ceil((high - low) * zoom + 2 * _FINE.margin_px).astype(int)
    shrink = max(1, int(1 / (zoom * scale)))
    small = cv2.resize(pixels, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    grown = np.array([[shrink, 0, (shrink - 1) / 2], [0, shrink, (shrink - 1) / 2], [0, 0, 1.0]])
    return cv2.warpPerspective(small, matrix @ grown, tuple(size.tolist()), borderMode=cv2.BORDER_REPLICATE), matrix


def _local_frequencies(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres of patches [patch, (x, y)] with lines, and [patch, (across, down), (x, y)] its cycles per px."""
    flat = darkest(picture).astype(np.float32)
    dark = np.maximum(cv2.GaussianBlur(flat, (0, 0), _FINE.ink_px) - flat, 0)
    dark = np.minimum(dark, max(4.0, float(np.percentile(dark, 80))))
    corners = [
        (x, y)
        for y in range(0, dark.shape[0] - _FINE.patch_px + 1, _FINE.stride_px)
        for x in range(0, dark.shape[1] - _FINE.patch_px + 1, _FINE.stride_px)
    ]
    if len(corners) > _FINE.max_patches:
        corners = corners[:: -(-len(corners) // _FINE.max_patches)]
    found = [_peaks(dark[y : y + _FINE.patch_px, x : x + _FINE.patch_px]) for x, y in corners]
    pairs = _fundamental(found)
    kept = [i for i, pair in enumerate(pairs) if pair is not None]
    if len(kept) < _FINE.min_patch_share * len(corners):
        return np.zeros((0, 2)), np.zeros((0, 2, 2))
    centres = np.array([corners[i] for i in kept]) + (_FINE.patch_px - 1) / 2
    return centres, np.array([pairs[i] for i in kept])


def _fundamental(found: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray | None]:
    """The pair that every patch has of the frequency that most patches share, as low as it is still prominent."""
    first = [pair for pair, _ in (_pair(*peaks, None) for peaks in found) if pair is not None]
    if not first:
        return []
    pace = np.array([np.log(np.hypot(*pair.T)).mean() for pair in first])
    usual = float(pace[int(np.argmax((np.abs(pace[:, None] - pace) < _FINE.alike / 2).sum(1)))])
    chosen, prominence = _pairs_at(found, usual)
    count, median = len(prominence), float(np.median(prominence))
    for harmonic in (2, 3):  # the most prominent frequency may be a harmonic of lines further apart
        pairs, prominence = _pairs_at(found, usual - np.log(harmonic))
        is_common = len(prominence) >= _FINE.fundamental_share * count
        if is_common and np.median(prominence) >= _FINE.fundamental_power * median:
            chosen = pairs
    return chosen


def _pairs_at(
    found: Sequence[tuple[np.ndarray, np.ndarray]], usual: float
) -> tuple[list[np.ndarray | None], np.ndarray]:
    """Every patch's pair near a frequency (log), None without one, and the prominence of those that have one."""
    pairs, prominence = zip(*(_pair(*peaks, usual) for peaks in found), strict=True)
    return list(pairs), np.array(prominence)[[pair is not None for pair in pairs]]


def _peaks(patch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (x, y) in cycles per px that stand out of a patch, and by how much (log of power)."""
    window = np.outer(np.hanning(_FINE.patch_px), np.hanning(_FINE.patch_px))
    power = np.abs(np.fft.rfft2((patch - patch.mean()) * window, (_FINE.padded_px, _FINE.padded_px))) ** 2
    log_power = np.fft.fftshift(np.log(power + 1e-3), axes=0).astype(np.float32)
    both_halves = [log_power[1:, :0:-1][::-1], log_power[1:]]
    log_power = np.concatenate(both_halves, axis=1)  # so that no peak lies at an edge
    prominence = log_power - cv2.GaussianBlur(log_power, (0, 0), 12)
    is_peak = (log_power == ndimage.maximum_filter(log_power, 7)) & (prominence > _FINE.min_prominence)
    row, col, tops = summits(log_power, is_peak)
    at = (tops - [log_power.shape[1] // 2, _FINE.padded_px // 2 - 1]) / _FINE.padded_px
    pace = np.hypot(*at.T)
    near = (pace > _FINE.cycles_per_px[0]) & (pace < _FINE.cycles_per_px[1])
    return at[near], prominence[row, col][near]


def _pair(at: np.ndarray, prominence: np.ndarray, usual: float | None) -> tuple[np.ndarray | None, float]:
    """The most prominent pair [(across, down), (x, y)] of frequencies alike and at right angles, and how prominent."""
    pace, angle = np.log(np.hypot(*at.T)), np.degrees(np.arctan2(at[:, 1], at[:, 0]))
    fits = np.ones(len(at), bool) if usual is None else np.abs(pace - usual) < _FINE.alike
    across = np.flatnonzero(fits & (np.abs(angle) < _FINE.slant_deg))
    down = np.flatnonzero(fits & (np.abs(angle - 90) < _FINE.slant_deg))
    if not len(across) or not len(down):
        return None, 0.0
    alike = np.abs(pace[across, None] - pace[down]) < _FINE.square
    alike &= np.abs(angle[down] - angle[across, None] - 90) < _FINE.upright_deg
    both = np.where(alike, np.minimum(prominence[across, None], prominence[down]), -np.inf)
    i, j = np.unravel_index(int(np.argmax(both)), both.shape)
    return (at[[across[i], down[j]]], float(both[i, j])) if alike[i, j] else (None, 0.0)


def _sheet(centres: np.ndarray, frequencies: np.ndarray) -> np.ndarray | None:
    """The matrix [3, 3] from px to lines whose local steps are the frequencies, by robust least squares; (0, 0) stays.

    None where most of the frequencies are no sheet's.
    """
    flat = np.median(frequencies, axis=0)

    def matrix(p: np.ndarray) -> np.ndarray:
        return np.array([[p[0], p[1], 0.0], [p[2], p[3], 0.0], [p[4] / 1000, p[5] / 1000, 1.0]])

    def off(p: np.ndarray) -> np.ndarray:
        m = matrix(p)
        weight = (centres @ m[2, :2] + 1)[:, None, None]
        lines = (centres @ m[:2, :2].T)[:, :, None] / weight
        steps = (m[:2, :2] - lines * m[2, :2]) / weight
        residual: np.ndarray = (steps - frequencies).ravel()
        return residual

    start = np.concatenate([flat.ravel(), [0.0, 0.0]])
    near = _FINE.max_error * float(np.hypot(*flat[0]))
    found = least_squares(off, start, loss="soft_l1", f_scale=near, x_scale="jac")
    return matrix(found.x) if np.median(np.abs(off(found.x))) < near else None
