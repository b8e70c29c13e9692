"""What the two passes learn from: whole pages at the network's size, and rectified row crops, each with its targets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from digitize.nets.inputs import (
    EDGE_COLUMNS,
    PAGE_SIZE_PX,
    PULSE,
    ROW_HEIGHT_PX,
    ROW_OTHER,
    ROW_PULSE,
    ROW_PX_PER_MM,
    ROW_TARGET,
    ROW_TEXT,
    TEXT,
    column_centres_px,
    fit_image,
    fit_matrix,
    to_tensor,
    with_height,
)
from ecg import read
from ecg.fit.seeds import rng_for
from ecg.geometry import PageGeometry, project
from ecg.leads import STANDARD
from ecg.reading import Page, Reading
from ecg.record import Record
from simulate.capture.camera import apply, pixel_mm
from simulate.dataset.page_stream import PageStream
from simulate.printed.machine import text_boxes_mm
from simulate.printed.rasterize import draw, finite_pieces
from simulate.printed.sheet import Sheet
from simulate.scene import Scene
from simulate.wear.crease import creased

ToPx = Callable[[np.ndarray], np.ndarray]

_FAR_MM, _FAR_SHARE = 24.0, 0.4  # strips are taller than a crop where beats are: crops from there have to be known, too
_CREASED = 0.2  # of the crops have a fold across them, far more than pages do: one beside a trace looks like a beat


# --- page pass --------------------------------------------------------------------------------------------------------


@dataclass
class Drawn:
    """Samples drawn from an endless stream when asked for; an item is a pure function of (seed, epoch, index)."""

    stream: PageStream
    length: int
    epoch: int = field(default=0, init=False)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return self.example(rng_for(self.stream.seed, self.epoch, index))

    def example(self, rng: np.random.Generator) -> dict[str, Tensor]:
        raise NotImplementedError


@dataclass
class PageDataset(Drawn):
    """Simulated whole pages."""

    size_px: tuple[int, int] = PAGE_SIZE_PX

    def example(self, rng: np.random.Generator) -> dict[str, Tensor]:
        page, reading = self.stream.page(rng, int(self.size_px[0] * rng.uniform(1.0, 1.7)))
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
    """The five heads' targets in the picture of `size_px` that `matrix` makes of the page, drawn from vectors."""
    geometry = reading.geometry.after(matrix)
    mm = pixel_mm(geometry, size_px)
    x0, y0, x1, y1 = reading.layout.extent_mm
    angle = np.radians(geometry.angle_deg(((x0 + x1) / 2, (y0 + y1) / 2)))
    curves = [project(matrix, np.stack([t.x_px, t.y_px], -1)) for t in reading.traces]
    return {
        "seg": _page_seg(reading, geometry, curves, size_px),
        "grid": _grid_heat(mm, reading.facts.get("grid_mm"))[None],
        "baseline": _baseline_heat(mm, reading)[None],
        "theta": np.array([np.sin(angle), np.cos(angle)], np.float32),
        **_page_signal(reading, curves, size_px, float(angle)),
    }


def _page_seg(
    reading: Reading, geometry: PageGeometry, curves: list[np.ndarray], size_px: tuple[int, int]
) -> np.ndarray:
    seg = np.zeros(size_px[::-1], np.uint8)
    texts = np.array(reading.facts.get("texts_mm", ())).reshape(-1, 4)[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    for corners in geometry.to_px(texts):
        cv2.fillPoly(seg, [np.round(corners).astype(np.int32)], TEXT)
    for points in geometry.to_px(np.array(reading.facts.get("pulses_mm", ())).reshape(-1, 6, 2)):
        _line(seg, points, PULSE)
    for trace, curve in zip(reading.traces, curves, strict=True):
        _line(seg, curve, 1 + STANDARD.index(trace.lead.removeprefix("-")))
    return seg.astype(np.int64)


def _line(canvas: np.ndarray, points_px: np.ndarray, value: int) -> None:
    for piece in finite_pieces(points_px):
        cv2.polylines(canvas, [np.round(piece * 32).astype(np.int32)], False, value, 2, cv2.LINE_8, 5)


def _px_per_mm(mm: np.ndarray, axis: int) -> np.ndarray:
    """Local px per mm of paper coordinate `axis` (0 x, 1 y) from the map of mm over pixels."""
    down, right = np.gradient(mm[..., axis])
    return 1 / np.maximum(np.hypot(down, right), 1e-6)


def _heat(distance_px: np.ndarray, sigma_px: float) -> np.ndarray:
    return np.exp(-(distance_px**2) / (2 * sigma_px**2))


def _grid_heat(mm: np.ndarray, grid_mm: list[float] | None) -> np.ndarray:
    if grid_mm is None:
        return np.zeros(mm.shape[:2], np.float32)
    crossing = 5 * np.round(mm / 5)
    off = mm - crossing
    heat = _heat(off[..., 0] * _px_per_mm(mm, 0), 1.2) * _heat(off[..., 1] * _px_per_mm(mm, 1), 1.2)
    inside = (crossing >= np.array(grid_mm[:2]) - 1e-3).all(-1) & (crossing <= np.array(grid_mm[2:]) + 1e-3).all(-1)
    return (heat * inside).astype(np.float32)


def _baseline_heat(mm: np.ndarray, reading: Reading) -> np.ndarray:
    heat, scale = np.zeros(mm.shape[:2], np.float32), _px_per_mm(mm, 1)
    for row in reading.layout.rows():
        along = (mm[..., 0] > row[0].box_mm[0]) & (mm[..., 0] < max(b.box_mm[2] for b in row))
        heat = np.maximum(heat, along * _heat((mm[..., 1] - row[0].baseline_mm) * scale, 1.5))
    return heat.astype(np.float32)


def _page_signal(
    reading: Reading, curves: list[np.ndarray], size_px: tuple[int, int], angle: float
) -> dict[str, np.ndarray]:
    """signal, the height of every lead in every column, px, and signal_edge, both float32 [12, col].

    NaN where a lead is not, and everywhere on turned pages.
    """
    out = np.full((len(STANDARD), size_px[0]), np.nan, np.float32)
    edge = np.zeros_like(out)
    if abs(angle) > np.radians(15):
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


def edge_heat(places_px: np.ndarray, columns_px: np.ndarray) -> np.ndarray:
    """1 where a lead begins or ends, falling off within two columns, float32 [column]; places may be NaN (hidden)."""
    step = columns_px[1] - columns_px[0]
    places_px = places_px[np.isfinite(places_px)]
    if not places_px.size:
        return np.zeros(columns_px.size, np.float32)
    away = np.abs(columns_px - places_px[:, None]).min(0) / step
    return _heat(away, EDGE_COLUMNS).astype(np.float32)


def column_heights(points_px: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Height of a curve [point, (x, y)] at the columns' x, NaN outside it and in its gaps."""
    out = np.full(columns.shape, np.nan)
    for piece in finite_pieces(points_px):
        order = np.argsort(piece[:, 0], kind="stable")
        inside = (columns >= piece[order[0], 0]) & (columns <= piece[order[-1], 0])
        out[inside] = np.interp(columns[inside], piece[order, 0], piece[order, 1])
    return out


# --- row pass ---------------------------------------------------------------------------------------------------------


@dataclass
class RowDataset(Drawn):
    """Simulated rectified row crops."""

    width_px: int = 256

    def example(self, rng: np.random.Generator) -> dict[str, Tensor]:
        return row_example(self.stream.scene(rng), self.stream.hearts.draw(rng), rng, self.width_px)


@dataclass(frozen=True)
class Residual:
    """What a good rectification still leaves: true mm = seen mm + shift + slope @ mm + a slow wave."""

    shift_mm: np.ndarray
    slope: np.ndarray
    wave_mm: np.ndarray
    per_mm: float
    phase: float

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Residual:
        much = rng.choice([0.2, 1.0])
        return cls(
            shift_mm=np.array([0.0, rng.normal(0, 1.0)]),
            slope=rng.normal(0, 0.006, (2, 2)) * much,
            wave_mm=rng.normal(0, 0.2, 2) * much,
            per_mm=float(1 / rng.uniform(15, 60)),
            phase=float(rng.uniform(0, 2 * np.pi)),
        )

    def __call__(self, mm: np.ndarray) -> np.ndarray:
        """Seen mm, relative to the crop's centre, to true mm."""
        wave = np.sin(2 * np.pi * self.per_mm * mm[..., :1] + self.phase)
        return mm + self.shift_mm + mm @ self.slope.T + wave * self.wave_mm

    def inverse(self, mm: np.ndarray) -> np.ndarray:
        seen = mm.copy()
        for _ in range(5):
            seen = mm - (self(seen) - seen)
        return seen


def residual_map(residual: Residual, width_px: int, every: int = 8) -> np.ndarray:
    """True mm, relative to the crop's centre, of every pixel [row, col, (x, y)]; solved on every eighth pixel."""
    x, y = np.arange(0, width_px + every, every), np.arange(0, ROW_HEIGHT_PX + every, every)
    size = np.array([width_px, ROW_HEIGHT_PX])
    mm = (np.stack(np.meshgrid(x, y), axis=-1) + 0.5 - size / 2) / ROW_PX_PER_MM
    fine = np.meshgrid(
        np.arange(width_px, dtype=np.float32) / every, np.arange(ROW_HEIGHT_PX, dtype=np.float32) / every
    )  # fmt: skip
    return cv2.remap(residual(mm).astype(np.float32), *fine, cv2.INTER_LINEAR)


def row_example(scene: Scene, record: Record, rng: np.random.Generator, width_px: int = 256) -> dict[str, Tensor]:
    """A rectified crop around one row with its targets: image [4, row, col], seg [row, col], signal [1, column]."""
    sheet = scene.sheet(record)
    row = sheet.layout.rows()[int(rng.integers(len(sheet.layout.rows())))]
    centre = np.array([_crop_centre_mm(row, rng), row[0].baseline_mm])
    residual = Residual.sample(rng)
    below_mm = _off_zero_line_mm(rng)
    centre[1] += below_mm
    half = np.array([width_px, ROW_HEIGHT_PX]) / ROW_PX_PER_MM / 2
    px_per_mm = float(np.exp(rng.uniform(np.log(3.0), np.log(13.0))))
    window = np.concatenate([centre - half - 4, centre + half + 4])
    drawn = draw(sheet, tuple(window), px_per_mm)
    drawn = creased(drawn, px_per_mm, rng) if rng.random() < _CREASED else drawn
    native = apply(drawn, scene.effects, rng)
    corner = (centre - window[:2]) * px_per_mm - 0.5
    where = cv2.transform(residual_map(residual, width_px), np.column_stack([px_per_mm * np.eye(2), corner]))
    flags = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    seen = cv2.remap(native, where[..., 0], where[..., 1], flags, borderMode=cv2.BORDER_REPLICATE)

    def to_px(mm: np.ndarray) -> np.ndarray:
        return (residual.inverse(mm - centre) + half) * ROW_PX_PER_MM - 0.5

    targets = _row_targets(sheet, window, row[0].baseline_mm, to_px, width_px)
    return {"image": with_height(to_tensor(seen), below_mm), **{k: torch.from_numpy(v) for k, v in targets.items()}}


def _off_zero_line_mm(rng: np.random.Generator) -> float:
    """How far below its zero line a row is looked at: often at it, else anywhere that tall beats reach."""
    return float(rng.uniform(-_FAR_MM, _FAR_MM)) if rng.random() < _FAR_SHARE else 0.0


def _crop_centre_mm(row: tuple, rng: np.random.Generator) -> float:
    """Anywhere along the row, often where a lead begins or ends: there the errors are."""
    edges = [b.box_mm[0] for b in row] + [row[-1].box_mm[2]]
    if rng.random() < 0.45:
        return float(rng.choice(edges) + rng.uniform(-14, 14))
    return float(rng.uniform(edges[0] - 5, edges[-1] + 5))


def _row_targets(
    sheet: Sheet, window: np.ndarray, baseline_mm: float, to_px: ToPx, width_px: int
) -> dict[str, np.ndarray]:
    """seg int64 [row, col]; signal (height in px, NaN where the row has no trace), signal_edge float32 [1, column]."""
    seg = np.zeros((ROW_HEIGHT_PX, width_px), np.uint8)
    columns = column_centres_px(width_px)
    signal = np.full(columns.size, np.nan, np.float32)
    for x0, y0, x1, y1 in text_boxes_mm(sheet):
        if x0 < window[2] and x1 > window[0] and y0 < window[3] and y1 > window[1]:
            corners = to_px(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))
            cv2.fillPoly(seg, [np.round(corners).astype(np.int32)], ROW_TEXT)
    pulses = [s.points_mm for s in sheet.strokes if s.kind == "pulse"]
    target = np.array([abs(b.baseline_mm - baseline_mm) < 1e-3 for b in sheet.layout.boxes])
    order = np.argsort(target, kind="stable")
    curves = [(p, ROW_PULSE) for p in pulses] + [
        (sheet.traces[i], ROW_TARGET if target[i] else ROW_OTHER) for i in order
    ]
    for points_mm, value in curves:
        near = points_mm[(points_mm[:, 0] > window[0] - 2) & (points_mm[:, 0] < window[2] + 2)]
        passes = (near[:, 1] > window[1] - 2).any() and (near[:, 1] < window[3] + 2).any()
        if len(near) < 2 or not passes:
            continue
        points = to_px(near)
        _row_line(seg, points, value, sheet.paper.pen_mm)
        if value == ROW_TARGET:
            heights = column_heights(points, columns)
            signal = np.where(np.isfinite(heights), heights, signal)
    signal[(signal < 0) | (signal > ROW_HEIGHT_PX - 1)] = np.nan
    ends = np.concatenate([sheet.traces[i][[0, -1], 0] for i in np.flatnonzero(target)])
    edge = edge_heat(to_px(np.stack([ends, np.full_like(ends, baseline_mm)], axis=-1))[:, 0], columns)
    return {"seg": seg.astype(np.int64), "signal": signal.astype(np.float32)[None], "signal_edge": edge[None]}


def _row_line(canvas: np.ndarray, points_px: np.ndarray, value: int, pen_mm: float) -> None:
    pen = max(2, round(pen_mm * ROW_PX_PER_MM))
    for piece in finite_pieces(points_px):
        cv2.polylines(
            canvas, [np.round(np.clip(piece, -4000, 4000) * 32).astype(np.int32)], False, value, pen, cv2.LINE_8, 5
        )


# --- pages on disk ----------------------------------------------------------------------------------------------------


def load_page(picture: Path, signal: Path) -> tuple[np.ndarray, Reading]:
    """Pixels and truth of one simulated page on disk."""
    bgr = cv2.imread(str(picture), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError(f"{picture}: not a readable picture; simulate it again")
    if not signal.is_file():
        raise ValueError(
            f"{signal}: the signal of {picture.name} is missing; expected the CSV that simulate wrote with it"
        )
    page = Page(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), None, str(picture))
    data = json.loads(picture.with_suffix(".json").read_text())
    return page.pixels, Reading.from_dict(data, page, read(str(signal)))
