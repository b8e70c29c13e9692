"""What flawless networks would see on a simulated page, drawn from its truth: the rest of the road can be tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import pytest

from digitize.grid.page_view import PageView
from digitize.layout.printed_words import PrintedWord
from digitize.nets.inputs import ROW_CLASSES, ROW_PULSE, ROW_PX_PER_MM, ROW_TARGET, column_centres_px
from digitize.nets.networks import Networks
from digitize.nets.word_net import TURNED
from digitize.pipeline import Digitizer
from digitize.stages import RowReading
from digitize.training.page_samples import _framed, page_targets
from digitize.training.target_drawing import column_heights, edge_heat
from ecg.geometry import PageGeometry
from ecg.layout import LeadBox, template
from ecg.page import Page
from ecg.reading import Reading
from ecg.record import Record
from simulate.heart import synthetic_record
from simulate.scene import Scene, truth

SIZE_PX = (512, 384)
SEG_CLASSES = 15
NAME_MM = (2.0, -6.0)  # from a lead's beginning to the middle of its name

Window = tuple[float, float, float, float]


def scene(
    seed: int = 1,
    preset: str = "clean",
    name: str = "3x4+1",
    mm_per_s: float = 25.0,
    mm_per_mv: float = 10.0,
    long_side_px: int = 1400,
    pulse: str | None = None,
) -> Scene:
    """A scene of a given layout at a given speed and gain; at 50 mm/s a column holds half the seconds."""
    found = Scene.sample(seed, preset, layout=name)
    kind = template(name)
    kind = replace(kind, column_s=kind.column_s * min(1.0, 25.0 / mm_per_s))
    lines = [row[0].baseline_mm for row in found.layout.rows()]
    x0, y0, _, _ = found.layout.extent_mm
    box = found.layout.boxes[0].box_mm
    layout = kind.place((x0, y0), box[3] - box[1], mm_per_s, mm_per_mv, lines)
    style = found.style if pulse is None else replace(found.style, pulse=pulse)
    room = np.array(layout.extent_mm) + np.array([-25, -10, 25, 10])
    low, high = np.minimum(found.paper.extent_mm[:2], room[:2]), np.maximum(found.paper.extent_mm[2:], room[2:])
    sheet = (*low.tolist(), *high.tolist())  # what leaves the paper is not printed
    paper = (
        found.paper
        if layout.extent_mm == found.layout.extent_mm
        else replace(found.paper, extent_mm=sheet, grid_mm=sheet)
    )
    return replace(found, layout=layout, style=style, paper=paper, long_side_px=long_side_px)


def heart(seed: int = 0) -> Record:
    """A quiet record: columns of 2.5 ms hold all of it."""
    return synthetic_record(seed, "SR", noise={}, conditions=())


def unpainted(scene: Scene, record: Record | None = None) -> Reading:
    """The truth of a scene on an empty picture: as good as the page wherever nobody looks at the pixels."""
    geometry, (width, height) = scene.geometry()
    record = record or heart(scene.seed)
    page = Page(np.full((height, width, 3), 255, np.uint8), None, f"scene-{scene.seed}")
    return truth(page, geometry, scene.sheet(record), record)


@dataclass(frozen=True, eq=False)
class Oracle:
    """Stands in for both networks on the page of one truth."""

    truth: Reading

    def use(self, monkeypatch: pytest.MonkeyPatch) -> Digitizer:
        """A digitizer whose networks' looks come from here."""
        monkeypatch.setattr("digitize.grid.page_view.look", self.look)
        monkeypatch.setattr("digitize.layout.search.read_words", self.read_words)
        monkeypatch.setattr("digitize.layout.mirror.read_words", lambda *seen: [])
        monkeypatch.setattr("digitize.trace.row_reading.read_row", self.read_row)
        return Digitizer(Networks(None, None, None, SIZE_PX, {"page": "oracle", "row": "oracle"}))  # type: ignore[arg-type]

    def look(self, net: Any, pixels: np.ndarray, matrix: np.ndarray, size_px: tuple[int, int] = SIZE_PX) -> PageView:
        targets = page_targets(self.truth, matrix, size_px)
        seg = np.eye(SEG_CLASSES, dtype=np.float32)[targets["seg"]].transpose(2, 0, 1)
        soft = np.stack([cv2.GaussianBlur(plane, (0, 0), 0.7) for plane in seg])
        grid = targets["grid"][0] * _framed(matrix, self.truth.page.size_px, size_px)
        sin, cos = targets["theta"]
        return PageView(matrix, soft, grid, targets["baseline"][0], float(np.degrees(np.arctan2(sin, cos))))

    def read_words(self, net: Any, pixels: np.ndarray, geometry: PageGeometry, window_mm: Window) -> list[PrintedWord]:
        """Every lead's name above its beginning, wherever the machine put it; turned names on a page upside down."""
        middle = (float(np.mean(window_mm[::2])), float(np.mean(window_mm[1::2])))
        at = self.truth.geometry.to_mm(geometry.to_px(np.array(middle)))
        turn = geometry.angle_deg(middle) - self.truth.geometry.angle_deg((float(at[0]), float(at[1])))
        is_turned = abs((turn + 180) % 360 - 180) > 90
        named = [(TURNED if is_turned else b.lead, starts_mm([b])[0] + NAME_MM) for b in self.truth.layout.boxes]
        seen = [(text, *geometry.to_mm(self.truth.geometry.to_px(mm)).tolist()) for text, mm in named]
        return [PrintedWord(text, x, y, 1.0) for text, x, y in seen]

    def read_row(self, net: Any, pixels: np.ndarray, geometry: PageGeometry, window_mm: Window) -> RowReading:
        """The row of the truth nearest to the window's middle, seen through the geometry that was found."""
        shrink = round(self.truth.page.size_px[0] / pixels.shape[1])
        corner, size = np.array(window_mm[:2]), np.array(window_mm[2:]) - window_mm[:2]
        cols, rows = (round(v * ROW_PX_PER_MM) for v in size)
        columns = column_centres_px(cols)
        seg = np.zeros((ROW_CLASSES, rows, cols), np.float32)

        def to_strip(px: np.ndarray) -> np.ndarray:
            mm = geometry.to_mm((px + 0.5) / shrink - 0.5)
            return (mm - corner) * ROW_PX_PER_MM - 0.5

        starts = to_strip(self.truth.geometry.to_px(starts_mm(self.truth.layout.boxes)))
        middle = np.abs(starts[:, 1] - (rows - 1) / 2)
        height, ends = np.full(columns.size, np.nan), []
        for i in np.flatnonzero(middle < middle.min() + 2):
            trace = self.truth.traces[i]
            points = to_strip(np.stack([trace.x_px, trace.y_px], axis=-1))
            found = column_heights(points, columns)
            height = np.where(np.isfinite(found), found, height)
            ends.append(points[[0, -1], 0])
            _ink(seg[ROW_TARGET], points)
        for points in self.truth.scene.pulses_mm:
            _ink(seg[ROW_PULSE], to_strip(self.truth.geometry.to_px(np.array(points))))
        seen = np.isfinite(height)
        return RowReading(
            window_mm[0] + (columns + 0.5) / ROW_PX_PER_MM,
            window_mm[1] + (np.where(seen, height, 0.0) + 0.5) / ROW_PX_PER_MM,
            seen.astype(np.float32),
            seen.astype(np.float32),
            edge_heat(np.concatenate(ends), columns),
            seg,
        )


def _ink(plane: np.ndarray, points_px: np.ndarray) -> None:
    whole = points_px[np.isfinite(points_px).all(1)]
    cv2.polylines(plane, [np.round(whole * 32).astype(np.int32)], False, 1.0, 3, cv2.LINE_8, 5)


def starts_mm(boxes: Sequence[LeadBox]) -> np.ndarray:
    """Left end of every box's zero line, [box, (x, y)]."""
    return np.array([(b.box_mm[0], b.baseline_mm) for b in boxes])
