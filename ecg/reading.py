"""`Page`, `Trace` and `Reading`: what was seen in a picture, and where."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ecg.drawing import Drawing
from ecg.geometry import PageGeometry
from ecg.layout import Layout, LeadBox, Template
from ecg.leads import STANDARD
from ecg.notes import UNCODED, Note, texts
from ecg.record import Record

FS_HZ = 500.0
DURATION_S = 10.0
_CONFIDENCE_DIGITS = 4  # as saved, so that what is read again says the same


@dataclass(frozen=True, eq=False)
class Page:
    """A picture of a page: `pixels` is uint8 [row, col, RGB]; `dpi` is what the file claims (None if nothing).

    `notes` say what was changed on opening (shrunk, only the first picture of an animation ...). `drawing` is what the
    file draws the page with, where it is not a picture; whoever changes the pixels must drop it.
    """

    pixels: np.ndarray
    dpi: float | None = None
    source: str = ""
    index: int = 0
    notes: tuple[Note, ...] = ()
    drawing: Drawing | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be uint8 [row, col, RGB], got {self.pixels.dtype} {self.pixels.shape}")

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def stem(self) -> str:
        """The name for results: the source's stem, with -p2, -p3 ... for later pages of one file."""
        stem = Path(self.source).stem or "page"
        return stem if self.index == 0 else f"{stem}-p{self.index + 1}"


@dataclass(frozen=True, eq=False)
class Trace:
    """The centre line of one box's ink in page px; `confidence` in 0..1 per point. NaN in `y_px` where it is hidden."""

    lead: str
    x_px: np.ndarray
    y_px: np.ndarray
    confidence: np.ndarray

    def __post_init__(self) -> None:
        if not self.x_px.shape == self.y_px.shape == self.confidence.shape:
            raise ValueError(f"trace {self.lead}: x_px, y_px and confidence must have one length")

    def to_signal(self, geometry: PageGeometry, layout: Layout, box: LeadBox) -> tuple[np.ndarray, np.ndarray]:
        """(time_s, mV) of every point, by the geometry, the box's zero line and time span, and the layout's scales."""
        mm = geometry.to_mm(np.stack([self.x_px, self.y_px], axis=-1))
        time_s = box.t0_s + (mm[:, 0] - box.box_mm[0]) / layout.mm_per_s
        return time_s, (box.baseline_mm - mm[:, 1]) / (layout.mm_per_mv * box.gain)


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
    facts: Mapping[str, Any] = field(default_factory=dict)

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

    def to_dict(self) -> dict[str, Any]:
        """Everything but the pixels and the signal, as plain JSON types."""
        width, height = self.page.size_px
        return {
            "source": Path(self.page.source).name,
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
    def from_dict(cls, data: Mapping[str, Any], page: Page, record: Record) -> Reading:
        """Rebuild from `to_dict`, with the picture and the signal that were saved beside it."""
        traces = tuple(
            Trace(t["lead"], _array(t["x_px"]), _array(t["y_px"]), _array(t["confidence"])) for t in data["traces"]
        )
        geometry, layout = PageGeometry.from_dict(data["geometry"]), Layout.from_dict(data["layout"])
        codes = data.get("codes", [UNCODED] * len(data["warnings"]))
        notes = tuple(Note(code, text) for code, text in zip(codes, data["warnings"], strict=True))
        known = {
            "source", "page_index", "size_px", "geometry", "layout", "confidence", "warnings", "codes", "traces",
        }  # fmt: skip
        facts = {key: value for key, value in data.items() if key not in known}
        return cls(record, page, geometry, layout, traces, notes, facts)

    def correct(self, lead: str, points_px: np.ndarray) -> Reading:
        """A new reading with a lead drawn anew between its first and last given point (x, y) in page px.

        NaN as a point's y hides the stretch around it. Raises ValueError where no box of the lead holds the points.
        """
        from ecg.correct import corrected

        return corrected(self, lead, points_px)

    def with_layout(
        self,
        layout: Template | str | None = None,
        *,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
    ) -> Reading:
        """A new reading of the same curves under another layout, speed or gain. Raises ValueError with words."""
        from ecg.correct import with_layout

        return with_layout(self, layout, mm_per_s, mm_per_mv)

    def overlay(self, path: str | Path) -> None:
        """Draw what was read over the page, for checking by eye; the picture's format goes by the suffix."""
        from ecg.formats import atomic_path
        from ecg.overlay import draw

        with atomic_path(path) as temporary:
            draw(self).save(temporary, compress_level=2)  # PNG: a fifth of the usual time, 2 % larger

    def save_json(self, path: str | Path) -> None:
        from ecg.formats import write_text

        write_text(path, json.dumps(self.to_dict(), indent=None, allow_nan=False))


def traces_to_record(
    traces: Sequence[Trace],
    geometry: PageGeometry,
    layout: Layout,
    fs_hz: float = FS_HZ,
    duration_s: float | None = None,
) -> Record:
    """Resample every trace to the page's time line: [12, duration * fs], NaN where nothing is printed.

    Where a lead stands twice the longer strip counts, so that no splice runs through it, and the other fills its gaps;
    "-aVR" is turned over.
    """
    from ecg.filters import sample_at

    duration_s = max(DURATION_S, layout.duration_s) if duration_s is None else duration_s
    times = np.arange(round(duration_s * fs_hz)) / fs_hz
    signal = np.full((len(STANDARD), times.size), np.nan, np.float32)
    order = sorted(range(len(traces)), key=lambda i: layout.boxes[i].t0_s - layout.boxes[i].t1_s)
    for i in order:
        box, trace = layout.boxes[i], traces[i]
        time_s, mv = trace.to_signal(geometry, layout, box)
        inside = (times >= box.t0_s - 1e-9) & (times < box.t1_s - 1e-9)
        values = np.full(times.size, np.nan)
        values[inside] = sample_at(time_s, mv, times[inside], max_gap_s=0.04)
        row = signal[STANDARD.index(box.lead.removeprefix("-"))]
        fill = np.isnan(row) & np.isfinite(values)
        row[fill] = -values[fill] if box.lead.startswith("-") else values[fill]
    return Record(signal, fs_hz, STANDARD)


def _plain(values: np.ndarray, digits: int = 2) -> list[float | None]:
    rounded = np.round(np.asarray(values, dtype=np.float64), digits)
    return np.where(np.isfinite(rounded), rounded, None).tolist()  # type: ignore[call-overload]


def _array(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
