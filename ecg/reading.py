"""`Reading`: what was read from a page, and where it stands on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from ecg.files import JsonMapping, JsonObject, atomic_path, write_text
from ecg.geometry import PageGeometry
from ecg.layout import Layout, Template
from ecg.notes import UNCODED, Note, texts
from ecg.page import Page, Trace, traces_to_record
from ecg.record import Record
from ecg.review.correct import redraw_stretch, relayout, rename_box
from ecg.review.overlay import draw

_CONFIDENCE_DIGITS = 4  # as saved, so that what is read again says the same


class _Saved:
    """Fields that stand beside others in one JSON object; those at their default are left out."""

    def to_dict(self) -> JsonObject:
        values = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in values.items() if value is not None and value != {}}

    @classmethod
    def from_dict(cls, data: JsonMapping) -> Self:
        """From an object that may hold more, or less."""
        return cls(**{f.name: data[f.name] for f in fields(cls) if f.name in data})  # type: ignore[arg-type]


@dataclass(frozen=True)
class ReadingFacts(_Saved):
    """How the paper lies in the picture, at its middle, and what read it.

    `px_per_mm` is (across, down); `weights` names the version by the kind of network; `read_from` says where the
    curves come from when it is not the pixels.
    """

    rotation_deg: float | None = None
    px_per_mm: Sequence[float] | None = None
    weights: Mapping[str, str] = field(default_factory=dict)
    read_from: str | None = None


@dataclass(frozen=True)
class SceneTruth(_Saved):
    """What a simulated page shows beside its traces, in mm of its paper, and what it was `simulated` with.

    Rectangles are (x0, y0, x1, y1): of the grid (none on plain paper), the sheet and each text. A calibration pulse
    has six corners [corner, xy]; `hidden_mm` are the outlines of what covers the paper.
    """

    grid_mm: Sequence[float] | None = None
    extent_mm: Sequence[float] = ()
    pulses_mm: Sequence[Sequence[Sequence[float]]] = ()
    texts_mm: Sequence[Sequence[float]] = ()
    pen_mm: float | None = None
    hidden_mm: Sequence[Sequence[Sequence[float]]] = ()
    simulated: JsonMapping = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Reading:
    """All that is needed to show, correct and redo the reading of a page.

    `traces[i]` belongs to `layout.boxes[i]`. `record` is on the page's time line: 0 s is the left end of the first
    column. `notes` begin with the page's. `scene` is there only where a simulator drew the page.
    """

    record: Record
    page: Page
    geometry: PageGeometry
    layout: Layout
    traces: tuple[Trace, ...]
    notes: tuple[Note, ...] = ()
    facts: ReadingFacts = field(default_factory=ReadingFacts)
    scene: SceneTruth | None = None

    def __post_init__(self) -> None:
        if len(self.traces) != len(self.layout.boxes):
            raise ValueError(f"{len(self.traces)} traces for {len(self.layout.boxes)} boxes: expected one each")
        object.__setattr__(self, "notes", tuple(dict.fromkeys((*self.page.notes, *self.notes))))

    @property
    def confidence(self) -> dict[str, float]:
        """Mean confidence per printed lead, 0..1; a hidden point counts as 0."""
        found: dict[str, list[np.ndarray]] = {}
        for trace in self.traces:
            seen = np.where(np.isfinite(trace.y_px), np.round(trace.confidence, _CONFIDENCE_DIGITS), 0.0)
            found.setdefault(trace.lead.removeprefix("-"), []).append(seen)
        return {lead: float(np.concatenate(parts).mean()) for lead, parts in found.items()}

    def to_dict(self) -> JsonObject:
        """Everything but the pixels and the signal, as plain JSON types."""
        width, height = self.page.size_px
        return {
            "source": self.page.source,
            "page_index": self.page.index,
            "size_px": [width, height],
            "geometry": self.geometry.to_dict(),
            "layout": self.layout.to_dict(),
            "confidence": {lead: round(value, 4) for lead, value in self.confidence.items()},
            "warnings": texts(self.notes),
            "codes": [note.code for note in self.notes],
            "mm_per_s": self.layout.mm_per_s,
            "mm_per_mv": self.layout.mm_per_mv,
            **self.facts.to_dict(),
            **(self.scene.to_dict() if self.scene else {}),
            "traces": [
                {
                    "lead": t.lead,
                    "x_px": _plain(t.x_px),
                    "y_px": _plain(t.y_px),
                    "confidence": _plain(t.confidence, _CONFIDENCE_DIGITS),
                }
                for t in self.traces
            ],
        }

    @classmethod
    def from_dict(cls, data: JsonMapping, page: Page, record: Record) -> Reading:
        """Rebuild from `to_dict`, with the picture and the signal that were saved beside it."""
        traces = tuple(
            Trace(t["lead"], _array(t["x_px"]), _array(t["y_px"]), _array(t["confidence"])) for t in data["traces"]
        )
        geometry, layout = PageGeometry.from_dict(data["geometry"]), Layout.from_dict(data["layout"])
        codes = data.get("codes", [UNCODED] * len(data["warnings"]))
        notes = tuple(Note(code, text) for code, text in zip(codes, data["warnings"], strict=True))
        facts, scene = ReadingFacts.from_dict(data), SceneTruth.from_dict(data)
        return cls(record, page, geometry, layout, traces, notes, facts, scene if scene != SceneTruth() else None)

    def correct(self, lead: str, points_px: np.ndarray) -> Reading:
        """A new reading with a lead drawn anew between its first and last given point (x, y) in page px.

        NaN as a point's y hides the stretch around it. Raises ValueError where no box of the lead holds the points.
        """
        traces, note = redraw_stretch(self.traces, self.geometry, self.layout, lead, points_px)
        return self._rebuilt(self.layout, traces, note)

    def with_layout(
        self,
        layout: Template | str | None = None,
        *,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
    ) -> Reading:
        """A new reading of the same curves under another layout, speed or gain. Raises ValueError with words."""
        changed, traces, note = relayout(self.traces, self.geometry, self.layout, layout, mm_per_s, mm_per_mv)
        return self._rebuilt(changed, traces, note)

    def rename(self, box: int, lead: str) -> Reading:
        """A new reading in which the box of that number (from 0) has another lead's name. Raises ValueError."""
        return self._rebuilt(*rename_box(self.layout, self.traces, box, lead))

    def _rebuilt(self, layout: Layout, traces: tuple[Trace, ...], note: Note) -> Reading:
        """The reading of other curves or another layout, with the note that says what was changed."""
        record = traces_to_record(traces, self.geometry, layout)
        notes = (*self.notes, note)
        return replace(self, record=record, layout=layout, traces=traces, notes=notes)

    def picture(self) -> Image.Image:
        """What was read, drawn over the page."""
        return draw(self.page, self.geometry, self.layout, self.traces)

    def overlay(self, path: str | Path) -> None:
        """Draw what was read over the page, for checking by eye; the picture's format goes by the suffix."""
        with atomic_path(path) as temporary:
            self.picture().save(temporary, compress_level=2)  # PNG: a fifth of the usual time, 2 % larger

    def save_json(self, path: str | Path) -> None:
        write_text(path, json.dumps(self.to_dict(), indent=None, allow_nan=False))


def _plain(values: np.ndarray, digits: int = 2) -> list[float | None]:
    rounded = np.round(np.asarray(values, dtype=np.float64), digits)
    return np.where(np.isfinite(rounded), rounded, None).tolist()  # type: ignore[call-overload]


def _array(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
