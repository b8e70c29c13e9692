"""From vectors to ink: a window of a `Sheet` as pixels."""

from __future__ import annotations

import cv2
import numpy as np

from ecg.geometry import PageGeometry
from simulate.capture.camera import photograph
from simulate.printed.ink import Ink, dots, runs, settle
from simulate.printed.paper import draw_grid
from simulate.printed.sheet import Label, Sheet
from simulate.raster.text import text_mask
from simulate.wear.layers import lay

_SHIFT = 5  # cv2 takes coordinates in 1/32 px
_FINE_PX_PER_MM = 16.0  # ink is drawn about this fine, then averaged down

Window = tuple[float, float, float, float]


def draw(sheet: Sheet, window_mm: Window, px_per_mm: float) -> np.ndarray:
    """The window (x0, y0, x1, y1), float32 [row, col, RGB] in 0..1; px = (mm - corner) * px_per_mm - 0.5."""
    image = draw_grid(sheet.paper, window_mm, px_per_mm)
    lay(image, ink(sheet, window_mm, px_per_mm, image.shape[:2]), sheet.paper.ink_rgb, sheet.paper.ink_strength)
    for layer in sheet.layers:
        image = layer.paint(image, window_mm, px_per_mm)
    return image


def view_of(sheet: Sheet, geometry: PageGeometry, behind: np.ndarray) -> np.ndarray:
    """A sheet in front of a picture `behind`, which is used up; both float32 [row, col, RGB]."""
    if _is_straight(geometry):
        return _straight_on(sheet, geometry, behind)
    extent, (height, width) = sheet.paper.extent_mm, behind.shape[:2]
    centre = ((extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2)
    px_per_mm = float(np.clip(1.15 * max(geometry.px_per_mm(centre)), 1.5, 16))
    return photograph(draw(sheet, extent, px_per_mm), px_per_mm, extent[:2], geometry, (width, height), behind)


def _is_straight(geometry: PageGeometry) -> bool:
    """Whether the paper lies flat and upright in the picture, at one scale: then nothing needs to be warped."""
    (across, *tilted, _), (lean, down, _), (*away, _) = geometry.homography.tolist()
    return geometry.bend_mm is None and across > 0 and np.allclose([*tilted, lean, *away, down - across], 0, atol=1e-9)


def _straight_on(sheet: Sheet, geometry: PageGeometry, behind: np.ndarray) -> np.ndarray:
    """Draw the sheet pixel by pixel where it lies in the picture."""
    low, high = geometry.to_px(np.array(sheet.paper.extent_mm).reshape(2, 2))
    x0, y0 = first = np.clip(np.ceil(low), 0, behind.shape[1::-1]).astype(int)
    x1, y1 = end = np.clip(np.floor(high) + 1, first, behind.shape[1::-1]).astype(int)
    window = geometry.to_mm(np.array([first, end]) - 0.5).reshape(-1)
    behind[y0:y1, x0:x1] = draw(sheet, tuple(window), geometry.homography[0, 0])
    return behind


def ink(sheet: Sheet, window_mm: Window, px_per_mm: float, shape: tuple[int, int]) -> np.ndarray:
    """Share of every pixel that is covered by ink, uint8 [row, col], 255 = all of it."""
    fine = max(1, round(_FINE_PX_PER_MM / px_per_mm))
    large, way = (shape[0] * fine, shape[1] * fine), sheet.paper.ink
    lines = _lines(sheet, window_mm)
    if way.dots_per_mm:
        canvas = dots(lines, window_mm, px_per_mm * fine, way, large)
    else:
        canvas = np.zeros(large, np.uint8)
        for pen_mm, pieces in lines.items():
            draw_lines(canvas, pieces, pen_mm, window_mm, px_per_mm * fine, way)
    covered = cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA) if fine > 1 else canvas
    for label in sheet.labels:
        _stamp(covered, label, window_mm, px_per_mm)
    return settle(covered, window_mm, px_per_mm, way)


def _lines(sheet: Sheet, window_mm: Window) -> dict[float, list[np.ndarray]]:
    """The unbroken lines around the window, [point, (x, y)] in mm, by their pen."""
    found: dict[float, list[np.ndarray]] = {sheet.paper.pen_mm: []}
    for trace in sheet.traces:  # x grows along a trace, so the part that is near is quickly found
        first, last = np.searchsorted(trace[:, 0], (window_mm[0] - 5, window_mm[2] + 5))
        found[sheet.paper.pen_mm] += _near(trace[max(first - 1, 0) : last + 1], window_mm)
    for stroke in sheet.strokes:
        found.setdefault(stroke.pen_mm, []).extend(_near(stroke.points_mm, window_mm))
    return {pen_mm: pieces for pen_mm, pieces in found.items() if pieces}


def _near(points_mm: np.ndarray, window_mm: Window) -> list[np.ndarray]:
    """The unbroken pieces of a curve, if it comes near the window."""
    if not len(points_mm):
        return []
    (left, top), (right, bottom) = np.fmin.reduce(points_mm).tolist(), np.fmax.reduce(points_mm).tolist()
    x0, y0, x1, y1 = window_mm
    is_near = left < x1 + 5 and right > x0 - 5 and top < y1 + 5 and bottom > y0 - 5
    return finite_pieces(points_mm) if is_near else []


def draw_lines(
    canvas: np.ndarray, pieces_mm: list[np.ndarray], pen_mm: float, window_mm: Window, px_per_mm: float, ink: Ink
) -> None:
    """Draw unbroken lines of one pen smoothly into a uint8 canvas whose pixel (0, 0) covers the window's corner."""
    px = (np.concatenate(pieces_mm) - window_mm[:2]) * px_per_mm - 0.5
    fixed = np.clip(np.round(px * (1 << _SHIFT)), -(2**28), 2**28).astype(np.int32)
    for stretches, width_mm, dark in runs(pieces_mm, pen_mm, ink):
        alike, thick = [fixed[part] for part in stretches], max(1, round(width_mm * px_per_mm))
        cv2.polylines(canvas, alike, False, dark, thick, cv2.LINE_AA, _SHIFT)


def finite_pieces(points: np.ndarray) -> list[np.ndarray]:
    """The stretches of [point, 2] without NaN that hold at least two points."""
    good = np.isfinite(points).all(1)
    if good.all():
        return [points] if len(points) >= 2 else []
    edges = np.flatnonzero(np.diff(good.astype(np.int8), prepend=0, append=0))
    return [points[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= 2]


def _stamp(covered: np.ndarray, label: Label, window_mm: Window, px_per_mm: float) -> None:
    is_below_top = label.y_mm > window_mm[1] - label.height_mm * 2
    if not (is_below_top and label.y_mm < window_mm[3] and label.x_mm < window_mm[2]):
        return
    mask = text_mask(label.text, label.height_mm * px_per_mm, label.font)
    col, row = round((label.x_mm - window_mm[0]) * px_per_mm), round((label.y_mm - window_mm[1]) * px_per_mm)
    r0, r1 = max(row, 0), min(row + mask.shape[0], covered.shape[0])
    c0, c1 = max(col, 0), min(col + mask.shape[1], covered.shape[1])
    if r0 < r1 and c0 < c1:
        part = mask[r0 - row : r1 - row, c0 - col : c1 - col]
        np.maximum(covered[r0:r1, c0:c1], part, out=covered[r0:r1, c0:c1])
