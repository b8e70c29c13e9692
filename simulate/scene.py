"""`Scene`: one seed becomes one page with its exact truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ecg.files import JsonMapping
from ecg.geometry import PageGeometry
from ecg.layout import TEMPLATES, Layout, Template
from ecg.leads import STANDARD
from ecg.page import Page, Trace
from ecg.reading import Reading, SceneTruth
from ecg.record import Record
from simulate.capture.background import background, beyond, screen, shadowed, show_through
from simulate.capture.camera import View, apply, look
from simulate.capture.relief import Relief, Shade, sample_relief
from simulate.presets import presets
from simulate.printed.machine import Style, apart, compose, sample_style, text_boxes_mm
from simulate.printed.paper import Paper, in_any_colour, sample_paper
from simulate.printed.rasterize import view_of
from simulate.printed.sheet import Sheet, legible
from simulate.wear.artefact import Ground
from simulate.wear.layers import Cut
from simulate.wear.wear import COVERS, WEAR, layers_of

_COMMON = {
    "3x4+1": 0.36, "3x4": 0.12, "3x4+2": 0.04, "3x4+3": 0.07, "6x2": 0.08, "6x2+1": 0.04, "12x1": 0.08,
    "6x1-limb": 0.03, "6x1-precordial": 0.03, "3x2-limb": 0.02, "3x2-precordial": 0.02, "3x1": 0.02, "4x3": 0.03,
    "cabrera-3x4+1": 0.03, "cabrera-6x2": 0.03,
}  # fmt: skip
_DPI, _SIDE_PX = (40, 600), (300, 4800)
_RHYTHM_LEADS = ("II", "V1", "V5", "III", "I", "aVF", "V2")


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything about a page except the heart: a pure function of the seed, the preset and the difficulty (0..1)."""

    seed: int
    preset: str
    layout: Layout
    paper: Paper
    style: Style
    view: View
    frame_mm: tuple[float, float, float, float]
    fill: float
    shift: tuple[float, float]
    quarter_turns: int
    aspect: float
    long_side_px: int
    behind: str
    effects: Mapping[str, float]

    @classmethod
    def sample(cls, seed: int, preset: str = "photo", difficulty: float = 1.0, layout: str | None = None) -> Scene:
        """Draw a scene at random; `layout` fixes the template by name."""
        if preset not in presets():
            raise ValueError(f"unknown preset {preset!r}: expected one of {', '.join(presets())}")
        kind, rng = presets()[preset], np.random.default_rng([seed, 11])
        own = np.random.default_rng([seed, 19])  # of what few presets have, so that it changes nothing in the others
        placed = _sample_layout(rng, layout)
        placed = _reordered(placed, own) if own.random() < kind.get("any_order", 0.0) else placed
        style = sample_style(rng, placed)
        placed = apart(placed, style.pulse_room_mm) if style.pulse == "between" else placed
        extent, grid = _sample_extent(rng, placed, style)
        paper = sample_paper(rng, extent, grid)
        paper = in_any_colour(paper, own) if own.random() < kind.get("any_colour", 0.0) else paper
        frame = extent if rng.random() < 0.7 or preset == "clean" else _tight(rng, placed, style, extent)
        view = View(
            angle_deg=_angle(rng, kind, difficulty),
            tilt_deg=float(rng.uniform(0, kind["tilt"]) * difficulty),
            tilt_axis_deg=float(rng.uniform(0, 360)),
            distance=float(rng.uniform(1.2, 4)),
            bend_mm=float(kind["bend"] * difficulty * rng.beta(1, 2)),
            stretch=float(rng.uniform(-1, 1) * kind["stretch"] * difficulty),
        )
        wide = (frame[2] - frame[0]) / (frame[3] - frame[1])
        fill = rng.uniform(*kind["fill"])
        return cls(
            seed=seed,
            preset=preset,
            layout=placed,
            paper=paper,
            style=style,
            view=view,
            frame_mm=frame,
            fill=float(1 + (fill - 1) * difficulty),
            shift=(float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1))),
            quarter_turns=int(rng.integers(1, 4)) if rng.random() < kind["quarter"] else 0,
            aspect=float(
                wide if kind["behind"] not in ("desk", "screen") else rng.choice([4 / 3, 16 / 9, 3 / 2, 3 / 4, wide])
            ),
            long_side_px=_long_side(rng, kind, max(frame[2] - frame[0], frame[3] - frame[1])),
            behind=kind["behind"],
            effects=_sample_effects(rng, kind["effects"], difficulty),
        )

    def sheet(self, record: Record) -> Sheet:
        """The printed page as vectors."""
        plain = compose(record, self.layout, self.paper, self.style, np.random.default_rng([self.seed, 12]))
        ground = Ground(self.paper.extent_mm, self.layout)
        worn, covers = (layers_of(table, ground, self.effects, self.seed) for table in (WEAR, COVERS))
        relief, rng = self.relief(), np.random.default_rng([self.seed, 17])
        angle, low = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.8)
        shade = [Shade(relief, low * np.array([np.cos(angle), np.sin(angle)]))] if relief else []
        return plain.under((*worn, *shade, *covers))

    def relief(self) -> Relief | None:
        """How the paper stands up from the table; None if it lies flat."""
        return sample_relief(self.paper.extent_mm, self.effects, np.random.default_rng([self.seed, 18]))

    def geometry(self) -> tuple[PageGeometry, tuple[int, int]]:
        """Where the paper lies in the picture, and the picture's (width, height)."""
        long, aspect = self.long_side_px, self.aspect
        size = (long, round(long / aspect)) if aspect >= 1 else (round(long * aspect), long)
        rng = np.random.default_rng([self.seed, 13])
        seen = look(self.view, self.frame_mm, size, self.fill, self.shift, rng, self.relief())
        for _ in range(self.quarter_turns):
            seen = seen.after(np.array([[0, -1, size[1] - 1], [1, 0, 0], [0, 0, 1.0]]))
            size = size[::-1]
        return seen, size

    def render(self, record: Record) -> tuple[Page, Reading]:
        """The picture and its truth; the truth comes from the vectors, never from the pixels."""
        sheet, (geometry, size) = self.sheet(record), self.geometry()
        rng = np.random.default_rng([self.seed, 14])
        if self.behind == "screen":
            behind = screen(self.paper.extent_mm, geometry, size, rng)
        else:
            behind = background(self.behind, self.paper.paper_rgb, size, rng)
        if self.behind == "desk":
            behind = shadowed(self.paper.extent_mm, geometry, behind, rng)
        behind = beyond(sheet.layers, geometry, behind)
        through = behind.copy() if any(isinstance(layer, Cut) for layer in sheet.layers) else None
        seen = view_of(sheet, geometry, behind)
        if through is not None:
            show_through(seen, sheet.layers, geometry, through)
        page = Page(apply(seen, self.effects, rng), None, f"scene-{self.seed}", 0)
        return page, truth(page, geometry, sheet, record)


def truth(page: Page, geometry: PageGeometry, sheet: Sheet, record: Record) -> Reading:
    """The `Reading` that a perfect digitizer would return for this page."""
    traces, seen = [], []
    for box, points in zip(sheet.layout.boxes, sheet.traces, strict=True):
        shown = np.isfinite(points[:, 1])
        x, y = geometry.to_px(np.where(shown[:, None], points, points[:, :1] * [1, 0] + [0, box.baseline_mm])).T
        shown &= (x > -0.5) & (x < page.size_px[0] - 0.5) & (y > -0.5) & (y < page.size_px[1] - 0.5)
        traces.append(Trace(box.lead, x, np.where(shown, y, np.nan), np.ones(len(x))))
        seen.append(np.stack([points[:, 0], np.where(shown, points[:, 1], np.nan)], axis=-1))
    drawn = SceneTruth(
        grid_mm=list(sheet.paper.grid_mm) if sheet.paper.has_grid else None,
        extent_mm=list(sheet.paper.extent_mm),
        pulses_mm=[s.points_mm.tolist() for s in sheet.strokes if s.kind == "pulse"],
        texts_mm=text_boxes_mm(sheet),
        pen_mm=sheet.paper.pen_mm,
        hidden_mm=[shape.tolist() for layer in sheet.layers for shape in layer.hides_mm],
    )
    in_picture = legible(record, replace(sheet, traces=tuple(seen)))
    return Reading(in_picture, page, geometry, sheet.layout, tuple(traces), scene=drawn)


def _sample_layout(rng: np.random.Generator, name: str | None) -> Layout:
    chosen = name or str(rng.choice(list(_COMMON), p=list(_COMMON.values())))
    template: Template = TEMPLATES[chosen]
    if template.rhythm and rng.random() < 0.3:
        leads = rng.choice(_RHYTHM_LEADS if rng.random() < 0.8 else STANDARD, len(template.rhythm), replace=False)
        template = replace(template, rhythm=tuple(str(lead) for lead in leads))
    template = replace(template, simultaneous=bool(rng.random() < 0.03))
    speed = float(rng.choice([25.0, 50.0, 12.5], p=[0.92, 0.055, 0.025]))
    if speed == 50.0:
        template = replace(template, column_s=template.column_s / 2)
    gain = float(rng.choice([10.0, 5.0, 20.0], p=[0.92, 0.05, 0.03]))
    crowding = rng.uniform(0.3, 0.6) if rng.random() < 0.15 else rng.uniform(0.6, 1.0)  # crowded rows overlap
    pitch = min(42.0, 200.0 / template.row_count) * crowding
    origin = rng.uniform(0, 5, 2)
    lines = origin[1] + (np.arange(template.row_count) + 0.5) * pitch
    if rng.random() < 0.3:
        lines = lines + rng.normal(0, 0.06 * pitch, lines.size)
    elif rng.random() < 0.5:
        lines = np.round(lines / 5) * 5 if pitch > 10 else np.round(lines)
    chest = 0.5 if rng.random() < 0.03 else 1.0
    return template.place((float(origin[0]), float(origin[1])), pitch, speed, gain, lines.tolist(), chest)


def _reordered(layout: Layout, rng: np.random.Generator) -> Layout:
    """The layout with its short leads in another order; where chest leads have a gain of their own it stays."""
    short = [box for box in layout.boxes if not box.is_rhythm]
    if any(box.gain != 1 for box in short):
        return layout
    leads = iter(rng.permutation([box.lead for box in short]).tolist())
    boxes = tuple(box if box.is_rhythm else replace(box, lead=next(leads)) for box in layout.boxes)
    return replace(layout, name=f"spelled-{layout.name}", boxes=boxes)


def _sample_extent(
    rng: np.random.Generator, layout: Layout, style: Style
) -> tuple[tuple[float, float, float, float], tuple[float, float, float, float]]:
    """The sheet and the part of it that carries the grid."""
    x0, y0, x1, y1 = layout.extent_mm
    left = style.pulse_room_mm if style.pulse == "left" else 0.0
    right = style.pulse_room_mm if style.pulse == "right" else 0.0
    margin = rng.uniform(1, 18, 4)
    margin[1] = rng.choice([rng.uniform(2, 20), rng.uniform(20, 70)])
    grid = (x0 - left - margin[0], y0 - margin[1], x1 + right + margin[2], y1 + margin[3])
    if rng.random() < 0.6:
        return grid, grid
    border = rng.uniform(2, 15, 4)
    if rng.random() < 0.4:
        border[1] += rng.uniform(10, 60)
    extent = (grid[0] - border[0], grid[1] - border[1], grid[2] + border[2], grid[3] + border[3])
    if rng.random() < 0.7:
        snapped = np.round(np.array(grid) / 5) * 5
        grid = tuple(snapped.tolist())
    return extent, grid


def _tight(
    rng: np.random.Generator, layout: Layout, style: Style, extent: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """A picture cropped close to the traces."""
    x0, y0, x1, y1 = layout.extent_mm
    left = style.pulse_room_mm if style.pulse == "left" and rng.random() < 0.8 else 0.0
    right = style.pulse_room_mm if style.pulse == "right" else 0.0
    near = np.array([x0 - left, y0, x1 + right, y1]) + rng.uniform(0, 6, 4) * np.array([-1, -1, 1, 1])
    low, high = np.maximum(near[:2], extent[:2]), np.minimum(near[2:], extent[2:])
    return (*low.tolist(), *high.tolist())


def _long_side(rng: np.random.Generator, kind: JsonMapping, long_mm: float) -> int:
    """The usual sizes of its kind, or any resolution that scans and pictures come in, in px."""
    if rng.random() < 0.85:
        return int(rng.integers(*kind["long_side_px"]))
    dpi = np.exp(rng.uniform(*np.log(_DPI)))
    return int(np.clip(dpi * long_mm / 25.4, *_SIDE_PX))


def _angle(rng: np.random.Generator, kind: JsonMapping, difficulty: float) -> float:
    if rng.random() < kind["whole_circle"]:
        return float(rng.uniform(-180, 180))
    return float(rng.normal(0, 1) * kind["angle"] * difficulty)


def _sample_effects(rng: np.random.Generator, table: JsonMapping, difficulty: float) -> dict[str, float]:
    chosen = {}
    for name, (often, most) in table.items():
        strength = difficulty * most * rng.beta(1.2, 1.8)
        if rng.random() < often:
            chosen[name] = float(strength if name not in ("grey", "threshold") else 1.0)
    return chosen
