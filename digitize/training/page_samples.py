"""The page pass's samples: whole pages at the network's size, their targets drawn from the truth's vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from digitize.nets.inputs import PAGE_SIZE_PX, PULSE, TEXT, fit_image, fit_matrix, to_tensor
from digitize.training.drawn_samples import DrawnSamples
from digitize.training.target_drawing import column_heights, draw_polyline, edge_heat, gaussian
from ecg.geometry import PageGeometry, project
from ecg.leads import STANDARD
from ecg.reading import Reading, SceneTruth
from simulate.capture.camera import pixel_mm

# What the targets are drawn like. It is part of the key under which prepared pages are kept: another drawing needs
# another number, and a test that knows the targets of a page fails until it has one.
TARGETS_VERSION = 1

_GRID_MM = 5.0
_CROSSING_PX, _BASELINE_PX = 1.2, 1.5  # spread of the marks of a crossing and of a zero line
_TURNED_DEG = 15.0  # a page turned further has no heights over its columns
_LARGEST = 1.7


@dataclass
class PageDataset(DrawnSamples):
    """Simulated whole pages, drawn up to 1.7 times as large as the network sees them."""

    size_px: tuple[int, int] = PAGE_SIZE_PX

    def example(self, rng: np.random.Generator) -> dict[str, Tensor]:
        page, reading = self.stream.page(rng, int(self.size_px[0] * rng.uniform(1.0, _LARGEST)))
        return page_example(page.pixels, reading, self.size_px)


def page_example(pixels: np.ndarray, reading: Reading, size_px: tuple[int, int] = PAGE_SIZE_PX) -> dict[str, Tensor]:
    """Image and targets of the page pass from a page and its truth."""
    matrix = fit_matrix((pixels.shape[1], pixels.shape[0]), size_px)
    targets = page_targets(reading, matrix, size_px)
    targets["grid"] *= _framed(matrix, (pixels.shape[1], pixels.shape[0]), size_px)
    return {
        "image": to_tensor(fit_image(pixels, matrix, size_px)),
        **{k: torch.from_numpy(v) for k, v in targets.items()},
    }


def _framed(matrix: np.ndarray, size_px: tuple[int, int], into_px: tuple[int, int] = PAGE_SIZE_PX) -> np.ndarray:
    """1 where the fitted picture lies in the frame, 0 in the margin that fills it up; float32 [row, col]."""
    corners = project(matrix, np.array([[-0.5, -0.5], [size_px[0] - 0.5, size_px[1] - 0.5]]))
    low, high = corners.min(0), corners.max(0)
    x, y = np.arange(into_px[0]), np.arange(into_px[1])[:, None]
    return ((x > low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1])).astype(np.float32)


def page_targets(
    reading: Reading, matrix: np.ndarray, size_px: tuple[int, int] = PAGE_SIZE_PX
) -> dict[str, np.ndarray]:
    """The five heads' targets in the picture of `size_px` that `matrix` makes of the page, drawn from vectors.

    The grid is NaN, not known, where no simulator of ours drew the page.
    """
    geometry, drawn = reading.geometry.after(matrix), reading.scene or SceneTruth()
    mm = pixel_mm(geometry, size_px)
    x0, y0, x1, y1 = reading.layout.extent_mm
    angle = np.radians(geometry.angle_deg(((x0 + x1) / 2, (y0 + y1) / 2)))
    curves = [project(matrix, np.stack([t.x_px, t.y_px], -1)) for t in reading.traces]
    return {
        "seg": _page_seg(reading, geometry, curves, size_px),
        "grid": _grid_heat(mm, drawn.grid_mm)[None] * (1 if reading.scene else np.float32("nan")),
        "baseline": _baseline_heat(mm, reading)[None],
        "theta": np.array([np.sin(angle), np.cos(angle)], np.float32),
        **_page_signal(reading, curves, size_px, float(angle)),
    }


def _page_seg(
    reading: Reading, geometry: PageGeometry, curves: list[np.ndarray], size_px: tuple[int, int]
) -> np.ndarray:
    seg = np.zeros(size_px[::-1], np.uint8)
    drawn = reading.scene or SceneTruth()
    texts = np.array(drawn.texts_mm).reshape(-1, 4)[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    for corners in geometry.to_px(texts):
        cv2.fillPoly(seg, [np.round(corners).astype(np.int32)], TEXT)
    for points in geometry.to_px(np.array(drawn.pulses_mm).reshape(-1, 6, 2)):
        draw_polyline(seg, points, PULSE)
    for trace, curve in zip(reading.traces, curves, strict=True):
        draw_polyline(seg, curve, 1 + STANDARD.index(trace.lead.removeprefix("-")))
    return seg.astype(np.int64)


def _px_per_mm(mm: np.ndarray, axis: int) -> np.ndarray:
    """Local px per mm of paper coordinate `axis` (0 x, 1 y) from the map of mm over pixels."""
    down, right = np.gradient(mm[..., axis])
    return 1 / np.maximum(np.hypot(down, right), 1e-6)


def _grid_heat(mm: np.ndarray, grid_mm: Sequence[float] | None) -> np.ndarray:
    if grid_mm is None:
        return np.zeros(mm.shape[:2], np.float32)
    crossing = _GRID_MM * np.round(mm / _GRID_MM)
    off = mm - crossing
    heat = gaussian(off[..., 0] * _px_per_mm(mm, 0), _CROSSING_PX) * gaussian(
        off[..., 1] * _px_per_mm(mm, 1), _CROSSING_PX
    )
    inside = (crossing >= np.array(grid_mm[:2]) - 1e-3).all(-1) & (crossing <= np.array(grid_mm[2:]) + 1e-3).all(-1)
    return (heat * inside).astype(np.float32)


def _baseline_heat(mm: np.ndarray, reading: Reading) -> np.ndarray:
    heat, scale = np.zeros(mm.shape[:2], np.float32), _px_per_mm(mm, 1)
    for row in reading.layout.rows():
        along = (mm[..., 0] > row[0].box_mm[0]) & (mm[..., 0] < max(b.box_mm[2] for b in row))
        heat = np.maximum(heat, along * gaussian((mm[..., 1] - row[0].baseline_mm) * scale, _BASELINE_PX))
    return heat.astype(np.float32)


def _page_signal(
    reading: Reading, curves: list[np.ndarray], size_px: tuple[int, int], angle: float
) -> dict[str, np.ndarray]:
    """signal, the height of every lead in every column, px, and signal_edge, both float32 [12, col].

    NaN where a lead is not, and everywhere on turned pages.
    """
    out = np.full((len(STANDARD), size_px[0]), np.nan, np.float32)
    edge = np.zeros_like(out)
    if abs(angle) > np.radians(_TURNED_DEG):
        return {"signal": out, "signal_edge": edge}
    columns = np.arange(size_px[0])
    for i in sorted(range(len(reading.traces)), key=lambda i: reading.layout.boxes[i].is_rhythm):
        lead = STANDARD.index(reading.traces[i].lead.removeprefix("-"))
        row, ends = out[lead], curves[i][[0, -1], 0]
        edge[lead] = np.maximum(edge[lead], edge_heat(ends, columns))
        values = column_heights(curves[i], columns)
        values[(values < 0) | (values > size_px[1] - 1)] = np.nan
        row[np.isnan(row)] = values[np.isnan(row)]
    return {"signal": out, "signal_edge": edge}
