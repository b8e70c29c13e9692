"""The row pass's samples: rectified crops around one row, with their targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from digitize.nets.inputs import (
    ROW_HEIGHT_PX,
    ROW_OTHER,
    ROW_PULSE,
    ROW_PX_PER_MM,
    ROW_TARGET,
    ROW_TEXT,
    column_centres_px,
    to_tensor,
    with_height,
)
from digitize.training.drawn_samples import DrawnSamples
from digitize.training.target_drawing import column_heights, draw_polyline, edge_heat
from ecg.layout import LeadBox
from ecg.record import Record
from simulate.capture.camera import apply
from simulate.printed.machine import text_boxes_mm
from simulate.printed.rasterize import draw
from simulate.printed.sheet import Sheet
from simulate.scene import Scene
from simulate.wear.crease import creased

ToPx = Callable[[np.ndarray], np.ndarray]

_FAR_MM, _FAR_SHARE = 24.0, 0.4  # strips are taller than a crop where beats are: crops from there have to be known, too
_CREASED = 0.2  # of the crops have a fold across them, far more than pages do: one beside a trace looks like a beat


@dataclass
class RowDataset(DrawnSamples):
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


def _crop_centre_mm(row: Sequence[LeadBox], rng: np.random.Generator) -> float:
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
        draw_polyline(seg, points, value, max(2, round(sheet.paper.pen_mm * ROW_PX_PER_MM)))
        if value == ROW_TARGET:
            heights = column_heights(points, columns)
            signal = np.where(np.isfinite(heights), heights, signal)
    signal[(signal < 0) | (signal > ROW_HEIGHT_PX - 1)] = np.nan
    ends = np.concatenate([sheet.traces[i][[0, -1], 0] for i in np.flatnonzero(target)])
    edge = edge_heat(to_px(np.stack([ends, np.full_like(ends, baseline_mm)], axis=-1))[:, 0], columns)
    return {"seg": seg.astype(np.int64), "signal": signal.astype(np.float32)[None], "signal_edge": edge[None]}
