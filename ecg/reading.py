"""`Reading`: what was read from a page, and where it stands on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ecg.files import JsonMapping, JsonObject, atomic_path, write_text
from ecg.geometry import PageGeometry
from ecg.layout import Layout, Template
from ecg.notes import UNCODED, Note, texts
from ecg.page import Page, Trace, traces_to_record
from ecg.record import Record
from ecg.review.correct import redraw_stretch, relayout
from ecg.review.overlay import draw

_CONFIDENCE_DIGITS = 4  # as saved, so that what is read again says the same


@dataclass(frozen=True, eq=False)
class Reading:
    """All that is needed to show, correct and redo the reading of a page.

    `traces[i]` belongs to `layout.boxes[i]`. `record` is on the page's time line: 0 s is the left end of the first
    column. `notes` begin with the page's.
    """

    record: Record
    page: Page
    geometry: PageGeometry
    layout: Layout
    traces: tuple[Trace, ...]
    notes: tuple[Note, ...] = ()
    facts: JsonMapping = field(default_factory=dict)

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
            **self.facts,
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
        known = {
            "source", "page_index", "size_px", "geometry", "layout", "confidence", "warnings", "codes", "traces",
        }  # fmt: skip
        facts = {key: value for key, value in data.items() if key not in known}
        codes = data.get("codes", [UNCODED] * len(data["warnings"]))
        notes = tuple(Note(code, text) for code, text in zip(codes, data["warnings"], strict=True))
        return cls(record, page, geometry, layout, traces, notes, facts)

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

    def _rebuilt(self, layout: Layout, traces: tuple[Trace, ...], note: Note) -> Reading:
        """The reading of other curves or another layout, with the note that says what was changed."""
        record = traces_to_record(traces, self.geometry, layout)
        facts = {**self.facts, "mm_per_s": layout.mm_per_s, "mm_per_mv": layout.mm_per_mv}
        notes = (*self.notes, note)
        return replace(self, record=record, layout=layout, traces=traces, notes=notes, facts=facts)

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
